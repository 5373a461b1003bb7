"""Connects the CPU's processes with a chip's: Lava's embedded I/O, where the target is a Loihi 2.

The adapters are in Intel's closed packages; Lava 0.10.0's own `lava.networks.gradedvecnetwork`
shows how they are used.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess

PACKAGE = "lava.proc.embedded_io.spike"
CURRENT_BITS = 16
"""Bits of the host's currents as graded spikes: what the quantiser keeps them in."""


@dataclass
class Adapters:
    """Puts an adapter on every port that crosses to or from a chip; on the CPU there is none."""

    on_chip: bool = False
    made: list[AbstractProcess] = field(default_factory=list)
    _inward: dict[int, OutPort] = field(default_factory=dict)

    def to_chip(self, port: OutPort, bits: int = 0) -> OutPort:
        """Gives what a source on the CPU sends, for the chip: spikes, or values of `bits` bits."""
        if not self.on_chip:
            return port
        if id(port) not in self._inward:
            adapter = self._make("PyToNxAdapter", shape=port.shape, num_message_bits=bits)
            port.connect(adapter.inp)
            self._inward[id(port)] = adapter.out
        return self._inward[id(port)]

    def to_cpu(self, port: OutPort) -> OutPort:
        """Gives what the chip sends, as a sink on the CPU gets it."""
        if not self.on_chip:
            return port
        adapter = self._make("NxToPyAdapter", shape=port.shape)
        port.connect(adapter.inp)
        out: OutPort = adapter.out
        return out

    def _make(self, name: str, **arguments: Any) -> Any:
        adapter = getattr(importlib.import_module(PACKAGE), name)(**arguments)
        self.made.append(adapter)
        return adapter
