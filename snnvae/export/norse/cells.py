"""Norse's neurons as NIR nodes: what Norse 1.1.0 computes in a step, and the node that equals it.

A step of dt, with b = dt·tau_syn_inv, a = dt·tau_mem_inv, input x, spikes z = (v > v_th):

    LIFBox  v += a·(x + v_leak − v); z; reset          LIF      τ = dt/a, R = 1
    LIBox   v += a·(x + v_leak − v)                    LI       τ = dt/a, R = 1
    LIF     i += x; v += a·(v_leak − v + i);           CubaLIF  τ_mem = dt/a, τ_syn = dt/b,
            i −= b·i; z; reset                                  R = 1, w_in = 1/b
    LI      as LIF, without spikes                     CubaLI   alike
    IAF     v += x; z; reset                           IF       R = 1 a step, whatever dt

Norse lets its current decay after the membrane has seen it, NIR (by Euler, current first) before
its input is added: `I += b·(w_in·S − I)` with w_in = 1/b is the current that Norse's membrane sees.
Only LIFBox can reset by subtraction. A recurrent cell adds W_rec·z of the step before to x, nothing
in the first step; it has no bias. Membranes start at v_leak, IAF's at v_reset, currents at 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np

from snnvae.errors import UnsupportedError
from snnvae.export.layers import li_box, lif_box, per_neuron, time_constant

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Neurons:
    """A population, and what its cell says that NIR does not.

    dt: seconds; it matters to a step unless `timeless`. reset: "zero" (to v_reset) or "subtract",
    None without spikes. initial: name of the parameter at which the membrane starts.
    """

    node: nir.NIRNode
    dt: float
    reset: str | None
    initial: str = "v_leak"
    timeless: bool = False

    @property
    def spiking(self) -> bool:
        """Tells whether the output is spikes; else it is the membrane."""
        return self.reset is not None


@dataclass(frozen=True)
class CellKind:
    """A kind of cell says how a class of Norse's becomes neurons,
    and whether it runs over (time, batch, …)."""

    neurons: Callable[[Any, Shape], Neurons]
    over_time: bool = False


def _lif_box(cell: Any, shape: Shape) -> Neurons:
    return Neurons(lif_box(cell, shape), float(cell.dt), _reset(cell))


def _li_box(cell: Any, shape: Shape) -> Neurons:
    return Neurons(li_box(cell, shape), float(cell.dt), None)


def _lif(cell: Any, shape: Shape) -> Neurons:
    node = nir.CubaLIF(
        v_threshold=per_neuron(cell.p.v_th, shape),
        v_reset=per_neuron(cell.p.v_reset, shape),
        **_synapse_and_membrane(cell, shape),
    )
    return Neurons(node, float(cell.dt), "zero")


def _li(cell: Any, shape: Shape) -> Neurons:
    return Neurons(nir.CubaLI(**_synapse_and_membrane(cell, shape)), float(cell.dt), None)


def _iaf(cell: Any, shape: Shape) -> Neurons:
    reset = per_neuron(cell.p.v_reset, shape)
    node = nir.IF(np.ones(shape), per_neuron(cell.p.v_th, shape), reset)
    return Neurons(node, float(cell.dt), "zero", "v_reset", timeless=True)


def _synapse_and_membrane(cell: Any, shape: Shape) -> dict[str, np.ndarray]:
    p, dt = cell.p, float(cell.dt)
    tau_syn = time_constant(dt, p.tau_syn_inv, shape)
    return {
        "tau_syn": tau_syn,
        "tau_mem": time_constant(dt, p.tau_mem_inv, shape),
        "r": np.ones(shape),
        "v_leak": per_neuron(p.v_leak, shape),
        "w_in": tau_syn / dt,
    }


def _reset(cell: Any) -> str:
    names = {"reset_value": "zero", "reset_subtract": "subtract"}
    method = getattr(cell.p.reset_method, "__name__", "")
    if method not in names:
        raise UnsupportedError(f"reset method {method or cell.p.reset_method!r} has no form in NIR")
    return names[method]


CELLS: dict[str, CellKind] = {
    "LIFBoxCell": CellKind(_lif_box),
    "LIBoxCell": CellKind(_li_box),
    "LIFCell": CellKind(_lif),
    "LIF": CellKind(_lif, over_time=True),
    "LIFRecurrentCell": CellKind(_lif),
    "LIFRecurrent": CellKind(_lif, over_time=True),
    "LICell": CellKind(_li),
    "LI": CellKind(_li, over_time=True),
    "LILinearCell": CellKind(_li),
    "IAFCell": CellKind(_iaf),
    "IAF": CellKind(_iaf, over_time=True),
}
STRUCTURE = ("SequentialState", "Lift")
"""Norse modules that only call others."""

REASONS = {
    "LIFRefracCell": "NIR has no refractory period",
    "LIFRefracRecurrentCell": "NIR has no refractory period",
    "LIFRefracRecurrent": "NIR has no refractory period",
    "LSNNCell": "NIR has no threshold that adapts",
    "LSNNRecurrentCell": "NIR has no threshold that adapts",
    "LSNN": "NIR has no threshold that adapts",
    "LSNNRecurrent": "NIR has no threshold that adapts",
    "RecurrentSequential": "use a recurrent cell such as LIFRecurrentCell",
    "PoissonEncoder": "export the network behind the encoder",
    "ConstantCurrentLIFEncoder": "export the network behind the encoder",
    "SpikeLatencyEncoder": "export the network behind the encoder",
    "LConv2d": "use Lift(Conv2d)",
}


def norse_class(module: Any) -> type | None:
    """The class of Norse's that a module is or derives from, if it is more than structure."""
    for cls in type(module).__mro__:
        if cls.__module__.startswith("norse.torch.module."):
            return None if cls.__name__ in STRUCTURE else cls
    return None


def cell_kind(module: Any) -> CellKind:
    """Returns how a module of Norse's is written; UnsupportedError with the reason if it cannot be.

    A class derived from one of Norse's is not known: nobody says what it computes.
    """
    cls = type(module)
    if cls is norse_class(module) and cls.__name__ in CELLS:
        return CELLS[cls.__name__]
    reason = REASONS.get(cls.__name__, f"known are {', '.join(CELLS)}")
    raise UnsupportedError(f"has no exact form in NIR here; {reason}")


def runs_over_time(module: Any) -> bool:
    """Tells whether a module of Norse's takes (time, batch, …) rather than one step."""
    cls = type(module)
    if not cls.__module__.startswith("norse.torch.module."):
        return False
    name = cls.__name__
    known = CELLS.get(name)
    return known.over_time if known else name == "Lift"
