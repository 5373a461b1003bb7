"""The sampler: its loss is its wiring, spike for spike, and its draws are what the loss says."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import expit

from snnvae.deploy.compile import compile_graph
from snnvae.draws.evidence import Variable, evidence_spikes
from snnvae.draws.patterns import Patterns
from snnvae.errors import ConfigError, DataError
from snnvae.families.tables.ann_ear import AnnEAR
from snnvae.families.tables.border import auc
from snnvae.families.tables.config import Config, stated
from snnvae.families.tables.ear import EAR
from snnvae.families.tables.evaluate import _of_ann
from snnvae.families.tables.sampler import Sampler, chain
from snnvae.families.tables.turns import Turns, masks
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.layers.activity import activity
from snnvae.train.build import build
from snnvae.train.operations import Meter
from snnvae.train.run_part import Stage
from snnvae.train.to_nir import to_nir

VARIABLES = (
    Variable("a", ("x", "y")),
    Variable("b", ("0", "1", "2", "3")),
    Variable("c", ("no", "yes", "?!")),
)
COUNTS = (2, 4, 3)


def config_of(model: str = "ear", **changes: object) -> Config:
    own = {"stack": (9, 7), "variables": [stated(v) for v in VARIABLES]}
    return Config.default(model, **{**own, **changes})


def model_of(**changes: object) -> EAR:
    """A model that a few steps have moved, so that nothing about it is as it began."""
    model = build(config_of(**changes))
    coin = torch.Generator().manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(30):
        rows, known = some_rows(coin, 60)
        model.train()((rows, known), coin, 0.0).total.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


def some_rows(coin: torch.Generator, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.stack([torch.randint(k, (count,), generator=coin) for k in COUNTS], 1)
    return rows, masks(rows.shape, coin)


def evidence_of(rows: torch.Tensor, known: torch.Tensor) -> np.ndarray:
    return rows.where(known, -1).numpy()


@pytest.fixture(scope="module")
def model() -> EAR:
    return model_of()


@pytest.mark.parametrize("pace", [1, 3])
def test_the_loss_is_the_wiring_spike_for_spike(pace: int) -> None:
    folded = model_of(pace=pace).folded().double()
    evidence = evidence_of(*some_rows(torch.Generator().manual_seed(1), 40))
    stage = Stage(folded, "sampler")
    spikes = evidence_spikes(evidence, COUNTS, stage.steps)[..., None, None]
    stimulus = build_stimulus(stage, range(40), seed=3, data={"evidence": spikes})
    found = stage.run(stimulus).spikes
    value = found["value"][-1].flatten(1)
    parts = value.split(COUNTS, 1)
    assert all((part.sum(1) == 1).all() for part in parts)
    rows = torch.stack([part.argmax(1) for part in parts], 1)
    known = torch.from_numpy(evidence >= 0)
    assert (rows.numpy() == evidence)[evidence >= 0].all()
    assert 0 < known.float().mean() < 1
    with torch.no_grad():
        forced = folded.spikes(rows, known)
    assert 0.02 < forced.mean() < 0.98
    torch.testing.assert_close(forced, found["hidden.1.lif"].flatten(2), rtol=0, atol=0)


def realised(model: EAR, rows: torch.Tensor, known: torch.Tensor) -> np.ndarray:
    """p(x_i | what is shown) (N, B) by the numbers of the noise, of a model in float."""
    with torch.no_grad():
        u = model.folded().double().turn_currents(rows, known)
    found = np.ones((3, len(rows)))
    for i, count in enumerate(COUNTS):
        for q, value in enumerate(rows[:, i].tolist()):
            for k in range(min(value + 1, count - 1)):
                fires = expit(u[k][model.turns.stages[k].index(i), q].item())
                found[i, q] *= fires if k == value else 1 - fires
    return found


def test_draws_come_out_as_often_as_the_loss_says(model: EAR) -> None:
    """All 24 rows: by the loss, value after value, and by their shares among 20,000 draws."""
    sampler = Sampler(compile_graph(to_nir(model)).program, seed=1)
    every = torch.tensor(list(np.ndindex(*COUNTS)))
    p = realised(model, every, torch.zeros_like(every, dtype=torch.bool)).prod(0)
    assert p.sum() == pytest.approx(1)
    n = 20_000
    parts = np.split(sampler.rows(np.full((n, 3), -1)), np.cumsum(COUNTS)[:-1], 1)
    codes = np.ravel_multi_index([part.argmax(1) for part in parts], COUNTS)
    shares = np.bincount(codes, minlength=len(every)) / n
    assert (np.abs(shares - p) < 5 * np.sqrt(p * (1 - p) / n) + 1e-9).all()


def test_a_chain_of_conditionals_is_a_probability_of_rows(model: EAR) -> None:
    sampler = Sampler(compile_graph(to_nir(model), "fixed").program)
    every = np.array(list(np.ndindex(*COUNTS)))
    p, each = np.ones(len(every)), np.arange(len(every))
    for i, (evidence, variable) in enumerate(chain(every)):
        assert (evidence[:, i:] == -1).all()
        p *= sampler.conditionals(evidence, variable)[each, every[:, i]]
    assert p.sum() == pytest.approx(1)


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_conditionals_are_those_of_the_levels(model: EAR, precision: str) -> None:
    sampler = Sampler(compile_graph(to_nir(model), precision).program)
    rows, _ = some_rows(torch.Generator().manual_seed(2), 30)
    variable = np.arange(30) % 3
    evidence = rows.numpy().copy()
    evidence[np.arange(30), variable] = -1
    found = sampler.conditionals(evidence, variable)
    expected = np.zeros_like(found)
    for value in range(4):
        asked = torch.from_numpy(evidence.copy())
        has = np.array(COUNTS)[variable] > value
        asked[np.flatnonzero(has), variable[has]] = value
        p = realised(model, asked.clamp(min=0), torch.from_numpy(evidence >= 0))
        expected[:, value] = np.where(has, p[variable, np.arange(30)], 0)
    np.testing.assert_allclose(found, expected, atol=1e-9 if precision == "float" else 0.2)
    assert np.abs(found - expected).mean() < 0.03


def test_the_loss_is_the_likelihood_of_stick_breaking() -> None:
    turns = Turns((2, 3))
    u = [torch.tensor([[0.3], [-1.0]]), torch.tensor([[0.7]])]
    s = torch.sigmoid(torch.tensor([0.3, -1.0, 0.7])).tolist()
    wanted = [[s[0], s[1]], [1 - s[0], (1 - s[1]) * s[2]], [s[0], (1 - s[1]) * (1 - s[2])]]
    for row, p in zip([[0, 0], [1, 1], [0, 2]], wanted):
        found = turns.log_likelihood(u, torch.tensor([row])).exp()[:, 0]
        assert found.tolist() == pytest.approx(p)
    assert turns.log_likelihood(u, torch.tensor([[-1, -1]])).tolist() == [[0], [0]]


def test_missing_values_are_neither_asked_for_nor_shown(model: EAR) -> None:
    rows, known = some_rows(torch.Generator().manual_seed(4), 20)
    rows[:, 1] = -1
    known &= rows >= 0
    shown = model.turns.shown(rows, known)
    assert shown[:, :, 2:6].sum() == 0
    model.eval()

    def loss(moved: int | None = None) -> float:
        """With the currents of a variable's noise neurons moved."""
        changed = copy.deepcopy(model)
        with torch.no_grad():
            for current, stage in zip(changed.currents, changed.turns.stages):
                if moved in stage:
                    current.bias[list(stage).index(moved)] += 1.0
        found: float = changed((rows, known), torch.Generator(), 0.0).total.item()
        return found

    assert np.isfinite(loss())
    assert loss(moved=1) == loss()
    assert loss(moved=0) != loss() != loss(moved=2)


