"""A module beside the program that its graph compiles to, on noise, spike for spike.

Following a forward pass shows what it does to tensors; this shows that the two compute the same.
Both run in float64, so that they differ by rounding alone, and each layer of the program goes on
from what the module's cells put out: where a neuron differs, the cause is in its own layer, and a
membrane that rounding alone carries over its threshold (`rounding.py`) has no consequences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import nir
import numpy as np
import torch
from torch import nn

from snnvae.deploy.compile import compile_graph
from snnvae.errors import GraphError, SnnvaeError, UnsupportedError
from snnvae.export.norse.cells import norse_class
from snnvae.export.norse.loan import on_loan
from snnvae.export.norse.protocol import StateProtocol, unwrapped
from snnvae.export.norse.rounding import Rounding
from snnvae.export.norse.trace import Trace, module_names, trace
from snnvae.export.norse.traced_step import INPUT
from snnvae.export.norse.value import find
from snnvae.export.user_module import RAISED
from snnvae.hardware_sim.host import host_currents
from snnvae.hardware_sim.stepper import Stepper
from snnvae.plain_text import words_of
from snnvae.primitive import State
from snnvae.primitives.neuron import FloatNeuron
from snnvae.program import Layer, Program
from snnvae.stimulus import Stimulus

SEED = 0


@dataclass
class Played:
    """What a module did. calls: the output of each call of a cell; results: what came out."""

    dtype: torch.dtype
    calls: list[np.ndarray] = field(default_factory=list)
    results: list[list[np.ndarray]] = field(default_factory=list)


def check_same(module: nn.Module, graph: nir.NIRGraph, found: Trace, *, analog: bool) -> None:
    """UnsupportedError with step, layer and neuron where module and program first differ.

    A graph that the compiler refuses is not run: the compiler says why when it is asked.
    """
    shape = tuple(int(n) for n in found.network.placed[INPUT].node.output_type["output"])
    noise = _noise((found.steps, found.batch, *shape), analog)
    found, played = _play_exactly(module, found, noise, spikes=not analog)
    try:
        program = compile_graph(found.network.graph(found.outputs, graph.metadata)).program
    except SnnvaeError:
        return
    if len(played.calls) != len(found.populations):
        raise UnsupportedError(
            "what the module does depends on its data: on noise it calls its cells "
            f"{len(played.calls)} times, while it was followed {len(found.populations)} times"
        )
    SideBySide(program, found, played, noise).run()


def _noise(shape: tuple[int, ...], analog: bool) -> np.ndarray:
    """Spikes, a rate for each sample, or values of [−1, 1]; (steps, batch, …)."""
    rng = np.random.default_rng(SEED)
    if analog:
        return rng.uniform(-1, 1, shape)
    rates = np.linspace(0.2, 0.8, shape[1]).reshape(1, -1, *[1] * (len(shape) - 2))
    return rng.random(shape) < rates


def _play_exactly(
    module: nn.Module, found: Trace, noise: np.ndarray, *, spikes: bool
) -> tuple[Trace, Played]:
    """The trace and the run of a module in float64; in its own type where that is part of it."""
    exact = partial(trace, module, noise.shape[2:], over_time=found.over_time, spikes=spikes)
    with suppress(*RAISED):  # whatever a module raises whose forward() states a type
        other = exact(steps=found.steps, dtype=torch.float64)
        if other.network.same_form(found.network):
            return other, play(module, other, noise, torch.float64)
    try:
        return found, play(module, found, noise, None)
    except RAISED as error:
        told = words_of(error, 300)
        raise GraphError(f"the module fails on noise of its input's shape: {told}") from error


def play(module: nn.Module, found: Trace, noise: np.ndarray, dtype: torch.dtype | None) -> Played:
    """What a module does of data (steps, batch, …), for all steps, in `dtype` or its own type."""
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
    played = Played(dtype or like.dtype)
    x = torch.from_numpy(noise).to(like.device, played.dtype)
    names = module_names(module)
    own = partial(_watched, played.calls)
    with on_loan(names, own, dtype=dtype, forget=found.forgets), torch.no_grad():
        protocol = StateProtocol(module, found.states)
        for result in protocol.outputs([x] if found.over_time else x):
            played.results.append([as_array(tensor) for tensor in find(torch.Tensor, result)])
    return played


def _watched(calls: list[np.ndarray], module: nn.Module) -> Callable[..., Any]:
    """What a module does while it is watched: Norse's cells leave what they put out."""
    inner = unwrapped(module)
    own: Callable[..., Any] = module.forward if inner is module else inner.__call__
    if not norse_class(module):
        return own

    def run(*args: Any, **kwargs: Any) -> Any:
        result = own(*args, **kwargs)
        calls.append(_in_bytes(as_array(result[0])))
        return result

    return run


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """A copy that nothing changes any more."""
    return np.array(tensor.detach().cpu().numpy())


