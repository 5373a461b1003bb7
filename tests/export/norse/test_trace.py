"""Modules with a forward() of their own: what it does is found, or refused by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import nir
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from snnvae.errors import ConfigError, GraphError, UnsupportedError
from snnvae.export import from_norse

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse

Forward = Callable[..., Any]


def lif(threshold: float = 0.3) -> norse.LIFCell:
    return norse.LIFCell(norse.LIFParameters(v_th=torch.as_tensor(threshold)))


class Net(nn.Module):
    """Layers a, b, c with cells la, lb, lc on 5 neurons, and a forward() given from outside."""

    def __init__(self, forward: Forward, **more: nn.Module) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 5), nn.Linear(5, 5), nn.Linear(5, 5)
        self.la, self.lb, self.lc = lif(), lif(0.5), lif(0.8)
        for name, module in more.items():
            self.add_module(name, module)
        self.gain = nn.Parameter(torch.linspace(0.5, 1.5, 5))
        self.register_buffer("mask", torch.ones(5))
        self.run = forward

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        return self.run(self, x, state or [None] * 3)


def skip(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x), s[0])
    y, s1 = net.lb(net.b(z), s[1])
    out, s2 = net.lc(net.c(z + y) + z, s[2])
    return out, [s0, s1, s2]


def functional(net: Net, x: torch.Tensor, s: Any) -> Any:
    """Weights computed from parameters; asking for shapes; what changes no value."""
    batch = x.shape[0]
    assert x.ndim == 2
    h = F.linear(x.view(batch, -1), net.a.weight * net.gain[:, None], net.a.bias)
    z, s0 = net.la(F.dropout(h, 0.5, training=net.training).clone().contiguous(), s[0])
    return z.reshape(len(x), 5), [s0, None, None]


STEPWISE: dict[str, Forward] = {"a skip connection": skip, "functional": functional}


@pytest.mark.parametrize("forward", STEPWISE.values(), ids=STEPWISE)
def test_a_forward_of_its_own_fires_as_in_norse(norse_net: Any, forward: Forward) -> None:
    norse_net.assert_fires(norse_net.seeded(Net(forward)), (6,))


class Branches(nn.Module):
    """Every way to add and multiply."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 5), nn.Linear(5, 5)
        self.la, self.lb, self.lc = lif(), lif(0.5), lif(0.8)
        self.gain = nn.Parameter(torch.linspace(0.5, 1.5, 5))

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        s0, s1, s2 = (None,) * 3 if state is None else state
        h = self.a(x)
        z, s0 = self.la(h, s0)
        y, s1 = self.lb(h - 0.5 * self.b(z) - (-z), s1)
        current = self.b(y)
        current += z * self.gain
        current = current + y / 2 + torch.add(z, y, alpha=0.25) + sum([z, z, y])
        out, s2 = self.lc(current, s2)
        return out, (s0, s1, s2)


def test_branches_sums_and_multiples_fire_as_in_norse(norse_net: Any) -> None:
    graph = norse_net.assert_fires(norse_net.seeded(Branches()), (6,))
    kinds = [type(node).__name__ for node in graph.nodes.values()]
    assert "Scale" in kinds
    assert kinds.count("Affine") == 3


class Twice(nn.Module):
    """One layer and one cell in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.cell = nn.Linear(6, 6), lif(0.2)

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        first, second = state or (None, None)
        z, first = self.cell(self.layer(x), first)
        y, second = self.cell(self.layer(z), second)
        return y, (first, second)


def test_what_is_used_twice_stands_twice(norse_net: Any) -> None:
    net = norse_net.seeded(Twice())
    graph = from_norse(net, (6,))
    assert list(graph.nodes) == ["input", "layer", "cell", "layer_2", "cell_2", "output"]
    data = np.random.default_rng(0).random((4, 40, 6)) < 0.4
    _, expected = norse_net.by_norse(net, data, over_time=False)
    assert 0.05 < expected.mean() < 0.95
    assert (norse_net.interpreter(graph).run(data)["output"] != expected).sum() == 0


class Residual(nn.Module):
    """A block with a norm on each way, as in a ResNet."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4)
        self.cell, self.last = lif(), lif(0.8)
        self.more = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4))
        self.short = nn.Sequential(nn.Conv2d(2, 4, 1, 2), nn.BatchNorm2d(4), nn.Dropout(0.1))

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        state = state if state is not None else {}
        z, first = self.cell(self.norm(self.conv(x)), state.get("cell"))
        out = self.more(z)
        out += self.short(x)
        out, last = self.last(out, state.get("last"))
        return out.flatten(1), {"cell": first, "last": last}


