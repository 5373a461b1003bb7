"""A module runs beside its graph: what following it could not show is found, neuron by neuron."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import nir
import numpy as np
import pytest
import torch
from torch import nn

import snnvae
from snnvae.errors import UnsupportedError
from snnvae.export import from_norse
from snnvae.export.norse import cells, linear
from snnvae.export.norse.rounding import Rounding
from snnvae.stimulus import Stimulus

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse


def box(threshold: Any = 0.3, **more: Any) -> norse.LIFBoxCell:
    return norse.LIFBoxCell(norse.LIFBoxParameters(v_th=torch.as_tensor(threshold), **more))


class Over(nn.Module):
    """A loop over time whose step t may differ: `cell(net, x, state, t)`."""

    def __init__(self, step: Callable[..., Any]) -> None:
        super().__init__()
        self.a, self.l = nn.Linear(6, 8), box()
        self.norms = nn.ModuleList(nn.BatchNorm1d(8) for _ in range(16))
        for t, norm in enumerate(self.norms):
            norm.running_mean.fill_(0.1 * (t > 9))
        self.step = step

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state, out = None, []
        for t, now in enumerate(x):
            z, state = self.step(self, now, state, t)
            out.append(z)
        return torch.stack(out)


LATER: dict[str, tuple[Callable[..., Any], str]] = {
    "windows": (
        lambda net, x, s, t: net.l(net.a(x), None if t % 4 == 0 else s),
        r"'l' \(LIFBoxCell\): starts anew in time step 5, after going on",
    ),
    "a schedule": (
        lambda net, x, s, t: net.l(net.a(x) * (1.0 if t < 5 else 3.0), s),
        "time step 6 does not compute as the first does, at 'scale'",
    ),
    "a norm for each step": (
        lambda net, x, s, t: net.l(net.norms[t](net.a(x)), s),
        "time step 11 does not compute as the first does, at 'a'",
    ),
    "a step left out": (
        lambda net, x, s, t: (net.a(x), s) if t == 6 else net.l(net.a(x), s),
        r"'l' \(LIFBoxCell\): goes on in time step 8 from time step 6",
    ),
    "another output": (
        lambda net, x, s, t: (lambda z, s: (z if t < 15 else -z, s))(*net.l(net.a(x), s)),
        "time step 16 does not compute as the first does, at (its output 'output'|'scale')",
    ),
}


@pytest.mark.parametrize(("step", "said"), LATER.values(), ids=LATER)
def test_a_step_that_differs_later_is_named(step: Any, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said):
        from_norse(Over(step), (6,), steps=16, over_time=True)


def test_what_differs_after_the_sample_does_not_matter(norse_net: Any) -> None:
    net = norse_net.seeded(Over(LATER["a schedule"][0]))
    assert list(from_norse(net, (6,), steps=5, over_time=True).nodes) == [
        "input",
        "a",
        "scale",
        "l",
        "output",
    ]


class Counts(nn.Module):
    """One step a call; the seventh is another, by a counter in a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.l = nn.Linear(6, 8), box()
        self.register_buffer("t", torch.zeros((), dtype=torch.long))

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        self.t += 1
        h = self.a(x)
        return self.l(h if self.t < 7 else 2 * h, state)


def test_a_counter_is_followed_and_stays_as_it_was() -> None:
    net = Counts()
    with pytest.raises(UnsupportedError, match="time step 7 does not compute as the first"):
        from_norse(net, (6,))
    assert net.t == 0
    from_norse(net, (6,), steps=6)
    assert net.t == 0


class Clock:
    """A user's own object that a module keeps."""

    def __init__(self) -> None:
        self.now, self.past = 0, [0]

    def tick(self) -> int:
        self.now += 1
        self.past.append(self.now)
        return self.now


def test_what_a_modules_objects_count_is_put_back() -> None:
    class Timed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.l, self.clock = nn.Linear(6, 8), box(), Clock()

        def forward(self, x: torch.Tensor, state: Any = None) -> Any:
            return self.l(self.a(x) * (1.0 if self.clock.tick() < 20 else 2.0), state)

    net = Timed()
    from_norse(net, (6,), steps=16)
    assert (net.clock.now, net.clock.past) == (0, [0])
    with pytest.raises(UnsupportedError, match="time step 20 does not compute as the first"):
        from_norse(net, (6,), steps=24)
    assert (net.clock.now, net.clock.past) == (0, [0])


def seeded_net() -> nn.Module:
    torch.manual_seed(0)
    return norse.SequentialState(
        nn.Linear(6, 8), nn.BatchNorm1d(8), box(0.05), nn.Linear(8, 4), box(0.02)
    )


def test_a_fold_that_is_wrong_is_found(monkeypatch: Any) -> None:
    """Whatever goes wrong in the export itself: here a norm's shift is lost."""
    net = seeded_net()
    net[1].running_mean.fill_(-0.8)
    right = linear.fold
    monkeypatch.setattr(linear, "fold", lambda node, a, b: right(node, a, 0 * b))
    with pytest.raises(UnsupportedError, match=r"in time step \d+, neuron \(\d,\) of '2' gives"):
        from_norse(net, (6,))


