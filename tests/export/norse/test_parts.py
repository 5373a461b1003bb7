"""Parts of values, pools along one axis and relu, beside the module itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from snnvae.errors import UnsupportedError
from snnvae.export import from_norse

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse


class Parts(nn.Module):
    """Spikes of a layer, a part of them, and a cell that takes it."""

    def __init__(self, layer: nn.Module, part: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.layer, self.part = layer, part
        self.cell, self.last = (
            norse.LIFBoxCell(norse.LIFBoxParameters(torch.as_tensor(500.0), v_th=torch.tensor(v)))
            for v in (0.4, 0.3)
        )

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        one, two = state or (None, None)
        z, one = self.cell(self.layer(x), one)
        y, two = self.last(self.part(z), two)
        return y, (one, two)


def halves(z: torch.Tensor) -> torch.Tensor:
    one, two = z.chunk(2, dim=1)
    return one + 0.5 * two


def thirds(z: torch.Tensor) -> torch.Tensor:
    one, two = torch.split(z, [2, 4], dim=1)
    return torch.cat([two, one], dim=1)


PICKED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "channels": lambda z: z[:, 2:5],
    "every other": lambda z: z[:, 1::2],
    "the last": lambda z: z[..., -3:],
    "chunks": halves,
    "a split": thirds,
    "narrowed": lambda z: z.narrow(1, 1, 4),
    "all": lambda z: z[:, :],
    "relu": lambda z: torch.relu(F.relu(z, inplace=True)).relu(),
    "a module": nn.ReLU(),
}


@pytest.mark.parametrize("part", PICKED.values(), ids=PICKED)
def test_of_vectors(norse_net: Any, part: Any) -> None:
    norse_net.assert_fires(norse_net.seeded(Parts(nn.Linear(6, 6), part)), (6,))


ALONG: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "channels and places": lambda z: z[:, 1:4, 2:],
    "every third place": lambda z: z[:, :, 1::3],
    "averages": nn.AvgPool1d(3, stride=2, padding=1),
    "averages of all": nn.AdaptiveAvgPool1d(2),
    "maxima": nn.MaxPool1d(2),
    "maxima that overlap": nn.MaxPool1d(3, stride=1, padding=1),
}


@pytest.mark.parametrize("part", ALONG.values(), ids=ALONG)
def test_of_one_axis(norse_net: Any, part: Any) -> None:
    norse_net.assert_fires(norse_net.seeded(Parts(nn.Conv1d(2, 6, 3), part)), (2, 10))


def test_of_maps(norse_net: Any) -> None:
    net = norse_net.seeded(Parts(nn.Conv2d(2, 6, 3), lambda z: z[:, ::2, 1:-1, ::3].contiguous()))
    graph = norse_net.assert_fires(net, (2, 7, 9))
    assert graph.nodes["part"].output_type["output"].tolist() == [3, 3, 3]


REFUSED: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], str]] = {
    "of the batch": (lambda z: z[:2], "by what is no slice behind the batch"),
    "by a list": (lambda z: z[:, [0, 2]], "by what is no slice behind the batch"),
    "nothing": (lambda z: z[:, 6:], "a part of a value that holds nothing"),
    "chunks of the batch": (lambda z: z.chunk(3)[0], "takes time or the batch apart"),
    "a mean over channels": (lambda z: z.mean(1, keepdim=True), "over axes other than time"),
    "relu of currents": (lambda z: F.relu(0.5 * z), "relu has no exact form in NIR here but of"),
    "a constant written": (lambda z: z.__setitem__(0, 1.0), "writes a constant into a value"),
}


@pytest.mark.parametrize(("part", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_part_is_refused(part: Any, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said):
        from_norse(Parts(nn.Linear(6, 6), part), (6,))


class Buffer(nn.Module):
    """Writes its steps into a tensor of its own."""

    def __init__(self, write: Callable[..., Any], **more: Any) -> None:
        super().__init__()
        self.layer, self.cell = nn.Linear(6, 5), norse.LIFCell(norse.LIFParameters(v_th=0.2))
        self.write, self.more = write, more

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out, state = torch.empty(*x.shape[:2], 5, **self.more), None
        for t in range(x.shape[0]):
            z, state = self.cell(self.layer(x[t, :]), state)
            self.write(out, t, z)
        return out


def every(out: torch.Tensor, t: int, z: torch.Tensor) -> None:
    out[t, :, :] = z


def backwards(out: torch.Tensor, t: int, z: torch.Tensor) -> None:
    out[-1 - t] = z


def one_for_all(out: torch.Tensor, t: int, z: torch.Tensor) -> None:
    out[0] = z


def some(out: torch.Tensor, t: int, z: torch.Tensor) -> None:
    if t < 9:
        out[t] = z


def columns(out: torch.Tensor, t: int, z: torch.Tensor) -> None:
    out[t, :, :2] = z[:, :2]


def test_a_buffer_fires_as_in_norse(norse_net: Any) -> None:
    norse_net.assert_fires(norse_net.seeded(Buffer(every)), (6,), over_time=True)


WRITTEN: dict[str, tuple[Callable[..., None], str]] = {
    "backwards": (backwards, "writes what is not time step -1"),
    "one for all": (one_for_all, "writes what is not time step 0"),
    "some": (some, "the output leaves out the last time step"),
    "columns": (columns, "writes into a part of a tensor that is no time step"),
}


@pytest.mark.parametrize(("write", "said"), WRITTEN.values(), ids=WRITTEN)
def test_a_buffer_written_otherwise_is_refused(write: Any, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said):
        from_norse(Buffer(write), (6,), over_time=True)
    with pytest.raises(UnsupportedError, match=r"a buffer of torch.float16, which rounds"):
        from_norse(Buffer(every, dtype=torch.float16), (6,), over_time=True)