def test_a_residual_block_fires_as_in_norse(norse_net: Any) -> None:
    graph = norse_net.assert_fires(norse_net.seeded(Residual()), (2, 6, 6))
    assert set(graph.edges) >= {("more.0", "last"), ("short.0", "last"), ("input", "short.0")}
    assert graph.nodes["output"].output_type["output"].tolist() == [36]


def test_weights_before_a_norm_serve_others_as_they_are(norse_net: Any) -> None:
    class Both(Residual):
        def forward(self, x: torch.Tensor, state: Any = None) -> Any:
            first, last = state or (None, None)
            h = self.conv(x)
            z, first = self.cell(self.norm(h), first)
            out, last = self.last(h + z, last)
            return out, (first, last)

    graph = norse_net.assert_fires(norse_net.seeded(Both()), (2, 6, 6))
    assert (graph.nodes["conv"].weight != graph.nodes["conv_2"].weight).any()


class Joined(nn.Module):
    """Channels side by side, on the way up again."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.cell = nn.Conv2d(2, 3, 2, stride=2), lif()
        self.up, self.last = nn.Upsample(scale_factor=2), lif(0.5)
        self.merge = nn.Conv2d(5, 2, 3, padding=1)
        self.matrix = nn.Parameter(torch.rand(72, 5) - 0.4)
        self.end = lif()

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        s0, s1, s2 = state or (None,) * 3
        z, s0 = self.cell(self.conv(x), s0)
        y, s1 = self.last(self.merge(torch.cat((x, self.up(z)), dim=1)), s1)
        out, s2 = self.end(y.flatten(1) @ self.matrix, s2)
        return torch.cat([out, y.flatten(1)], -1), (s0, s1, s2)


def test_values_side_by_side_fire_as_in_norse(norse_net: Any) -> None:
    norse_net.assert_fires(norse_net.seeded(Joined()), (2, 6, 6))


class LoopOverTime(nn.Module):
    """forward() takes (time, batch, …) and walks through it."""

    def __init__(self, walk: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.conv, self.cell = nn.Conv2d(1, 3, 3), lif()
        self.out, self.readout = nn.Linear(48, 4), norse.LICell()
        self.walk = walk

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        s = t = None
        outputs = []
        for step in self.walk(x):
            z, s = self.cell(self.conv(step), s)
            v, t = self.readout(self.out(torch.flatten(z, 1)), t)
            outputs.append(v)
        return torch.stack(outputs)


WALKS: dict[str, Callable[[torch.Tensor], Any]] = {
    "by index": lambda x: (x[t] for t in range(x.shape[0])),
    "by index, all axes": lambda x: (x[t, :, :, :] for t in range(len(x))),
    "by iteration": iter,
    "unbound": lambda x: x.unbind(0),
}


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
def test_a_loop_over_time_is_one_step(norse_net: Any, walk: Any) -> None:
    net = norse_net.seeded(LoopOverTime(walk))
    graph = norse_net.assert_fires(net, (1, 6, 6), over_time=True)
    assert list(graph.nodes) == ["input", "conv", "cell", "flatten", "out", "readout", "output"]


class TimeIntoBatch(nn.Module):
    """A convolution over all time steps at once."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.cell = nn.Conv2d(1, 3, 3), norse.LIF(lif().p)

    def forward(self, x: torch.Tensor) -> Any:
        time, batch = x.shape[:2]
        h = self.conv(x.flatten(0, 1))
        z, _ = self.cell(h.reshape(time, batch, *h.shape[1:]))
        return z.flatten(2)


def test_time_may_pass_through_the_batch(norse_net: Any) -> None:
    norse_net.assert_fires(norse_net.seeded(TimeIntoBatch()), (1, 6, 6), over_time=True)


