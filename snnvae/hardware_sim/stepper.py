"""One logical step of a program after another: the definition of what a program computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from snnvae.primitive import State
from snnvae.primitives import fixed_point
from snnvae.program import Connection, Layer, Program


def graded_sums(connection: Connection, values: np.ndarray) -> np.ndarray:
    """The currents that membranes give: (B, *in_shape) → (B, *out_shape).

    Row by row: sums of any float64 may round differently for another number of rows.
    """
    rows = [connection.synapse.apply(row) for row in values[:, None]]
    summed = np.concatenate(rows)
    return summed if connection.shift is None else fixed_point.shifted(summed, connection.shift)


class Stepper:
    """Runs a program for a batch by the primitives' own definitions.

    It holds membranes and delayed spikes.
    """

    def __init__(self, program: Program, batch: int) -> None:
        self.program = program
        self.batch = batch
        self._into = {layer.name: program.into(layer.name) for layer in program.layers}
        self._delayed = [c for c in program.connections if c.delay and not c.on_host]
        self._dtype = np.float64 if program.precision == "float" else np.int64
        self.states: dict[str, State] = {}
        self.currents: dict[str, np.ndarray] = {}
        self.reset()

    @property
    def membranes(self) -> dict[str, np.ndarray]:
        """Membrane of each layer, (B, *shape)."""
        return {name: state[0] for name, state in self.states.items()}

    def reset(self) -> None:
        """Goes back to before the first step: initial states, empty delays."""
        for layer in self.program.layers:
            self.states[layer.name] = layer.neuron.initial(self.batch, layer.shape)
        # Filled as steps go by: a delay may be longer than any sample.
        self._past: dict[str, deque[np.ndarray]] = {c.name: deque() for c in self._delayed}

    def step(
        self, inputs: Mapping[str, np.ndarray], host: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Runs one step. inputs: spikes by input (B, *shape); host: currents by connection name.

        Returns every population's output: spikes (bool), or the membrane of a layer that has none.
        """
        out: dict[str, np.ndarray] = dict(inputs)
        for layer in self.program.layers:
            current = np.zeros((self.batch, *layer.shape), self._dtype)
            for c in self._into[layer.name]:
                if c.on_host:
                    current = current + host[c.name]
                    continue
                source = self._arriving(c) if c.delay else self._sent(c, out)
                if source is None:
                    continue
                if self.program.carries_membranes(c):
                    weighted = graded_sums(c, source)
                else:
                    weighted = c.synapse.apply(source)
                # A Flatten may lie between the weights and the layer.
                current = current + weighted.reshape(current.shape)
            self.currents[layer.name] = current
            before = self.states[layer.name]
            out[layer.name], self.states[layer.name] = self.update(layer, before, current)
        for c in self._delayed:
            past = self._past[c.name]
            if len(past) == c.delay:
                past.popleft()
            past.append(self._sent(c, out))
        return out

    def update(self, layer: Layer, before: State, current: np.ndarray) -> tuple[np.ndarray, State]:
        """One step of a layer: its output and its state."""
        return layer.neuron.step(before, current)

    def _arriving(self, c: Connection) -> np.ndarray | None:
        """Gives what a delayed connection delivers in this step;
        None if nothing has come so far yet."""
        past = self._past[c.name]
        return past[0] if len(past) == c.delay else None

    def _sent(self, c: Connection, out: Mapping[str, np.ndarray]) -> np.ndarray:
        """Gives what a connection's source sends in this step:
        spikes, membranes or their payloads."""
        values = out[c.source].astype(self._dtype)
        return values if c.shift is None else fixed_point.payload(values)