def test_a_cell_that_is_wrong_is_found(monkeypatch: Any) -> None:
    """A threshold off by a thousandth, in the second of two layers: named there, not behind it."""

    def off(cell: Any, shape: Any) -> Any:
        neurons = kind.neurons(cell, shape)
        if shape == (4,):
            neurons.node.v_threshold = neurons.node.v_threshold * 1.001
        return neurons

    kind = cells.CELLS["LIFBoxCell"]
    monkeypatch.setitem(cells.CELLS, "LIFBoxCell", replace(kind, neurons=off))
    with pytest.raises(UnsupportedError, match=r"of '4' gives 1 there and 0 here"):
        from_norse(seeded_net(), (6,), steps=250)


def test_a_readout_that_is_wrong_is_found(monkeypatch: Any) -> None:
    def off(cell: Any, shape: Any) -> Any:
        neurons = kind.neurons(cell, shape)
        neurons.node.tau_mem = neurons.node.tau_mem * (1 + 1e-9)
        return neurons

    kind = cells.CELLS["LICell"]
    monkeypatch.setitem(cells.CELLS, "LICell", replace(kind, neurons=off))
    with pytest.raises(UnsupportedError, match=r"neuron \(\d,\) of '1' gives"):
        from_norse(norse.SequentialState(nn.Linear(6, 4), norse.LICell()), (6,))


def on_the_threshold() -> nn.Module:
    """Membranes that meet 0.3 but for rounding: a tenth of whole numbers, added up."""
    p = norse.LIFBoxParameters(tau_mem_inv=100.0, v_th=0.3)
    net = norse.SequentialState(nn.Linear(6, 40, bias=False), norse.LIFBoxCell(p))
    net[0].weight.data = torch.randint(0, 4, (40, 6), generator=torch.manual_seed(0)).float()
    return net


def test_a_membrane_that_rounding_moves_is_no_difference(monkeypatch: Any) -> None:
    """The bound is what tells it: without one, the same module is refused."""
    from_norse(on_the_threshold(), (6,))
    monkeypatch.setattr(Rounding, "after_step", lambda *_: 0.0)
    with pytest.raises(UnsupportedError, match=r"of '1' gives (1|0) there and (0|1) here"):
        from_norse(on_the_threshold(), (6,))


def test_the_bound_is_as_small_as_rounding(monkeypatch: Any) -> None:
    seen: list[float] = []
    after_step = Rounding.after_step

    def watched(*args: Any) -> float:
        seen.append(after_step(*args))
        return seen[-1]

    monkeypatch.setattr(Rounding, "after_step", watched)
    from_norse(seeded_net(), (6,), steps=100)
    assert 0 < max(seen) < 1e-11