def test_every_value_that_comes_out_is_an_output() -> None:
    def both(net: Net, x: torch.Tensor, s: Any) -> Any:
        z, s0 = net.la(net.a(x), s[0])
        y, s1 = net.lb(net.b(z), s[1])
        return (y, z), [s0, s1, None]

    graph = from_norse(Net(both), (6,))
    assert {edge for edge in graph.edges if "output" in edge[1]} == {
        ("lb", "output"),
        ("la", "output_2"),
    }


def test_what_no_output_needs_is_left_out() -> None:
    def unused(net: Net, x: torch.Tensor, s: Any) -> Any:
        z, s0 = net.la(net.a(x), s[0])
        _, s1 = net.lb(net.b(z), s[1])
        return z, [s0, s1, None]

    assert list(from_norse(Net(unused), (6,)).nodes) == ["input", "a", "la", "output"]


def test_a_tensor_tells_the_shape() -> None:
    plain = norse.SequentialState(nn.Linear(6, 4), lif())
    assert from_norse(plain, torch.zeros(7, 6)).nodes["input"].output_type["output"].tolist() == [6]
    timed = norse.SequentialState(nn.Linear(6, 4), norse.LIF())
    given = torch.zeros(9, 7, 6)
    assert from_norse(timed, given).nodes["input"].output_type["output"].tolist() == [6]
    with pytest.raises(ConfigError, match=r"an input of shape \(0,\)"):
        from_norse(plain, (0,))


def test_the_module_stays_as_it_is() -> None:
    class Keeps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.norm, self.cell = nn.Linear(6, 5), nn.BatchNorm1d(5), lif()
            self.state = None

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            z, self.state = self.cell(self.norm(self.layer(x)), self.state)
            return z

    net = Keeps().train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    graph = from_norse(net, (6,))
    assert list(graph.nodes) == ["input", "layer", "cell", "output"]
    assert net.state is None
    assert all(module.training for module in net.modules())
    assert not any("forward" in vars(module) for module in net.modules())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    with pytest.raises(GraphError):
        from_norse(net, (7,))
    assert not any("forward" in vars(module) for module in net.modules())


def stateless(net: Net, x: torch.Tensor, s: Any) -> Any:
    return net.la(net.a(x))[0], s


def reads_state(net: Net, x: torch.Tensor, s: Any) -> Any:
    _, s0 = net.la(net.a(x), s[0])
    return s0.v, [s0, None, None]


def swaps_states(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x), s[1])
    y, s1 = net.lb(net.b(z), s[0])
    return y, [s0, s1, None]


def own_state(net: Net, x: torch.Tensor, s: Any) -> Any:
    start = norse.LIFFeedForwardState(v=torch.full((5,), 0.1), i=torch.zeros(5))
    z, s0 = net.la(net.a(x), s[0] or start)
    return z, [s0, None, None]


def remembers_spikes(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x) + (0 if s[1] is None else net.b(s[1])), s[0])
    return z, [s0, z, None]


def inner_steps(net: Net, x: torch.Tensor, s: Any) -> Any:
    s0 = s[0]
    for _ in range(3):
        z, s0 = net.la(net.a(x), s0)
    return z, [s0, None, None]


def first_step_differs(net: Net, x: torch.Tensor, s: Any) -> Any:
    layer = net.a if s[0] is None else nn.Sequential(net.a, net.b)
    z, s0 = net.la(layer(x), s[0])
    return z, [s0, None, None]


def constant(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x) + net.gain, s[0])
    return z, [s0, None, None]


def masked(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x) * net.mask, s[0])
    return z, [s0, None, None]


def product(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x), s[0])
    return z * z, [s0, None, None]


def changes_spikes(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x), s[0])
    z += net.b(z)
    return z, [s0, None, None]


def to_numpy(net: Net, x: torch.Tensor, s: Any) -> Any:
    return net.la(torch.from_numpy(net.a(x).numpy()), s[0])


def decides(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x), s[0])
    return (z if (z > 0).any() else net.b(z)), [s0, None, None]


def drops(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(F.dropout(net.a(x)), s[0])
    return z, [s0, None, None]


def picks(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x)[:, 3], s[0])
    return z, [s0, None, None]


def rounds(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x).to(torch.float16), s[0])
    return z, [s0, None, None]


