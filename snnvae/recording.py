"""Recording: what a run gave, the same whichever backend ran it.

Keyed by the NIR graph's own node names and in logical time, so that recordings of any two backends
compare directly. The file holds the graph (`/node`, which `nir.read` opens), the spikes (`/nodes`,
flat, which `nir.read_data` opens) and what snnvae adds (`/snnvae`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np

from snnvae.errors import DataError
from snnvae.files import write_aside

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Recording:
    """Spikes and values of one run over B samples and T steps.

    spikes: spiking layers and spike inputs, bool (B, T, *shape).
    analog: analog inputs, (B, T, *shape) float.
    final: last membrane of each layer that does not spike, (B, *shape), in the backend's units
    (float, or integers of fixed point).
    outputs: value of each output whose layer does not spike, in real units, (B, *shape).
    membranes: membranes after each step where asked for, (B, T, *shape), in the backend's units.
    info: backend, precision, dt, steps, seed, samples, program (SHA-256), latency (hardware steps).
    """

    spikes: Mapping[str, np.ndarray]
    analog: Mapping[str, np.ndarray] = field(default_factory=dict)
    final: Mapping[str, np.ndarray] = field(default_factory=dict)
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict)
    membranes: Mapping[str, np.ndarray] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)

    def save(self, path: Path, graph: nir.NIRGraph) -> None:
        """Write recording.h5 aside and rename it into place."""
        data = {
            name: nir.NIRNodeData({"spikes": nir.TimeGriddedData(_flat(spikes), self.info["dt"])})
            for name, spikes in self.spikes.items()
        }
        with write_aside(path) as temporary:
            nir.write_data(str(temporary), nir.NIRGraphData(data))
            buffer = BytesIO()
            nir.write(buffer, graph)
            with h5py.File(buffer, "r") as source, h5py.File(temporary, "a") as target:
                for name in ("version", "node"):
                    source.copy(name, target)
                own = target.create_group("snnvae")
                own.attrs["format"] = FORMAT_VERSION
                own.attrs["info"] = json.dumps(dict(self.info))
                own.attrs["shapes"] = json.dumps({n: s.shape[2:] for n, s in self.spikes.items()})
                for part in ("analog", "final", "outputs", "membranes"):
                    group = own.create_group(part)
                    for name, values in getattr(self, part).items():
                        group.create_dataset(name, data=values, compression="gzip")

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read a recording; DataError if the file is not one of ours."""
        try:
            with h5py.File(path, "r") as file:
                own = file["snnvae"]
                if (found := int(own.attrs["format"])) != FORMAT_VERSION:
                    raise ValueError(f"format {found}, this snnvae reads {FORMAT_VERSION}")
                shapes = json.loads(own.attrs["shapes"])
                spikes = {}
                for name, shape in shapes.items():
                    flat = file["nodes"][name]["observables"]["spikes"]["data"][()]
                    spikes[name] = flat.reshape(*flat.shape[:2], *shape)
                parts = {
                    part: {name: values[()] for name, values in own[part].items()}
                    for part in ("analog", "final", "outputs", "membranes")
                }
                info = dict(json.loads(own.attrs["info"]))
                return cls(spikes=spikes, info=info, **parts)
        except FileNotFoundError:
            raise DataError(f"{path}: no such file; give a recording.h5 that a run wrote") from None
        except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())
            raise DataError(
                f"{path}: not a recording of snnvae ({reason}); give the recording.h5 of a run"
            ) from None


def _flat(spikes: np.ndarray) -> np.ndarray:
    return spikes.reshape(*spikes.shape[:2], -1)