def test_a_forward_that_states_its_type_runs_in_it() -> None:
    class Single(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.l = nn.Linear(6, 8), box()

        def forward(self, x: torch.Tensor, state: Any = None) -> Any:
            return self.l(self.a(x.float()), state)

    assert "l" in from_norse(Single(), (6,)).nodes
    assert "l" in from_norse(Single().double().float(), (6,)).nodes


def test_random_numbers_and_modes_stay_as_they_were() -> None:
    net = norse.SequentialState(nn.Linear(6, 8), nn.Dropout(0.5), box()).train()
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    net(torch.ones(2, 6))[0].sum().backward()
    grad = net[0].weight.grad
    torch.set_rng_state(states[0])
    from_norse(net, (6,))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert (np.random.get_state()[1] == states[2]).all()
    assert net[0].weight.grad is grad
    assert net[0].weight.requires_grad
    assert all(module.training for module in net.modules())


def test_sums_and_means_over_time_are_last_membranes(norse_net: Any) -> None:
    class Readout(nn.Module):
        def __init__(self, kind: str) -> None:
            super().__init__()
            self.a, self.l, self.b, self.kind = nn.Linear(6, 8), box(), nn.Linear(8, 3), kind

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out = torch.zeros(x.shape[0], x.shape[1], 8, device=x.device, dtype=x.dtype)
            state = None
            for t in range(len(x)):
                out[t], state = self.l(self.a(x[t]), state)
            if self.kind == "linear":
                return self.b(out.mean(0))
            return {"sum": out.sum(0), "mean": out.mean(dim=0), "last": out[-1]}[self.kind]

    data = np.random.default_rng(0).random((4, 12, 6)) < 0.4
    for kind in ("sum", "mean", "linear"):
        net = norse_net.seeded(Readout(kind))
        graph = from_norse(net, (6,), steps=12, over_time=True)
        with torch.no_grad():
            x = torch.from_numpy(data.swapaxes(0, 1)).double()
            expected = net.double()(x).numpy()
        assert np.abs(expected).max() > 0.05
        program = snnvae.compile(graph)
        stimulus = Stimulus({"input": data}, tuple(range(len(data))))
        found = snnvae.run(program, stimulus, "reference").outputs["output"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    with pytest.raises(UnsupportedError, match="mean over a single time step"):
        from_norse(Readout("mean"), (6,), steps=1, over_time=True)
    assert list(from_norse(Readout("last"), (6,), over_time=True).nodes) == [
        "input",
        "a",
        "l",
        "output",
    ]


def test_the_maximum_of_spikes_over_time_is_whether_there_was_one(norse_net: Any) -> None:
    class Ever(Over):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x).max(0)[0]

    net = norse_net.seeded(Ever(lambda net, x, s, _: net.l(net.a(x), s)))
    graph = from_norse(net, (6,), steps=3, over_time=True)
    data = np.random.default_rng(0).random((9, 3, 6)) < 0.1
    with torch.no_grad():
        expected = net.double()(torch.from_numpy(data.swapaxes(0, 1)).double()).numpy()
    assert 0 < expected.mean() < 1
    program = snnvae.compile(graph)
    stimulus = Stimulus({"input": data}, tuple(range(9)))
    spikes = snnvae.run(program, stimulus, "reference").spikes[program.outputs["output"]]
    assert (spikes[:, -1] == expected).all()


def test_a_maximum_of_membranes_is_refused_with_its_reason() -> None:
    class Most(Over):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (2 * super().forward(x)).amax(0)

    with pytest.raises(
        UnsupportedError, match="takes a maximum, which no node of NIR keeps but of spikes"
    ):
        from_norse(Most(lambda net, x, s, _: net.l(net.a(x), s)), (6,), over_time=True)


def test_norses_image_models_are_exported() -> None:
    from norse.torch.models.conv import ConvNet
    from norse.torch.models.mobilenet import MobileNetV2
    from norse.torch.models.vgg import make_layers

    torch.manual_seed(0)
    graph = from_norse(ConvNet(feature_size=16), (1, 16, 16), steps=4, over_time=True)
    assert {"lif0", "lif1", "lif2", "out"} <= set(graph.nodes)
    mobile = MobileNetV2(10, 0.5, [[1, 8, 1, 1], [6, 8, 2, 2]])
    graph = from_norse(mobile, (3, 16, 16), steps=4, analog=True)
    assert sum(isinstance(node, nir.CubaLIF) for node in graph.nodes.values()) == 7
    graph = from_norse(make_layers([4, "M", 6, "M"], batch_norm=True), (3, 8, 8), steps=4)
    assert sum(isinstance(node, nir.CubaLIF) for node in graph.nodes.values()) == 2


class CountsOn(nn.Module):
    """One step a call; the twentieth is another, by a counter that `tick` moves on."""

    def __init__(self, start: Any, tick: Callable[[Any], int]) -> None:
        super().__init__()
        self.a, self.l, self.tick = nn.Linear(6, 8), box(), tick
        if isinstance(start, torch.Tensor):
            self.register_buffer("t", start)
        else:
            self.t = start

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        return self.l(self.a(x) * (1.0 if self.tick(self) < 20 else 2.0), state)


def in_attribute(net: Any) -> int:
    net.t += 1
    return int(net.t)


def in_list(net: Any) -> int:
    net.t[0] += 1
    return int(net.t[0])


def around(net: Any) -> int:
    net.t = (net.t + 1) % 5
    return int(net.t)


def until_three(net: Any) -> int:
    net.t = min(net.t + 1, 3)
    return int(net.t)


COUNTERS: dict[str, tuple[Callable[[], Any], Callable[[Any], int], str]] = {
    "a whole number": (lambda: 0, in_attribute, "'t'"),
    "a float": (lambda: 0.0, in_attribute, "'t'"),
    "a buffer": (lambda: torch.zeros(()), in_attribute, "'t'"),
    "an array": (lambda: np.zeros(()), in_attribute, "'t'"),
    "a list": (lambda: [0], in_list, r"'t\[0\]'"),
    "a dict": (lambda: {0: 0}, in_list, r"'t\[0\]'"),
    "a tensor in a list": (
        lambda: [torch.zeros((), dtype=torch.bfloat16)],
        in_list,
        r"'t\[0\]'",
    ),
    "an object": (Clock, lambda net: net.t.tick(), r"'t\.now'"),
}


@pytest.mark.parametrize(("start", "tick", "name"), COUNTERS.values(), ids=COUNTERS)
def test_who_counts_on_needs_a_number_of_steps(start: Any, tick: Any, name: str) -> None:
    net = CountsOn(start(), tick)
    with pytest.raises(UnsupportedError, match=f"{name} still changes after 16 .*pass `steps`"):
        from_norse(net, (6,))
    assert "l" in from_norse(net, (6,), steps=16).nodes
    with pytest.raises(UnsupportedError, match="time step 20 does not compute as the first"):
        from_norse(net, (6,), steps=24)


@pytest.mark.parametrize("tick", [around, until_three])
def test_what_comes_back_to_where_it_was_repeats(tick: Any) -> None:
    assert "l" in from_norse(CountsOn(0, tick), (6,)).nodes


def test_a_counter_that_starts_in_the_class_is_seen() -> None:
    class Starts(CountsOn):
        t = 0

        def __init__(self) -> None:
            super().__init__(0, in_attribute)
            del self.t

    with pytest.raises(UnsupportedError, match="'t' still changes after 16 time steps"):
        from_norse(Starts(), (6,))
