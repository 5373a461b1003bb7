"""A program as one Lava process, with a batch axis that Lava itself does not have."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from snnvae.hardware_sim.fast.block import Block
from snnvae.hardware_sim.fast.plan import Plan
from snnvae.program import Program

# Attribute names of the ports: a colon keeps them apart from Lava's own attributes.
_SPIKES_IN, _CURRENT_IN, _OUT, _MEMBRANE = "spikes:", "current:", "out:", "membrane:"
_SPIKES_OUT, _ALL = "fired:", "all_spikes"
_MAX_HISTORY = 1 << 28
"""Spikes of samples so far, a byte each, that a process keeps."""


class NetworkProcess(AbstractProcess):
    """One logical step of a program per Lava step, for a batch of samples.

    Everything received in a step is used in it and everything sent comes from it: no latency. A
    batch of B samples has ports of shape (B, neurons); without a batch there is one sample and
    ports of shape (neurons,), to join with Lava's own processes. Neurons are flat, in C order.

    spikes_in: InPorts by input name. currents_in: InPorts by name of an analog-driven connection.
    outputs: OutPorts by layer (spikes, one byte each, or the membrane of a layer without).
    all_spikes: one OutPort with those of every layer that spikes, one layer after another.
    membranes: OutPorts by layer. What is connected to nothing costs nothing.

    program: all of its layers run. interval: steps per sample; the state is reset before each one,
    so that samples (or batches of them) may follow one another. offset: hardware steps before the
    first sample. waits: by input, the steps for which what comes in is kept, across samples.
    """

    def __init__(
        self,
        *,
        program: Program,
        interval: int,
        batch: int | None = None,
        offset: int = 0,
        waits: Mapping[str, int] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            program=program,
            interval=interval,
            batch=batch,
            offset=offset,
            waits=dict(waits or {}),
            name=name or "network",
        )
        lead = () if batch is None else (batch,)

        def port(kind: type, prefix: str, name: str, shape: tuple[int, ...]) -> Any:
            made = kind(shape=(*lead, prod(shape)))
            setattr(self, prefix + name, made)
            return made

        self.spikes_in: dict[str, InPort] = {
            i.name: port(InPort, _SPIKES_IN, i.name, i.shape)
            for i in program.inputs
            if not i.analog
        }
        self.currents_in: dict[str, InPort] = {
            c.name: port(InPort, _CURRENT_IN, c.name, program.shape_of(c.target))
            for c in program.connections
            if c.on_host
        }
        self.outputs: dict[str, OutPort] = {
            layer.name: port(
                OutPort, _SPIKES_OUT if layer.neuron.spiking else _OUT, layer.name, layer.shape
            )
            for layer in program.layers
        }
        spiking = [layer.size for layer in program.layers if layer.neuron.spiking]
        # Lava names a port by its attribute.
        self.all_spikes = OutPort(shape=(*lead, max(sum(spiking), 1)))
        self.membranes: dict[str, OutPort] = {
            layer.name: port(OutPort, _MEMBRANE, layer.name, layer.shape)
            for layer in program.layers
        }


class _PortTypes(type(PyLoihiProcessModel)):  # type: ignore[misc]
    """Lava looks up a port's type as a class attribute; ours bear the program's own names."""

    number: type

    def __getattr__(cls, name: str) -> LavaPyType:
        if name.startswith((_SPIKES_IN, _CURRENT_IN)):
            return LavaPyType(PyInPort.VEC_DENSE, cls.number)
        if name.startswith((_SPIKES_OUT, _ALL)):
            return LavaPyType(PyOutPort.VEC_DENSE, np.uint8)
        if name.startswith((_OUT, _MEMBRANE)):
            return LavaPyType(PyOutPort.VEC_DENSE, cls.number)
        raise AttributeError(name)


class _NetworkModel(PyLoihiProcessModel, metaclass=_PortTypes):
    """Steps the program with the fast engine."""

    number: type = float

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        program: Program = proc_params["program"]
        batch, waits = proc_params["batch"], proc_params["waits"]
        self._batch = 1 if batch is None else batch
        self._lead = () if batch is None else (batch,)
        self._program, self._layers = program, program.layers
        self._block: Block | None = None
        self._inputs = {i.name: i.shape for i in program.inputs if not i.analog}
        self._kept: dict[str, deque[np.ndarray]] = {
            name: deque([np.zeros((self._batch, 1, *shape), bool)] * waits[name])
            for name, shape in self._inputs.items()
            if name in waits
        }
        self._currents = {
            c.name: program.shape_of(c.target) for c in program.connections if c.on_host
        }

    def run_spk(self) -> None:
        """Receive, step, send."""
        block = self._block = self._block or self._new_block()
        step = (self.time_step - 1 - self.proc_params["offset"]) % self.proc_params["interval"]
        if step == 0:
            block.reset()
        spikes = {
            name: self._in_time(name, self._receive(_SPIKES_IN + name, shape))
            for name, shape in self._inputs.items()
        }
        currents = {
            name: self._receive(_CURRENT_IN + name, shape) for name, shape in self._currents.items()
        }
        at = step if block.window > 1 else 0
        block.run(spikes, currents, 1, at)
        self._send_all(block, at)
        if block.window == 1:
            block.forward(1)

    def _new_block(self) -> Block:
        """Makes a block with a sample's spikes so far where weights may be rounded,
        else with one step at a time.

        What has to be computed again is computed from the sample's first step on.
        """
        program, interval = self._program, self.proc_params["interval"]
        sent = [getattr(self, _MEMBRANE + layer.name).csp_ports for layer in self._layers]
        neurons = sum(layer.size for layer in self._layers)
        fits = self._batch * interval * neurons <= _MAX_HISTORY
        exact = program.precision == "fixed" or bool(self._currents) or any(sent) or not fits
        window = 1 if exact else interval
        plan = Plan.of(program, window, exact=exact, ordered=bool(self._currents))
        return Block(plan, self._batch, window)

    def _send_all(self, block: Block, step: int) -> None:
        every = getattr(self, _ALL)
        spiking = sum(layer.size for layer in self._layers if layer.neuron.spiking)
        together = np.empty((self._batch, 1, spiking if every.csp_ports else 0), np.uint8)
        at = 0
        for layer in self._layers:
            self._send_membrane(block, _MEMBRANE, layer.name)
            if not layer.neuron.spiking:
                self._send_membrane(block, _OUT, layer.name)
                continue
            if every.csp_ports:
                block.fired(layer.name, 1, together[..., at : at + layer.size], start=step)
                at += layer.size
            port = getattr(self, _SPIKES_OUT + layer.name)
            if port.csp_ports:
                port.send(block.fired(layer.name, 1, start=step).reshape(*self._lead, -1))
        if every.csp_ports:
            every.send(together.reshape(*self._lead, -1))

    def _send_membrane(self, block: Block, kind: str, layer: str) -> None:
        port = getattr(self, kind + layer)
        if port.csp_ports:
            port.send(block.membrane(layer).reshape(*self._lead, -1))

    def _in_time(self, name: str, spikes: np.ndarray) -> np.ndarray:
        """Returns what has waited long enough."""
        kept = self._kept.get(name)
        if kept is None:
            return spikes
        kept.append(spikes)
        return kept.popleft()

    def _receive(self, port: str, shape: tuple[int, ...]) -> np.ndarray:
        values: np.ndarray = getattr(self, port).recv()
        return values.reshape(self._batch, 1, *shape)


@implements(proc=NetworkProcess, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class NetworkModelFloat(_NetworkModel):
    """A float program: float64."""


@implements(proc=NetworkProcess, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class NetworkModelFixed(_NetworkModel):
    """A fixed-point program: int32 on the ports, as Lava's own processes."""

    number: type = np.int32
