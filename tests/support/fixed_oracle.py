"""A fixed-point program in plain integers, neuron by neuron, as Lava documents its models."""

from __future__ import annotations

from typing import Any

import numpy as np

TOP = 2**23


def run(program: Any, streams: dict[str, np.ndarray], currents: dict[str, np.ndarray]) -> Any:
    """(spikes, membranes) of each layer, (T, N), for one sample.

    streams: spikes by input (T, N); currents: of the host, by connection (T, N).
    """
    steps = len(next(iter({**streams, **currents}.values())))
    layers = [_Layer(layer) for layer in program.layers]
    matrices = {c.name: c.synapse.matrix().toarray().astype(object) for c in program.connections}
    sent: dict[str, list[Any]] = {
        name: [row.astype(int) for row in s] for name, s in streams.items()
    }
    for layer in layers:
        sent[layer.name] = []
    for t in range(steps):
        for layer in layers:
            total = [0] * layer.size
            for c in program.into(layer.name):
                total = [a + b for a, b in zip(total, _arriving(c, t, sent, matrices, currents))]
            sent[layer.name].append(layer.step(total))
    spikes = {layer.name: np.array(sent[layer.name]) for layer in layers}
    return spikes, {layer.name: np.array(layer.trace) for layer in layers}


def _arriving(c: Any, t: int, sent: Any, matrices: Any, currents: Any) -> list[int]:
    if c.on_host:
        return [int(x) for x in currents[c.name][t]]
    if t < c.delay:
        return [0] * len(matrices[c.name])
    values = sent[c.source][t - c.delay]
    if c.shift is not None:
        values = [int(v) // 64 for v in values]
    totals = [
        sum(int(w) * int(x) for w, x in zip(row, values) if w and x) for row in matrices[c.name]
    ]
    if c.shift is None:
        return totals
    return [n // 2**c.shift if c.shift >= 0 else n * 2**-c.shift for n in totals]


class _Layer:
    def __init__(self, layer: Any) -> None:
        self.name, self.size, neuron = layer.name, layer.size, layer.neuron

        def per(value: Any) -> list[int]:
            return [int(x) for x in np.broadcast_to(value, layer.shape).reshape(-1)]

        self.dv, self.v = per(neuron.dv), per(neuron.start)
        self.mantissa, self.exponent = per(neuron.bias.mantissa), neuron.bias.exponent
        self.du = per(4095 if neuron.du is None else neuron.du)
        self.u = [0] * self.size
        self.threshold = None if neuron.threshold is None else per(neuron.threshold)
        self.reset, self.fires_at_threshold = neuron.reset, neuron.fires_at_threshold
        self.trace: list[list[int]] = []

    def step(self, total: list[int]) -> list[int]:
        out = [self._neuron(i, total[i]) for i in range(self.size)]
        self.trace.append(list(self.v))
        return out

    def _neuron(self, i: int, weights: int) -> int:
        u = _decayed(self.u[i], self.du[i] + 1) + weights * 64
        if u > TOP:
            u -= 2 * TOP
        elif u <= -TOP:
            u += 2 * TOP
        before = self.v[i]
        v = _clipped(_decayed(before, self.dv[i]) + u + self.mantissa[i] * 2**self.exponent)
        self.u[i] = u
        if self.threshold is None:
            self.v[i] = 0 if v > (2**17 - 1) * 64 else v
            return self.v[i]
        level = self.threshold[i] * 64
        if self.reset == "subtract-delayed":
            self.v[i] = v = _clipped(v - level * self._over(before, level))
            return int(self._over(v, level))
        if self.reset == "subtract-ahead":
            owed = self._over(before, level)
            v = _clipped(v - level * owed)
            spike = self._over(v, level)
            self.v[i] = _clipped(v - level * (spike - owed))
            return int(spike)
        fires = self._over(v, level)
        self.v[i] = (0 if self.reset == "zero" else v - level) if fires else v
        return int(fires)

    def _over(self, v: int, level: int) -> bool:
        return v >= level if self.fires_at_threshold else v > level


def _decayed(state: int, constant: int) -> int:
    size = abs(state) * (4096 - constant) // 4096
    return -size if state < 0 else size


def _clipped(v: int) -> int:
    return max(-TOP + 1, min(TOP - 1, v))