def _in_bytes(values: np.ndarray) -> np.ndarray:
    """The same numbers; spikes take a byte each."""
    spikes = values != 0
    return spikes if (values == spikes).all() else values


class SideBySide(Stepper):
    """A program that goes on from what a module's cells put out, and says where it differs."""

    def __init__(self, program: Program, found: Trace, played: Played, noise: np.ndarray) -> None:
        super().__init__(program, found.batch)
        self._noise, self._found, self._played = noise, found, played
        self._step = 0
        self._cells = _by_layer(program, found, played)
        largest = {name: float(np.abs(said).max()) for name, said in self._cells.items()}
        self._rounding = Rounding(found, largest, float(torch.finfo(played.dtype).eps))

    def run(self) -> None:
        """All steps; UnsupportedError where a layer differs by more than rounding."""
        streams = {port.name: self._noise.swapaxes(0, 1) for port in self.program.inputs}
        stimulus = Stimulus(streams, tuple(range(self.batch)))
        host = host_currents(self.program, stimulus)
        for step, now in enumerate(self._noise):
            self._step = step
            ports = {i.name: now for i in self.program.inputs if not i.analog}
            out = self.step(ports, {name: c[:, self._step] for name, c in host.items()})
            self._check_outputs(out)

    def update(self, layer: Layer, before: State, current: np.ndarray) -> tuple[np.ndarray, State]:
        """A layer's step, compared with the module's, which it goes on from."""
        neuron = layer.neuron
        assert isinstance(neuron, FloatNeuron), "the program is in float64"
        own, after = neuron.step(before, current)
        silent = replace(neuron, threshold=None)
        membrane, _ = silent.step(before, current)
        slack = self._rounding.after_step(layer.name, neuron, membrane, after)
        if layer.name not in self._cells:
            return own, after
        theirs = self._cells[layer.name][self._step].reshape(own.shape)
        if not neuron.spiking:
            theirs = theirs.astype(np.float64) - neuron.origin
            self._refuse_where(np.abs(theirs - own) > slack, layer.name, theirs, own)
            return theirs, (theirs, *after[1:])
        theirs = theirs != 0
        assert neuron.threshold is not None
        threshold = np.broadcast_to(neuron.threshold, membrane.shape)
        far = np.abs(membrane - threshold) > slack
        self._refuse_where((theirs != own) & far, layer.name, theirs, own)
        rest = 0.0 if neuron.reset == "zero" else membrane - threshold
        return theirs, (np.where(theirs, rest, membrane), *after[1:])

    def _check_outputs(self, out: Mapping[str, np.ndarray]) -> None:
        """What comes out of no cell itself, at each step or after the last."""
        last = self._step == self._found.steps - 1
        results = self._played.results[0 if self._found.over_time else self._step]
        if len(results) != len(self._found.outputs):
            raise UnsupportedError(
                f"forward() returns {len(results)} tensors, but {len(self._found.outputs)} that "
                "come from its input through torch functions; return these alone"
            )
        for (name, ids), whole in zip(self._found.outputs.items(), results):
            layer = self.program.outputs[name]
            if layer in self._cells:
                continue
            own = out[layer] if out[layer].dtype == bool else self._real(layer, out[layer])
            if self._found.over_time and whole.size == own.size * self._found.steps:
                theirs = whole[self._step]
            elif last or not self._found.over_time:
                theirs = whole
            else:
                continue
            slack = self._rounding.of_output(layer, ids, theirs)
            theirs, own = theirs.reshape(own.shape).astype(np.float64), own.astype(np.float64)
            self._refuse_where(np.abs(theirs - own) > slack, name, theirs, own)

    def _real(self, layer: str, membrane: np.ndarray) -> np.ndarray:
        return next(la for la in self.program.layers if la.name == layer).to_real(membrane)

    def _refuse_where(
        self, wrong: np.ndarray, name: str, theirs: np.ndarray, own: np.ndarray
    ) -> None:
        if not wrong.any():
            return
        sample, *neuron = (int(i) for i in np.argwhere(wrong)[0])
        at = (sample, *neuron)
        raise UnsupportedError(
            f"the module does not compute as its graph does: in time step {self._step + 1}, neuron "
            f"{tuple(neuron)} of '{name}' gives {float(theirs[at]):g} there and "
            f"{float(own[at]):g} here, on the same noise; something in forward() depends on what "
            "torch's functions do not show, such as a value or the number of a step"
        )


def _by_layer(program: Program, found: Trace, played: Played) -> dict[str, np.ndarray]:
    """What each layer's cell put out: (steps, batch, …)."""
    names = found.network.names(found.outputs)
    layers = {layer.name for layer in program.layers}
    said: dict[str, dict[int, np.ndarray]] = {}
    for ids, out in zip(found.populations, played.calls):
        for step, i in ids.items():
            if names.get(i) in layers:
                said.setdefault(names[i], {})[step] = out[step] if len(ids) > 1 else out
    return {name: np.stack([steps[t] for t in range(found.steps)]) for name, steps in said.items()}
