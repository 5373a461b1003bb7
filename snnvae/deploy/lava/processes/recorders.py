"""Models of Lava's own sinks that write to a file: `sink.RingBuffer` and `sink.Read`.

The processes stay Lava's. Their parameter "traces" says which columns to write where; a run
configuration chooses these models through its `exception_proc_model_map`. A port gives what comes
in as its sender's type.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyRefPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.io import sink


@implements(proc=sink.RingBuffer, protocol=LoihiProtocol)
@requires(CPU)
class FileSink(PyLoihiProcessModel):
    """Writes what it receives at each step."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.uint8)
    data: np.ndarray = LavaPyType(np.ndarray, float)

    def run_spk(self) -> None:
        """Receive and store."""
        # One sender, flat: what a port adds up over several need not be copied.
        (sender,) = self.a_in.csp_ports
        values = sender.recv()
        for columns, trace in self.proc_params["traces"]:
            trace.put(self.time_step, values[..., columns])


class _FileRead(PyLoihiProcessModel):
    """Writes the variable it reads, after the step, at its interval and offset."""

    state: Any = None
    data: Any = None
    interval: np.ndarray = LavaPyType(np.ndarray, int)
    offset: np.ndarray = LavaPyType(np.ndarray, int)

    def post_guard(self) -> bool:
        """Tells whether to read after this step."""
        return (self.time_step - 1) % int(self.interval[0]) == int(self.offset[0])

    def run_post_mgmt(self) -> None:
        """Read and store."""
        values = self.state.read()
        for columns, trace in self.proc_params["traces"]:
            trace.put(self.time_step, values[..., columns])


@implements(proc=sink.Read, protocol=LoihiProtocol)
@requires(CPU)
class FileReadFloat(_FileRead):
    """A reader of a float variable."""

    state: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    data: np.ndarray = LavaPyType(np.ndarray, float)


@implements(proc=sink.Read, protocol=LoihiProtocol)
@requires(CPU)
class FileReadFixed(_FileRead):
    """A reader of an integer variable."""

    state: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32)
    data: np.ndarray = LavaPyType(np.ndarray, np.int32)