def test_draws_in_parts_are_those_of_a_whole(model: EAR, monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = Sampler(compile_graph(to_nir(model)).program, seed=1)
    evidence = np.array([[-1, -1, -1], [0, -1, -1], [-1, 2, -1]])
    whole = sampler.counts(evidence, 50)
    assert (whole.sum(1) == 50 * 3).all()
    monkeypatch.setattr(Sampler, "_at_once", lambda _: 7)
    np.testing.assert_array_equal(sampler.counts(evidence, 50), whole)


def test_without_a_border_there_is_no_figure_of_it() -> None:
    everything = ~np.eye(3, dtype=bool)
    for truth in (everything, ~everything & False):
        with pytest.raises(DataError, match="there is no border to tell"):
            auc(np.zeros((3, 3)), truth)


def test_operations_are_those_of_the_deployed_network() -> None:
    """A budget counts hidden spikes, evidence, clock and values as the emulator does."""
    net = model_of()
    program = compile_graph(to_nir(net)).program
    meter = Meter(net)
    rows, _ = some_rows(torch.Generator().manual_seed(5), 30)
    known = torch.ones_like(rows, dtype=torch.bool)
    net((rows, known), torch.Generator(), 0.0)
    shown = meter._spikes
    sampler = Sampler(program)
    spikes = sampler._run(rows.numpy(), range(30), {})
    for ours, theirs in (("evidence", "evidence"), ("clock", "clock"), ("value", "value")):
        deployed = spikes[theirs].reshape(30, 4, -1).sum((0, 1)) / 30
        np.testing.assert_allclose(shown[ours].numpy().ravel(), deployed, rtol=1e-6)
    assert shown["pick"].sum() == 0
    assert meter.operations() > 0


def test_the_adversary_is_in_training_alone(model: EAR) -> None:
    with_it = model_of(adversary=0.3)
    rows, known = some_rows(torch.Generator().manual_seed(6), 50)
    losses = with_it.train()((rows, known), torch.Generator().manual_seed(0), 0.0)
    assert losses.prior.item() == pytest.approx(np.log(2), abs=0.4)
    assert losses.total.item() == pytest.approx((losses.reconstruction + 0.3 * losses.prior).item())
    losses.prior.backward()
    assert with_it.adversary is not None
    assert all(p.grad.abs().sum() > 0 for p in with_it.adversary.parameters())
    assert with_it.currents[0].weight.grad.abs().sum() > 0
    names = set(to_nir(with_it.eval()).nodes)
    assert names == set(to_nir(model).nodes)


def test_currents_beyond_the_noise_are_pulled_back(model: EAR) -> None:
    far = copy.deepcopy(model)
    batch = some_rows(torch.Generator().manual_seed(7), 50)
    coin = torch.Generator()
    near = far(batch, coin, 0.0)
    assert near.total == near.reconstruction
    with torch.no_grad():
        far.currents[0].bias += 20
    lost = far(batch, coin, 0.0)
    assert lost.total > lost.reconstruction + 50


def test_the_ann_draws_what_its_conditionals_say() -> None:
    ann = build(config_of("ann-ear"))
    assert isinstance(ann, AnnEAR)
    coin = torch.Generator().manual_seed(0)
    ann.train()(some_rows(coin, 60), coin, 0.0)
    ann.eval()
    row = torch.tensor([[1, -1, 2]])
    drawn = ann.drawn(row.repeat(8000, 1), coin)
    assert (drawn[:, [0, 2]] == row[:, [0, 2]]).all()
    shares = np.bincount(drawn[:, 1].numpy(), minlength=4) / 8000
    p = _of_ann(ann)(row.numpy(), np.array([1]))[0]
    assert p.sum() == pytest.approx(1)
    np.testing.assert_allclose(shares, p, atol=0.03)


def test_settings_that_cannot_be() -> None:
    assert config_of(pace=4).steps == 13
    for changes, said in (
        ({"steps": 5}, "which take 4: leave out steps"),
        ({"stack": ()}, r"stack \(\) must be"),
        ({"variables": []}, "no variables"),
        ({"variables": ["[1, 2]"] * 2}, "must be JSON: a name and two or more values"),
        ({"variables": [stated(VARIABLES[0])] * 2}, "two variables have the same name"),
        ({"pace": 0}, "pace must be a whole number from 1"),
        ({"batch": 1}, "batch must be at least 2"),
    ):
        with pytest.raises(ConfigError, match=said):
            config_of(**changes)


def test_a_program_that_names_no_variables_is_no_sampler() -> None:
    from snnvae import zoo
    from snnvae.export.nir_file import read_nir

    with pytest.raises(DataError, match="draws no rows of variables under evidence"):
        Sampler(compile_graph(read_nir(zoo.path("digits-fsvae"))).program)


def test_a_damaged_sampler_is_no_sampler(model: EAR) -> None:
    program = compile_graph(to_nir(model)).program
    first, *others = [d for d in program.draws if isinstance(d, Patterns)]
    for changes in (
        {"outputs": {**program.outputs, "other": "pick"}},
        {"outputs": {}},
        {"outputs": {"output": "noise.0"}},
        {"draws": tuple(d for d in program.draws if d is not first)},
    ):
        with pytest.raises(DataError, match="draws no rows of variables under evidence"):
            Sampler(replace(program, **changes))
    assert len(others) == 2


def test_a_wiring_is_run_by_norse_alike(model: EAR) -> None:
    folded = model.folded().double()
    stage = Stage(folded, "sampler")
    stimulus = build_stimulus(stage, range(5), seed=2)
    streams = {
        name: torch.from_numpy(np.swapaxes(s, 0, 1).copy()).double()
        for name, s in stimulus.streams.items()
    }
    ours, norse = (activity(stage.wiring, streams, by_norse=b).spikes for b in (False, True))
    assert all(torch.equal(ours[name], norse[name]) for name in ours)
    with pytest.raises(KeyError):
        model.wiring("decoder")
