"""Synaptic operations in training: those that the deployed network is charged for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from snnvae.deploy.compile import compile_graph
from snnvae.errors import CheckpointError
from snnvae.evaluate.deployed import DeployedModel
from snnvae.families import registry
from snnvae.families.images.config import Config
from snnvae.families.images.fsvae import FSVAE, shift
from snnvae.families.images.vae import SpikingVAE
from snnvae.hardware_sim.counter import Counter
from snnvae.layers.model import Losses, SpikingModel
from snnvae.layers.spiking import SpikingLayer
from snnvae.layers.wiring import Cell, Delay, Link, Port, Wiring, layer
from snnvae.progress import NoProgress
from snnvae.train.build import build
from snnvae.train.costs import Costs, budget_of, next_multiplier, steps_at
from snnvae.train.family import Samples
from snnvae.train.fit import STATE, fit
from snnvae.train.operations import Meter
from snnvae.train.trace import time_first


@pytest.mark.parametrize("name", ["esvae", "fsvae", "conditional_esvae", "conditional_fsvae"])
def test_they_are_the_exact_counters(
    request: pytest.FixtureRequest, images: Callable[..., Tensor], name: str
) -> None:
    model: SpikingVAE = request.getfixturevalue(name)
    some, count = images(6), 6
    label = torch.arange(count) % 3 if model.config.conditional else None
    known = None if label is None else label.numpy()
    deployed = DeployedModel(model, "float").run(Samples({"image": some.numpy()}, known))
    counted = 0.0
    for graph, recording in deployed.parts.values():
        counts = Counter(compile_graph(graph, "float").program).count(recording)
        counted += sum(c.sop.mean() for c in counts.connections)
    net = model.folded().double().requires_grad_()
    meter, steps = Meter(net), model.config.steps
    latent = net.encoder.constant(some.double(), steps)
    recording = list(deployed.parts.values())[-1][1]
    z = time_first(recording.spikes["z"].reshape(count, steps, -1))
    if isinstance(net, FSVAE):
        net.posterior(torch.cat([latent, shift(z)], -1))
    net.decode(z, net.class_spikes(label))
    assert counted > 1000
    assert meter.operations().item() == pytest.approx(counted, rel=1e-12)


def test_they_pull_every_layer_that_fires(
    tiny: Callable[..., Config], images: Callable[..., Tensor]
) -> None:
    model = build(tiny("esvae"))
    assert isinstance(model, SpikingVAE)
    costs = Costs(model, tiny("esvae", spike_budget=1.0))
    total = model.loss(images(32), torch.Generator().manual_seed(0), 0.0).total
    loss, operations = costs(0 * total, 1.0)
    assert operations > 1
    loss.backward()
    for name, parameter in model.named_parameters():
        if name.endswith("norm.bias"):
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


class Chain(SpikingModel):
    """x → a → two steps later, and one more → b."""

    parts = ("net",)

    def __init__(self) -> None:
        super().__init__(Config("esvae", steps=4))
        self.a, self.b = (SpikingLayer(nn.Linear(3, n)) for n in (3, 5))

    def wiring(self, part: str) -> Wiring:
        shape = (3, 1, 1)
        a = layer("a", self.a, ("x",), shape)
        late = Cell("late", shape, Delay(2), (Link("", None, (a.name,)),))
        later = Cell("later", shape, Delay(1), (Link("", None, ("late",)),))
        b = layer("b", self.b, ("later",), (5, 1, 1))
        return Wiring((Port("x", shape),), (a, late, later, b), b.name)

    def forward(self, batch: object, generator: object, done: float) -> Losses:
        raise AssertionError


def test_spikes_behind_delays_are_counted_where_they_arrive() -> None:
    """Four steps of three neurons, of which one step passes both delays, to five neurons."""
    model = Chain()
    meter = Meter(model)
    assert model.a.tally is not None
    model.a.tally(torch.ones(4, 1, 3))
    assert meter.operations().item() == 3 * 5


def test_counting_changes_no_loss(
    tiny: Callable[..., Config], images: Callable[..., Tensor]
) -> None:
    """Spikes of the last layer are then kept, and summed over time outside the kernel."""
    plain, counted = build(tiny("esvae")), build(tiny("esvae"))
    assert isinstance(counted, SpikingVAE)
    Meter(counted)
    losses = [
        m.loss(images(8), torch.Generator().manual_seed(0), 0.0).total for m in (plain, counted)
    ]
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-6, atol=0)


def test_training_settles_at_its_budget(tiny: Callable[..., Config], tmp_path: Path) -> None:
    config = tiny("esvae", batch=50, epochs=12, lr=2e-2, steps=4)
    free = fit(config.changed(epochs=4, spike_budget=1e9), tmp_path / "free")
    used = last(tmp_path / "free")["operations"]
    budget = round(used * 0.5)
    fit(config.changed(spike_budget=float(budget)), tmp_path / "kept", source=free)
    assert used > 1000
    assert last(tmp_path / "kept")["operations"] < 1.15 * budget


def last(folder: Path) -> dict[str, float]:
    record: dict[str, float] = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    return record


class Stopping(NoProgress):
    """Ctrl-C within the third epoch of three steps each."""

    seen = 0

    def advance(self, n: int = 1, **_: float | str) -> None:
        self.seen += n
        if self.seen == 7:
            raise KeyboardInterrupt


def test_a_budget_resumes_bit_for_bit(tiny: Callable[..., Config], tmp_path: Path) -> None:
    config = tiny("esvae", epochs=4, steps=2, anneal=(4,), spike_budget=500.0, unit_penalty=0.1)
    whole = fit(config, tmp_path / "a")
    with pytest.raises(KeyboardInterrupt):
        fit(config, tmp_path / "b", Stopping())
    again = fit(config, tmp_path / "b", resume=True)
    assert whole is not None
    assert again is not None
    a, b = (registry.load(path)[1].state_dict() for path in (whole, again))
    assert all(torch.equal(value, b[name]) for name, value in a.items())


def test_t_is_annealed_in_equal_parts_and_the_budget_with_it(
    tiny: Callable[..., Config],
) -> None:
    config = tiny("esvae", steps=2, anneal=(8, 4), epochs=9, spike_budget=100.0)
    assert [steps_at(config, epoch) for epoch in range(9)] == [8, 8, 8, 4, 4, 4, 2, 2, 2]
    assert steps_at(config, 12) == 2
    assert [budget_of(config, t) for t in (8, 4, 2)] == [400, 200, 100]
    assert [steps_at(tiny("esvae", steps=7), e) for e in (0, 5)] == [7, 7]


def test_the_multiplier_rises_above_the_budget_and_falls_to_nothing_below_it() -> None:
    assert next_multiplier(0.1, 200, 100) > 0.1 > next_multiplier(0.1, 50, 100)
    assert next_multiplier(0.0, 50, 100) == 0


def test_the_best_by_validation_is_of_the_last_t_and_within_the_budget(
    tiny: Callable[..., Config], tmp_path: Path
) -> None:
    """Epochs at a larger T, or beyond the budget, reconstruct better and are not to be kept."""
    config = tiny("esvae", steps=2, anneal=(8,), epochs=4, batch=100, validation=0.1, lr=1e-2)
    path = fit(config, tmp_path / "a")
    assert path is not None
    assert path.is_file()
    records = [json.loads(x) for x in (tmp_path / "a" / "metrics.jsonl").read_text().splitlines()]
    kept = torch.load(tmp_path / "a" / STATE, weights_only=True)["position"]
    assert kept["best"] == min(r["validation_mse"] for r in records[2:])
    tight = config.changed(spike_budget=1.0)
    fit(tight, tmp_path / "b")
    kept = torch.load(tmp_path / "b" / STATE, weights_only=True)["position"]
    assert kept["best"] == float("inf")
    assert (tmp_path / "b" / "model.pt").is_file()


def test_another_source_is_not_resumed(tiny: Callable[..., Config], tmp_path: Path) -> None:
    config = tiny("esvae")
    one, other = (fit(config.changed(seed=s), tmp_path / str(s)) for s in (1, 2))
    fit(config, tmp_path / "a", source=one)
    fit(config, tmp_path / "a", source=one, resume=True)
    fit(config, tmp_path / "a", resume=True)
    with pytest.raises(CheckpointError, match="started from another checkpoint"):
        fit(config, tmp_path / "a", source=other, resume=True)
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        fit(config, tmp_path / "a", source=tmp_path / "none.pt", resume=True)