def nothing(net: Net, x: torch.Tensor, s: Any) -> Any:
    return torch.zeros(3), s


def broadcasts(net: Net, x: torch.Tensor, s: Any) -> Any:
    z, s0 = net.la(net.a(x) + net.b(net.a(x)).unsqueeze(1), s[0])
    return z, [s0, None, None]


REFUSED: dict[str, tuple[Forward, str]] = {
    "a state that is dropped": (stateless, r"module 'la' \(LIFCell\): starts anew at every step"),
    "a state that is read": (reads_state, "computes with the state of 'la'"),
    "states that are exchanged": (swaps_states, "module 'la'.*is given the state of another cell"),
    "a start of its own": (own_state, "module 'la'.*starts from a state of the network's own"),
    "a memory of its own": (remembers_spikes, "hands a value to the next step.*LIFRecurrentCell"),
    "steps within a step": (inner_steps, "module 'la'.*a state of the same time step"),
    "steps that differ": (first_step_differs, "does not compute as the first does, at 'la'"),
    "a constant": (constant, r"module 'net' \(Net\): adds a constant"),
    "a mask": (masked, "multiplies by a tensor that is not a parameter"),
    "a product": (product, "multiplies two values"),
    "spikes that change": (changes_spikes, "changes a value in place that others hold"),
    "a way through NumPy": (to_numpy, "numpy has no exact form"),
    "a decision": (decides, "gt.* has no exact form"),
    "dropout in evaluation": (drops, "drops at random even in evaluation"),
    "an index": (picks, "picks a part of a value"),
    "half precision": (rounds, "torch.float16, which rounds it"),
    "no output": (nothing, "the output does not come from the input"),
    "a sum of two shapes": (broadcasts, r"adds \(5,\) and \(1, 5\)"),
}


