"""Plan: a program made ready for the engine, once for all samples.

Layers are run in units: a layer by itself over all steps of a window at once, or the layers of a
loop together, as many steps at a time as the loop's delays allow (one, for most).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from snnvae.hardware_sim.fast import rounding, scans
from snnvae.hardware_sim.fast.layout import Layout
from snnvae.hardware_sim.fast.wires import Wire, wire
from snnvae.primitive import Neuron
from snnvae.primitives import FixedNeuron, FloatNeuron, fixed_point
from snnvae.primitives.of_layer import known_neuron
from snnvae.program import Connection, Input, Layer, Program

_MODES = {
    "zero": scans.ZERO,
    "subtract": scans.SUBTRACT,
    "subtract-delayed": scans.DELAYED,
    "subtract-ahead": scans.AHEAD,
}
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Unit:
    """Layers that run together, in order, `steps` at a time (None: a whole window)."""

    layers: tuple[str, ...]
    steps: int | None = None


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """A layer: what comes in, and its neurons' parameters as rows.

    parameters: as the scans take them. margin: see `rounding` (empty where sums are exact).
    in_order: connections that must be added one after another, because membranes among them have
    sums that round; None where any order gives the same.
    """

    layer: Layer
    layout: Layout
    wires: tuple[Wire, ...]
    host: tuple[str, ...]
    in_order: tuple[Connection, ...] | None
    unit: float
    dtype: type
    margin: np.ndarray
    mode: int
    has_u: bool
    parameters: tuple[np.ndarray, ...]
    start: np.ndarray

    @property
    def certified(self) -> bool:
        """Tells whether spikes may have to be computed again."""
        return bool(self.margin.any())


@dataclass(frozen=True, eq=False)
class Plan:
    """The program's units, layers and layouts; history: earlier steps that others still need."""

    program: Program
    units: tuple[Unit, ...]
    layers: dict[str, LayerPlan]
    layouts: dict[str, Layout]
    history: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, program: Program, steps: int, *, exact: bool = False, ordered: bool = False
    ) -> Plan:
        """Makes a plan for windows of `steps`.

        exact: in float programs too, every membrane is exact after each step, as it must be where
        it is recorded or where a sample goes on in another window. ordered: what the host adds is
        added in the program's order, as it must be where it may be larger than the grid is for.
        """
        units = units_of(program)
        populations: list[Input | Layer] = [*program.inputs, *program.layers]
        layouts = {p.name: Layout(p.shape) for p in populations}
        layers = {
            layer.name: _layer_plan(program, layer, layouts, steps, exact, ordered)
            for layer in program.layers
        }
        history = {
            p.name: max((c.delay for c in program.out_of(p.name) if not c.on_host), default=0)
            for p in populations
        }
        return cls(program, units, layers, layouts, history)


def units_of(program: Program) -> tuple[Unit, ...]:
    """The layers in units, each after all that it gets anything from."""
    names = [layer.name for layer in program.layers]
    number = {name: n for n, name in enumerate(names)}
    edges = [c for c in program.connections if c.source in number]
    ends = [number[c.source] for c in edges], [number[c.target] for c in edges]
    matrix = sp.csr_array((np.ones(len(edges)), ends), shape=(len(names), len(names)))
    _, component = connected_components(matrix, connection="strong")
    members: dict[int, list[str]] = {}
    for name in names:
        members.setdefault(int(component[number[name]]), []).append(name)
    before: dict[int, set[int]] = {n: set() for n in members}
    for source, target in zip(*ends, strict=True):
        if component[source] != component[target]:
            before[int(component[target])].add(int(component[source]))
    return tuple(
        Unit(tuple(members[n]), _loop_steps(members[n], edges))
        for n in TopologicalSorter(before).static_order()
    )


def _loop_steps(layers: Sequence[str], edges: Sequence[Connection]) -> int | None:
    """Gives how many steps a loop can run at once: its shortest delay, or 1;
    None if it is no loop."""
    inside = [c for c in edges if c.source in layers and c.target in layers]
    return min((c.delay for c in inside if c.delay), default=1) if inside else None


def _layer_plan(
    program: Program,
    layer: Layer,
    layouts: dict[str, Layout],
    steps: int,
    exact: bool,
    ordered: bool,
) -> LayerPlan:
    incoming = program.into(layer.name)
    layout, neuron = layouts[layer.name], known_neuron(layer.neuron)
    graded = [c for c in incoming if program.carries_membranes(c)]
    spiking = [c for c in incoming if not c.on_host and c not in graded]
    largest = rounding.bound(spiking)
    unit, margin = 1.0, np.zeros(0)
    dtype: type = np.int64
    if program.precision == "fixed":
        dtype = np.int32 if largest < 2**31 else np.int64
    elif exact or graded or not neuron.spiking:
        unit = layer.weight_grid or 1.0
    else:
        unit, dtype = rounding.unit_for(largest, rounding.INT32_BITS), np.int32
        margin = rounding.margins(layer, spiking, unit, steps)
    target = layouts[layer.name]
    wires = tuple(wire(c, layouts[c.source], target, unit, dtype) for c in spiking)
    return LayerPlan(
        layer=layer,
        layout=layout,
        wires=wires,
        host=tuple(c.name for c in incoming if c.on_host),
        in_order=incoming if graded or (ordered and len(spiking) < len(incoming)) else None,
        unit=unit,
        dtype=dtype,
        margin=margin,
        mode=_MODES[neuron.reset] if neuron.spiking else scans.SILENT,
        has_u=neuron.du is not None,
        parameters=_parameters(neuron, layout),
        start=_start(neuron, layout),
    )


def _start(neuron: Neuron, layout: Layout) -> np.ndarray:
    """The first membranes (n,)."""
    v = neuron.initial(1, layout.shape)[0][0]
    return layout.spread(v, 0, v.dtype.type)


def _parameters(neuron: FloatNeuron | FixedNeuron, layout: Layout) -> tuple[np.ndarray, ...]:
    """(kept share of v, kept share of u, bias, threshold, what a spike subtracts), each (n,)."""
    if isinstance(neuron, FixedNeuron):
        return _fixed_parameters(neuron, layout)
    threshold = np.asarray(np.inf if neuron.threshold is None else neuron.threshold)
    kept_u = 0.0 if neuron.du is None else 1 - neuron.du
    fires_above = np.nextafter(threshold, -np.inf) if neuron.fires_at_threshold else threshold
    amount = np.where(np.isinf(threshold), 0.0, threshold)
    rows = ((1 - neuron.dv, 0), (kept_u, 0), (neuron.bias, 0), (fires_above, np.inf), (amount, 0))
    return tuple(layout.spread(np.asarray(value), fill, np.float64) for value, fill in rows)


def _fixed_parameters(neuron: FixedNeuron, layout: Layout) -> tuple[np.ndarray, ...]:
    whole = 1 << fixed_point.DECAY_BITS
    fires_above, amount = np.asarray(_NEVER), np.asarray(0)
    if neuron.threshold is not None:
        amount = neuron.threshold << fixed_point.ACTIVATION_SHIFT
        fires_above = amount - int(neuron.fires_at_threshold)
    kept_u = 0 if neuron.du is None else whole - neuron.du - 1
    rows = (
        (whole - neuron.dv, 0),
        (kept_u, 0),
        (neuron.bias.value, 0),
        (fires_above, _NEVER),
        (amount, 0),
    )
    return tuple(layout.spread(np.asarray(value), fill, np.int64) for value, fill in rows)
