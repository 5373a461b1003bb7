"""Ways in which a module hands its state on: all are followed, and fire as the module itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

import snnvae
from snnvae.errors import UnsupportedError
from snnvae.export import from_norse
from snnvae.stimulus import Stimulus

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 8), nn.Linear(8, 3)
        self.l, self.k = (
            norse.LIFBoxCell(
                norse.LIFBoxParameters(torch.as_tensor(500.0), v_th=torch.as_tensor(v))
            )
            for v in (0.4, 0.2)
        )

    def both(self, x: torch.Tensor, one: Any, two: Any) -> Any:
        z, one = self.l(self.a(x), one)
        z, two = self.k(self.b(z), two)
        return z, one, two


class Together(Net):
    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        z, *state = self.both(x, *(state or (None, None)))
        return z, state


class Apart(Net):
    def forward(self, x: torch.Tensor, one: Any = None, two: Any = None) -> Any:
        return self.both(x, one, two)


class Required(Net):
    def forward(self, x: torch.Tensor, one: Any, two: Any) -> Any:
        return self.both(x, one, two)


class ByName(Net):
    def forward(self, x: torch.Tensor, *, one: Any = None, two: Any = None) -> Any:
        return self.both(x, one, two)


class Mixed(Net):
    def forward(self, x: torch.Tensor, one: Any = None, *, two: Any = None, **_: Any) -> Any:
        return self.both(x, one, two)


class Forwards(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.m = Apart()

    def forward(self, *given: Any) -> Any:
        return self.m(*given)


class InForms(Net):
    """A default that says which form the states have."""

    def forward(self, x: torch.Tensor, state: Any = ((None,), {"two": None})) -> Any:
        z, one, two = self.both(x, state[0][0], state[1]["two"])
        return z, ((one,), {"two": two})


class Pair(NamedTuple):
    one: Any = None
    two: Any = None


class InPair(Net):
    def forward(self, x: torch.Tensor, state: Pair = Pair()) -> Any:  # noqa: B008
        z, one, two = self.both(x, state.one, state.two)
        return z, Pair(one, two)


class InFilledList(Net):
    def forward(self, x: torch.Tensor, state: Any = [None, None]) -> Any:  # noqa: B006
        z, state[0], state[1] = self.both(x, *state)
        return z, state


class InRest(Net):
    def forward(self, x: torch.Tensor, **states: Any) -> Any:
        z, one, two = self.both(x, states.get("one"), states.get("two"))
        return z, {"one": one, "two": two}


class InDictByName(Net):
    def forward(self, x: torch.Tensor, one: Any = None, two: Any = None) -> Any:
        z, one, two = self.both(x, one, two)
        return z, {"one": one, "two": two}


class Rest(Net):
    def forward(self, x: torch.Tensor, *states: Any) -> Any:
        return self.both(x, *(states or (None, None)))


class Kept(Net):
    s: Any = (None, None)

    def forward(self, x: torch.Tensor) -> Any:
        z, *self.s = self.both(x, *self.s)
        return z


class KeptAsTuple(Net):
    s: Any = (None, None)

    def forward(self, x: torch.Tensor, mask: Any = None) -> Any:
        z, *s = self.both(x, *self.s)
        self.s = tuple(s)
        return z


class KeptInList(Net):
    def __init__(self) -> None:
        super().__init__()
        self.s = [None, None]

    def forward(self, x: torch.Tensor) -> Any:
        z, self.s[0], self.s[1] = self.both(x, *self.s)
        return z


class KeptInDict(Net):
    def __init__(self) -> None:
        super().__init__()
        self.s: dict[str, Any] = {}

    def forward(self, x: torch.Tensor) -> Any:
        z, one, two = self.both(x, self.s.get("one"), self.s.get("two"))
        self.s.update(one=one, two=two)
        return z


class KeptByTheClass(Net):
    """A list that all instances share, as a default that is written into."""

    s: ClassVar[list[Any]] = [None, None]

    def forward(self, x: torch.Tensor) -> Any:
        z, self.s[0], self.s[1] = self.both(x, *self.s)
        return z


def handed_on(net: Any, xs: Iterator[torch.Tensor]) -> Iterator[torch.Tensor]:
    states: tuple[Any, ...] = (None, None)
    for x in xs:
        z, *states = net(x, *states)
        yield z


def in_one(net: Any, xs: Iterator[torch.Tensor]) -> Iterator[torch.Tensor]:
    states: list[Any] = []
    for x in xs:
        z, *states = net(x, *states)
        yield z


def by_name(net: Any, xs: Iterator[torch.Tensor]) -> Iterator[torch.Tensor]:
    one = two = None
    for x in xs:
        z, one, two = net(x, one=one, two=two)
        yield z


def in_dict(net: Any, xs: Iterator[torch.Tensor]) -> Iterator[torch.Tensor]:
    states: dict[str, Any] = {}
    for x in xs:
        z, states = net(x, **states)
        yield z


PROTOCOLS: dict[str, tuple[Callable[[], nn.Module], Callable[..., Iterator[torch.Tensor]]]] = {
    "one state": (Together, in_one),
    "states apart": (Apart, handed_on),
    "states that must be given": (Required, handed_on),
    "by name alone": (ByName, by_name),
    "by place and by name": (Mixed, by_name),
    "any arguments": (Forwards, handed_on),
    "a form of Nones": (InForms, in_one),
    "a named form of Nones": (InPair, in_one),
    "any names": (InRest, in_dict),
    "a dict by name": (InDictByName, in_dict),
    "any states": (Rest, handed_on),
    "on several devices": (lambda: nn.DataParallel(Apart()), handed_on),
    "an attribute": (Kept, map),
    "an attribute that is a tuple": (KeptAsTuple, map),
    "a list": (KeptInList, map),
    "a dict": (KeptInDict, map),
    "a list of the class": (KeptByTheClass, map),
}


@pytest.mark.parametrize("called", [False, True], ids=["new", "after a call"])
@pytest.mark.parametrize(("make", "play"), PROTOCOLS.values(), ids=PROTOCOLS)
def test_it_fires_as_the_module(norse_net: Any, make: Any, play: Any, called: bool) -> None:
    net = norse_net.seeded(make())
    fresh = deepcopy(net).double()
    if called:
        next(iter(play(net, iter([torch.ones(2, 6)]))))
    kept = repr(getattr(net, "s", None))
    graph = from_norse(net, (6,))
    assert repr(getattr(net, "s", None)) == kept
    if isinstance(getattr(type(net), "s", None), list):
        type(net).s[:] = [None, None]
    data = np.random.default_rng(0).random((4, 40, 6)) < 0.4
    with torch.no_grad():
        expected = torch.stack(list(play(fresh, iter(torch.tensor(data).double().swapaxes(0, 1)))))
    if isinstance(getattr(type(net), "s", None), list):
        type(net).s[:] = [None, None]
    stimulus = Stimulus({"input": data}, tuple(range(4)))
    program = snnvae.compile(graph)
    spikes = snnvae.run(program, stimulus, "reference").spikes[program.outputs["output"]]
    assert 0.05 < spikes.mean() < 0.95
    assert (spikes == (expected.numpy().swapaxes(0, 1) != 0)).all()


def test_a_start_in_an_attribute_is_no_state_of_an_earlier_call() -> None:
    """Nothing writes it, so every sample starts from it."""

    class Starts(Net):
        def __init__(self, v: float) -> None:
            super().__init__()
            self.start = norse.functional.lif_box.LIFBoxFeedForwardState(v=torch.full((8,), v))

        def forward(self, x: torch.Tensor, state: Any = None) -> Any:
            return self.l(self.a(x), self.start if state is None else state)

    with pytest.raises(UnsupportedError, match="starts from a state of the network's own"):
        from_norse(Starts(0.1), (6,))
    assert "l" in from_norse(Starts(0.0), (6,)).nodes


def test_a_state_that_does_not_come_back_is_said_to_be_missing() -> None:
    class Lost(Net):
        def forward(self, x: torch.Tensor, state: Any) -> Any:
            return self.both(x, state, None)[0]

    with pytest.raises(UnsupportedError, match="returns no state; return \\(output, state\\)"):
        from_norse(Lost(), (6,))


def test_a_value_among_the_states_is_refused() -> None:
    class Echo(Net):
        def forward(self, x: torch.Tensor, one: Any = None, before: Any = None) -> Any:
            z, one, _ = self.both(x, one, None)
            return z, one, z

    with pytest.raises(UnsupportedError, match="hands a value to the next step"):
        from_norse(Echo(), (6,))


def test_a_default_that_forward_fills_stays_empty() -> None:
    assert "k" in from_norse(InFilledList(), (6,)).nodes
    assert InFilledList.forward.__defaults__ == ([None, None],)


def test_states_without_their_names_are_said_to_be_so() -> None:
    class Nameless(Net):
        def forward(self, x: torch.Tensor, **kw: Any) -> Any:
            return self.both(x, kw.get("one"), kw.get("two"))

    with pytest.raises(UnsupportedError, match=r"takes its states from \*\*kw.*\{name: state, …\}"):
        from_norse(Nameless(), (6,))


def test_a_state_before_the_output_is_said_to_be_there() -> None:
    class StateFirst(Net):
        def forward(self, x: torch.Tensor, state: Any = None) -> Any:
            z, state = self.l(self.a(x), state)
            return state, z

    with pytest.raises(
        UnsupportedError, match=r"state before its output; return \(output, state\)"
    ):
        from_norse(StateFirst(), (6,))
