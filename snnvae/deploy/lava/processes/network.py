"""Network: a program as one Lava process, with a batch axis that Lava itself does not have."""

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

from snnvae.hardware_sim.kernels import csr_map
from snnvae.hardware_sim.stepper import Stepper
from snnvae.program import Program

# Attribute names of the ports: a colon keeps them apart from Lava's own attributes.
_SPIKES_IN, _CURRENT_IN, _OUT, _MEMBRANE = "spikes:", "current:", "out:", "membrane:"


class Network(AbstractProcess):
    """One logical step of a program per Lava step, for a batch of samples.

    Everything received in a step is used in it and everything sent comes from it: no latency. A
    batch of B samples has ports of shape (B, neurons); without a batch there is one sample and
    ports of shape (neurons,), to join with Lava's own processes. Neurons are flat, in C order.

    spikes_in: InPorts by input name. currents_in: InPorts by name of an analog-driven connection.
    outputs: OutPorts by layer (spikes, or the membrane of a layer without). membranes: OutPorts by
    layer.

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
            layer.name: port(OutPort, _OUT, layer.name, layer.shape) for layer in program.layers
        }
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
        if name.startswith((_OUT, _MEMBRANE)):
            return LavaPyType(PyOutPort.VEC_DENSE, cls.number)
        raise AttributeError(name)


class _NetworkModel(PyLoihiProcessModel, metaclass=_PortTypes):
    """Steps the program with sparse matrices, independent of the primitives' own sums."""

    number: type = float

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self._program: Program = proc_params["program"]
        batch, waits = proc_params["batch"], proc_params["waits"]
        self._batch = 1 if batch is None else batch
        self._lead = () if batch is None else (batch,)
        self._stepper = Stepper(self._program, self._batch, csr_map)
        self._kept: dict[str, deque[np.ndarray]] = {
            i.name: deque([np.zeros((self._batch, *i.shape), bool)] * waits[i.name])
            for i in self._program.inputs
            if i.name in waits
        }
        self._shapes = {
            c.name: self._program.shape_of(c.target) for c in self._program.connections if c.on_host
        }

    def run_spk(self) -> None:
        """Receive, step, send."""
        since = self.time_step - 1 - self.proc_params["offset"]
        if since % self.proc_params["interval"] == 0:
            self._stepper.reset()
        spikes = {
            i.name: self._in_time(i.name, self._receive(_SPIKES_IN + i.name, i.shape))
            for i in self._program.inputs
            if not i.analog
        }
        currents = {
            name: self._receive(_CURRENT_IN + name, shape) for name, shape in self._shapes.items()
        }
        out = self._stepper.step(spikes, currents)
        for layer in self._program.layers:
            self._send(_OUT + layer.name, out[layer.name])
            self._send(_MEMBRANE + layer.name, self._stepper.states[layer.name][0])

    def _in_time(self, name: str, spikes: np.ndarray) -> np.ndarray:
        """What has waited long enough."""
        kept = self._kept.get(name)
        if kept is None:
            return spikes
        kept.append(spikes)
        return kept.popleft()

    def _receive(self, port: str, shape: tuple[int, ...]) -> np.ndarray:
        values: np.ndarray = getattr(self, port).recv()
        return values.reshape(self._batch, *shape)

    def _send(self, port: str, values: np.ndarray) -> None:
        getattr(self, port).send(values.reshape(*self._lead, -1))


@implements(proc=Network, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class NetworkModelFloat(_NetworkModel):
    """A float program: float64."""


@implements(proc=Network, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class NetworkModelFixed(_NetworkModel):
    """A fixed-point program: int64 inside, int32 on the ports, as Lava's own processes."""

    number: type = np.int32
