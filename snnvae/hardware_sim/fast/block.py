"""Block: some samples on their way through a program, window by window."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from snnvae.hardware_sim.fast import scans
from snnvae.hardware_sim.fast.layout import Layout
from snnvae.hardware_sim.fast.plan import LayerPlan, Plan
from snnvae.hardware_sim.fast.replay import replay
from snnvae.hardware_sim.fast.sums import INDEX_BYTES, SLACK
from snnvae.hardware_sim.fast.wires import Wire, new_currents
from snnvae.hardware_sim.stepper import graded_sums
from snnvae.primitives import fixed_point
from snnvae.program import Connection

CURRENT_BYTES = 1 << 21
"""Of the currents that a layer is given at once: so few that they stay in the cache."""


class Block:
    """B samples; a window of up to `window` steps at a time.

    spikes: of inputs and spiking layers, uint8 (B, H + window, size) in the engine's layout, row H
    the window's first. membranes: of layers that do not spike, and where they are recorded of all,
    (B, H + window, *shape). final: the membranes (B, size) as they stand. saturated: updates beyond
    24 bits, by layer (fixed point). recomputed: neurons of which that was necessary.
    """

    def __init__(self, plan: Plan, batch: int, window: int, *, membranes: bool = False) -> None:
        self.plan, self.batch, self.window = plan, batch, window
        program = plan.program
        self._number = np.float64 if program.precision == "float" else np.int64
        rows = {name: h + window for name, h in plan.history.items()}
        spiking = [i.name for i in program.inputs if not i.analog]
        spiking += [layer.name for layer in program.layers if layer.neuron.spiking]
        self.spikes = {
            n: np.zeros((batch, rows[n], plan.layouts[n].size), np.uint8) for n in spiking
        }
        sending = {c.source for c in program.connections}
        self.membranes = {
            layer.name: np.zeros((batch, rows[layer.name], *layer.shape), self._number)
            for layer in program.layers
            if membranes or (layer.name in sending and not layer.neuron.spiking)
        }
        self.saturated = dict.fromkeys((layer.name for layer in program.layers), 0)
        self.recomputed = 0
        self._v: dict[str, np.ndarray] = {}
        self._u: dict[str, np.ndarray] = {}
        self._start()

    def reset(self) -> None:
        """Goes back to before the first step."""
        for kept in (self.spikes, self.membranes):
            for name, rows in kept.items():
                rows[:, : self.plan.history[name]] = 0  # the rest is written before it is read
        self._start()

    def _start(self) -> None:
        for name, layer in self.plan.layers.items():
            self._v[name] = np.repeat(layer.start[None], self.batch, axis=0)
            width = layer.layout.size if layer.has_u else 0
            self._u[name] = np.zeros((self.batch, width), self._number)

    def run(
        self,
        inputs: Mapping[str, np.ndarray],
        host: Mapping[str, np.ndarray],
        steps: int,
        start: int = 0,
    ) -> None:
        """Steps from `start` on of a window: inputs (B, steps, *shape) by name.

        host: currents of the whole window, (B, T, *shape), by connection name.
        """
        for name, spikes in inputs.items():
            at = self.plan.history[name] + start
            self.plan.layouts[name].inward(spikes, self.spikes[name][:, at : at + steps])
        end = start + steps
        for unit in self.plan.units:
            at_once = unit.steps or steps
            for begin in range(start, end, at_once):
                for name in unit.layers:
                    self._run_layer(self.plan.layers[name], host, begin, min(begin + at_once, end))

    def forward(self, steps: int) -> None:
        """Keep of this window of `steps` what delayed connections deliver in the next."""
        for kept in (self.spikes, self.membranes):
            for name, rows in kept.items():
                h = self.plan.history[name]
                if h:
                    rows[:, :h] = rows[:, steps : steps + h].copy()

    def fired(
        self, name: str, steps: int, out: np.ndarray | None = None, start: int = 0
    ) -> np.ndarray:
        """Spikes of steps of this window, (B, steps, *shape), into `out` (bytes) where given."""
        h, layout = self.plan.history[name], self.plan.layouts[name]
        if out is None:
            out = np.empty((self.batch, steps, *layout.shape), np.uint8)
        layout.outward(self.spikes[name][:, h + start : h + start + steps], out)
        return out

    def membrane(self, name: str) -> np.ndarray:
        """Membranes as they stand, (B, *shape)."""
        values = np.empty((self.batch, 1, *self.plan.layouts[name].shape), self._number)
        self.plan.layouts[name].outward(self._v[name][:, None], values)
        return values[:, 0]

    def _run_layer(
        self, plan: LayerPlan, host: Mapping[str, np.ndarray], begin: int, end: int
    ) -> None:
        """Steps begin … end of a window, as many samples at once as the cache holds."""
        per_step = plan.layout.size * np.dtype(plan.dtype).itemsize
        lists = [INDEX_BYTES * (wire.source.size + SLACK) for wire in plan.wires]
        per_sample = (end - begin) * max(per_step, *lists, 1)
        count = max(1, CURRENT_BYTES // per_sample)
        for at in range(0, self.batch, count):
            self._run_samples(plan, host, begin, end, slice(at, min(at + count, self.batch)))

    def _run_samples(
        self, plan: LayerPlan, host: Mapping[str, np.ndarray], begin: int, end: int, rows: slice
    ) -> None:
        name, steps = plan.layer.name, end - begin
        batch = rows.stop - rows.start
        currents = new_currents(batch, steps, plan.layout.size, plan.dtype)
        if plan.in_order is None:
            for wire in plan.wires:
                wire.add(*self._source(wire.connection, begin, rows), currents)
            extra = self._from_host(plan, host, begin, end, rows)
        else:
            extra = self._one_by_one(plan, host, begin, end, rows, currents)
        recorded = name in self.membranes
        shape = (batch, steps if recorded else 0, plan.layout.size)
        membranes = np.empty(shape, self._number)
        first = self.plan.history[name] + begin
        spikes = self.spikes[name][rows] if plan.layer.neuron.spiking else _NO_SPIKES
        v, u = self._v[name][rows], self._u[name][rows]
        neuron = (plan.parameters, plan.has_u, plan.mode, v, u, spikes, first, membranes)
        if self._number is np.int64:
            self.saturated[name] += scans.scan_fixed(currents, extra, *neuron)
        else:
            near = np.zeros((batch, plan.layout.size), np.uint8)
            margin = plan.margin[begin:end] if plan.certified else np.full(steps, -1.0)
            scans.scan_float(currents, plan.unit, extra, *neuron, margin, near)
            if plan.certified and near.any():
                self._replay(plan, near, host, slice(begin, end), rows)
        if recorded:
            plan.layout.outward(membranes, self.membranes[name][rows, first : first + steps])

    def _replay(
        self,
        plan: LayerPlan,
        near: np.ndarray,
        host: Mapping[str, np.ndarray],
        steps: slice,
        rows: slice,
    ) -> None:
        """Computes neurons again that were too near their threshold;
        the window began with the sample."""
        name = plan.layer.name
        self.recomputed += replay(
            plan,
            near,
            [self._source(wire.connection, 0, rows) for wire in plan.wires],
            self._from_host(plan, host, 0, steps.stop, rows),
            self.spikes[name][rows],
            self.plan.history[name],
            steps,
            (self._v[name][rows], self._u[name][rows]),
        )

    def _source(self, c: Connection, begin: int, rows: slice) -> tuple[np.ndarray, int]:
        """Spikes that a connection delivers, and the row of the step that begins."""
        return self.spikes[c.source][rows], self.plan.history[c.source] + begin - c.delay

    def _from_host(
        self, plan: LayerPlan, host: Mapping[str, np.ndarray], begin: int, end: int, rows: slice
    ) -> np.ndarray:
        """The sum of host currents (B, steps, size): one step where none changes, none if none."""
        shape = (rows.stop - rows.start, 0, plan.layout.size)
        total: np.ndarray = np.zeros(shape, self._number)
        for name in plan.host:
            total = _added(total, _host_rows(host[name], plan.layout, begin, end, rows))
        return total

    def _one_by_one(
        self,
        plan: LayerPlan,
        host: Mapping[str, np.ndarray],
        begin: int,
        end: int,
        rows: slice,
        currents: np.ndarray,
    ) -> np.ndarray:
        """Adds all currents in the program's order, (B, steps, size), as the reference does."""
        assert plan.in_order is not None
        wires: dict[str, Wire] = {wire.connection.name: wire for wire in plan.wires}
        total: np.ndarray = np.zeros(currents.shape, self._number)
        for c in plan.in_order:
            if c.on_host:
                total = total + _host_rows(host[c.name], plan.layout, begin, end, rows)
            elif c.name in wires:
                part = new_currents(len(currents), end - begin, plan.layout.size, plan.dtype)
                wires[c.name].add(*self._source(c, begin, rows), part)
                total = total + (part * plan.unit if self._number is np.float64 else part)
            else:
                at = self.plan.history[c.source] + begin - c.delay
                sent = self.membranes[c.source][rows, at : at + end - begin]
                if c.shift is not None:
                    sent = fixed_point.payload(sent)
                flat = sent.reshape(-1, *sent.shape[2:])
                summed = graded_sums(c, flat).reshape(*sent.shape[:2], *plan.layout.shape)
                part = np.zeros(currents.shape, self._number)
                plan.layout.inward(summed, part)
                total = total + part
        return total


_NO_SPIKES = np.zeros((0, 0, 0), np.uint8)


def _host_rows(
    current: np.ndarray, layout: Layout, begin: int, end: int, rows: slice
) -> np.ndarray:
    """A host current (B, T, *shape) in the engine's layout; one step of it if it never changes."""
    held = current.strides[1] == 0
    part = current[rows, :1] if held else current[rows, begin:end]
    made = np.zeros((*part.shape[:2], layout.size), current.dtype)
    layout.inward(part, made)
    return made


def _added(total: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Returns their sum over as many steps as the longer of the two has."""
    return part if not total.shape[1] else total + part