@pytest.mark.parametrize(("forward", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_followed_is_refused(forward: Forward, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message) as error:
        from_norse(Net(forward), (6,))
    assert "\n" not in str(error.value)


def test_a_start_that_is_norses_own_is_known(norse_net: Any) -> None:
    class Starts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.cell = nn.Linear(6, 5), lif()

        def forward(self, x: torch.Tensor, state: Any = None) -> Any:
            h = self.layer(x)
            return self.cell(h, state if state is not None else self.cell.initial_state(h))

    norse_net.assert_fires(norse_net.seeded(Starts()), (6,))


def test_a_module_over_time_needs_time() -> None:
    inner = norse.SequentialState(nn.Linear(6, 4), lif())
    with pytest.raises(UnsupportedError, match=r"'1'.*gets all; put it into Lift"):
        from_norse(inner, (6,), over_time=True)
    timed = norse.SequentialState(nn.Linear(6, 4), norse.LIF())
    with pytest.raises(UnsupportedError, match=r"'1'.*gets one step; use its …Cell form"):
        from_norse(timed, (6,), over_time=False)
    with pytest.raises(UnsupportedError, match=r"'0' \(Conv2d\).*put it into Lift"):
        from_norse(norse.SequentialState(nn.Conv2d(1, 2, 3), norse.LIF()), (1, 6, 6))
    with pytest.raises(UnsupportedError, match=r"if forward\(\) takes \(time, batch, …\)"):
        from_norse(LoopOverTime(WALKS["by index"]), (1, 6, 6))
    fixed = LoopOverTime(lambda x: (x[t] for t in range(16)))
    with pytest.raises(UnsupportedError, match=r"reads time step 12.*range\(x\.shape\[0\]\)"):
        from_norse(fixed, (1, 6, 6), steps=12, over_time=True)
    with pytest.raises(UnsupportedError, match=r"stops after 16 of 20.*range\(x\.shape\[0\]\)"):
        from_norse(fixed, (1, 6, 6), steps=20, over_time=True)
    assert "cell" in from_norse(fixed, (1, 6, 6), steps=16, over_time=True).nodes


def test_values_of_two_steps_do_not_add() -> None:
    class Late(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = norse.LIF(lif().p)

        def forward(self, x: torch.Tensor) -> Any:
            return self.cell(torch.stack([x[0], x[0] + x[1]]))[0]

    with pytest.raises(UnsupportedError, match="adds values of different time steps"):
        from_norse(Late(), (6,))


def test_steps_out_of_order_are_refused() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = norse.LIF(lif().p)

        def forward(self, x: torch.Tensor) -> Any:
            return self.cell(torch.stack([x[1], x[0]]))[0]

    with pytest.raises(UnsupportedError, match="not the time steps of one value, in order"):
        from_norse(Backwards(), (6,))


def test_the_maximum_is_that_of_spikes() -> None:
    net = norse.SequentialState(nn.MaxPool2d(2), lif())
    with pytest.raises(UnsupportedError, match="only for spikes"):
        from_norse(net, (1, 6, 6), analog=True)
    graph = from_norse(net, (1, 6, 6))
    assert [type(node) for node in graph.nodes.values()][1:3] == [nir.SumPool2d, nir.Threshold]


def test_what_a_forward_raises_names_its_module() -> None:
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.missing(x)

    net = norse.SequentialState(nn.Linear(6, 4), Broken())
    with pytest.raises(GraphError, match=r"'1' \(Broken\).*\(4,\): AttributeError: ") as error:
        from_norse(net, (6,))
    assert "\n" not in str(error.value)


class OptimizedModule(nn.Module):
    """As torch.compile wraps a module; torch's own takes long to import."""

    def __init__(self, original: nn.Module) -> None:
        super().__init__()
        self._orig_mod = original

    def forward(self, *given: Any) -> Any:
        raise AssertionError("it would be compiled")


def test_a_scripted_module_is_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(nn.Linear(6, 4))
    with pytest.raises(UnsupportedError, match=r"module '0'.*is compiled"):
        from_norse(norse.SequentialState(scripted, lif()), (6,))


def test_what_compiles_a_module_is_looked_through() -> None:
    plain = list(from_norse(Twice(), (6,)).nodes)
    assert list(from_norse(OptimizedModule(Twice()), (6,)).nodes) == plain
    inner = norse.SequentialState(OptimizedModule(nn.Linear(6, 4)), lif())
    assert list(from_norse(inner, (6,)).nodes) == ["input", "0", "1", "output"]
    assert list(from_norse(nn.DataParallel(Twice()), (6,)).nodes) == plain


def test_weights_may_be_parametrised(norse_net: Any) -> None:
    layer = torch.nn.utils.parametrizations.weight_norm(nn.Linear(6, 5))
    graph = from_norse(norse.SequentialState(layer, lif()), (6,))
    np.testing.assert_array_equal(graph.nodes["0.affine"].weight, layer.weight.detach().numpy())


@pytest.mark.parametrize("lose", [torch.vmap(lambda a: 2 * a), "script"])
def test_a_value_that_is_lost_is_refused(lose: Any) -> None:
    """Compiled code and transforms give plain tensors back."""
    if lose == "script":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lose = torch.jit.script(double)

    def forward(net: Net, x: torch.Tensor, s: Any) -> Any:
        z, s0 = net.la(lose(net.a(x)), s[0])
        return z, [s0, None, None]

    with pytest.raises(UnsupportedError, match="does not come from the network's input"):
        from_norse(Net(forward), (6,))


def double(x: torch.Tensor) -> torch.Tensor:
    return 2 * x


class Collects(nn.Module):
    """A loop over time whose outputs `collect` puts together: (before, t, z, input) → after."""

    def __init__(self, start: Callable[..., Any], collect: Callable[..., Any]) -> None:
        super().__init__()
        self.a, self.l, self.start, self.collect = nn.Linear(6, 5), lif(), start, collect

    def forward(self, x: torch.Tensor) -> Any:
        h, state = self.a(x), None
        out = self.start(h)
        for t in range(len(x)):
            z, state = self.l(h[t], state)
            out = self.collect(out, t, z)
        return torch.cat(out) if isinstance(out, list) else out


def puts(out: torch.Tensor, t: int, z: torch.Tensor) -> torch.Tensor:
    out[t] = z
    return out


def copies(out: torch.Tensor, t: int, z: torch.Tensor) -> torch.Tensor:
    out[t].copy_(z)
    return out


def adds_in_place(out: torch.Tensor, t: int, z: torch.Tensor) -> torch.Tensor:
    out += z
    return out


COLLECTED: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "empty_like": (torch.empty_like, puts),
    "new_empty": (lambda h: h.new_empty(h.shape), puts),
    "copy_": (torch.zeros_like, copies),
    "copy_ to torch.zeros": (lambda h: torch.zeros(h.shape, dtype=h.dtype), copies),
    "cat of z[None]": (lambda h: [], lambda out, t, z: [*out, z[None]]),
    "cat of z[None, :]": (lambda h: [], lambda out, t, z: [*out, z[None, ...]]),
    "cat of unsqueeze": (lambda h: [], lambda out, t, z: [*out, z.unsqueeze(0)]),
    "cat step by step": (
        lambda h: None,
        lambda out, t, z: z[None] if out is None else torch.cat([out, z[None]]),
    ),
}


@pytest.mark.parametrize(("start", "collect"), COLLECTED.values(), ids=COLLECTED)
def test_steps_are_collected_in_several_ways(norse_net: Any, start: Any, collect: Any) -> None:
    net = norse_net.seeded(Collects(start, collect))
    graph = norse_net.assert_fires(net, (6,), over_time=True)
    assert list(graph.nodes) == ["input", "a", "l", "output"]


NOT_COLLECTED: dict[str, tuple[Callable[..., Any], Callable[..., Any], str]] = {
    "a sum": (lambda h: 0, lambda out, t, z: out + z, r"sum over time is torch\.stack\(outputs\)"),
    "a sum from zeros": (
        lambda h: torch.zeros(h.shape[1:]),
        lambda out, t, z: out + z,
        r"sum over time is torch\.stack\(outputs\)\.sum\(0\)",
    ),
    "a sum in place": (lambda h: torch.zeros(h.shape[1:]), adds_in_place, "sum over time is torch"),
    "a step too early": (
        torch.zeros_like,
        lambda out, t, z: puts(out, t, z + (out[t + 1] if t else 0)),
        "reads time step 2 of a buffer before it is written",
    ),
    "backwards": (
        lambda h: [],
        lambda out, t, z: [z[None], *out],
        "joins what are not the time st",
    ),
    "twice": (lambda h: [], lambda out, t, z: [*out, z[None], z[None]], "joins what are not the"),
    "a copy elsewhere": (
        lambda h: torch.zeros(h.shape[1:]),
        lambda out, t, z: out.copy_(z),
        r"copies a value into a tensor that is no time step.*out\[t\] = x",
    ),
    "a copy to another step": (
        torch.zeros_like,
        lambda out, t, z: copies(out, -1 - t, z),
        "writes what is not time step",
    ),
    "a part": (lambda h: [], lambda out, t, z: [*out, z[None, :, 2]], "no slice behind the batch"),
}


@pytest.mark.parametrize(("start", "collect", "said"), NOT_COLLECTED.values(), ids=NOT_COLLECTED)
def test_what_collects_no_steps_is_refused(start: Any, collect: Any, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said) as error:
        from_norse(Collects(start, collect), (6,), over_time=True)
    assert "say over_time" not in str(error.value)


@pytest.mark.parametrize("shape", ["x", None, (6.5,), [[1, 2], [3]], "6", (float("inf"),)])
def test_what_is_no_shape_is_said_to_be_none(shape: Any) -> None:
    with pytest.raises(
        ConfigError, match=r"no shape of an input; give whole numbers.* or an input"
    ):
        from_norse(norse.SequentialState(nn.Linear(6, 4), lif()), shape)


@pytest.mark.parametrize("module", ["x", None, nn.Linear, {"a": torch.ones(3)}])
def test_what_is_no_module_is_said_to_be_none(module: Any) -> None:
    with pytest.raises(
        ConfigError, match=r" is a (str|NoneType|type|dict); give a module of torch"
    ):
        from_norse(module, (6,))


def test_what_comes_out_beside_the_outputs_is_refused() -> None:
    class Extra(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.state = lif(), None

        def forward(self, x: torch.Tensor) -> Any:
            z, self.state = self.cell(x, self.state)
            return z, torch.zeros(3)

    with pytest.raises(UnsupportedError, match="returns 2 tensors, but 1 that come from its input"):
        from_norse(Extra(), (6,))
