"""netx files (HDF5) in and out. A file is looked through before anything is read from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast, get_args

import h5py
import numpy as np

from snnvae.errors import GraphError, UnsupportedError
from snnvae.export.netx.layer import CubaNeuron, Geometry, Kind, NetxLayer
from snnvae.hdf5_check import Hdf5Check, open_hdf5
from snnvae.hdf5_write import hdf5_aside
from snnvae.primitive import Shape
from snnvae.primitives.convolution import check_numbers

MAX_LAYERS = 1000
NEURONS = ("CUBA", "LOIHI")


def save(layers: tuple[NetxLayer, ...], path: Path) -> None:
    """Write the layers aside and rename the file into place."""
    with hdf5_aside(Path(path)) as output, h5py.File(output, "w") as file:
        for i, layer in enumerate(layers):
            _write(file.create_group(f"layer/{i}"), layer)


def _write(group: h5py.Group, layer: NetxLayer) -> None:
    group.create_dataset("type", data=np.array([layer.kind.encode()], "S10"))
    group["shape"] = np.array(layer.shape)
    if layer.weight is not None:
        group["weight"] = layer.weight.astype(np.int32)
        outer, inner = ("Channels",) * 2 if layer.geometry else ("Features",) * 2
        per_group = layer.geometry.groups if layer.geometry else 1
        group[f"in{inner}"] = layer.weight.shape[1] * per_group
        group[f"out{outer}"] = layer.weight.shape[0]
    if layer.geometry is not None and layer.weight is not None:
        group["kernelSize"] = np.array(layer.weight.shape[2:])
        group["stride"] = np.array(layer.geometry.stride)
        group["padding"] = np.array(layer.geometry.padding)
        group["dilation"] = np.array(layer.geometry.dilation)
        group["groups"] = layer.geometry.groups
    if layer.bias is not None:
        # Per channel as it is; per neuron in the order of the ports, (W, H, C).
        bias = layer.bias.transpose(2, 1, 0) if layer.bias.ndim == 3 else layer.bias
        group["bias"] = bias.astype(np.int32)
    if layer.neuron is not None:
        group["neuron/type"] = "CUBA"
        group["neuron/iDecay"] = layer.neuron.current_decay
        group["neuron/vDecay"] = layer.neuron.voltage_decay
        group["neuron/vThMant"] = layer.neuron.threshold
        group["neuron/refDelay"] = 1
        group["neuron/gradedSpike"] = False


def load(path: Path) -> tuple[NetxLayer, ...]:
    """Read and validate a netx file.

    GraphError, in one line, for a file that is damaged or hostile; UnsupportedError for layers and
    neurons that have no place in a fixed-point LIF network.
    """
    path = Path(path)
    if not path.exists():
        raise GraphError(f"{path}: no such file; give the .net file that lava-dl wrote")
    if not path.is_file():
        raise GraphError(f"{path}: not a regular file; give a .net file on disk")
    with open_hdf5(path, GraphError, "not a netx file, or truncated", "export it again") as file:
        if not isinstance(file.get("layer", getlink=True), h5py.HardLink) or not isinstance(
            file["layer"], h5py.Group
        ):
            raise GraphError(f"{path}: an HDF5 file, but not netx (it has no 'layer' group)")
        Hdf5Check(str(path), GraphError).group(file["layer"])
        names = sorted(file["layer"])
        if not 0 < len(names) <= MAX_LAYERS or names != sorted(map(str, range(len(names)))):
            raise GraphError(f"{path}: its layers are not numbered from 0 on; export it again")
        return tuple(_layer(file["layer"][str(i)], path, i) for i in range(len(names)))


def _layer(group: Any, path: Path, index: int) -> NetxLayer:
    where = f"{path}: layer {index}"
    try:
        if not isinstance(group, h5py.Group):
            raise GraphError("is not a group; export it again")
        return _read(group)
    except (GraphError, UnsupportedError) as error:
        raise type(error)(f"{where} {error}") from None


def _read(group: h5py.Group) -> NetxLayer:
    kind = _text(group, "type")
    if kind not in get_args(Kind):
        raise UnsupportedError(
            f"is of type {kind[:40]!r}, which is not read; write the network with "
            f"{', '.join(get_args(Kind))}"
        )
    shape: Shape = tuple(int(n) for n in _array(group, "shape").reshape(-1))
    if not 1 <= len(shape) <= 3 or min(shape) < 1:
        raise GraphError(f"has the shape {shape}; export it again")
    if "delay" in group and _array(group, "delay").any():
        raise UnsupportedError(
            "has delays, whose spikes netx carries into the next sample; train without"
        )
    has_neuron = isinstance(group.get("neuron"), h5py.Group)
    neuron = _neuron(group["neuron"]) if has_neuron else None
    weight = bias = geometry = transform = None
    if kind == "input":
        transform = (_number(group, "weight", 64), _number(group, "bias", 0))
    elif kind != "flatten":
        if isinstance(group.get("weight"), h5py.Group):
            raise UnsupportedError("has complex weights; write it with real ones")
        weight = _array(group, "weight")
        bias = _array(group, "bias") if "bias" in group else None
    if kind == "conv" and weight is not None:
        geometry = Geometry(
            _pair(group, "stride"),
            _pair(group, "padding"),
            _pair(group, "dilation"),
            _number(group, "groups"),
        )
        if weight.ndim == 5 and weight.shape[4] == 1:
            weight = weight[..., 0]
        check_numbers(weight, geometry.stride, geometry.padding, geometry.dilation)
    return NetxLayer(cast(Kind, kind), shape, neuron, weight, bias, geometry, transform)


def _neuron(group: h5py.Group) -> CubaNeuron:
    kind = _text(group, "type")
    if kind not in NEURONS:
        raise UnsupportedError(
            f"has {kind[:40]!r} neurons; only {' and '.join(NEURONS)} (LIF) are read"
        )
    values = [_number(group, key) for key in ("iDecay", "vDecay", "vThMant")]
    for key, value, top in zip(("iDecay", "vDecay", "vThMant"), values, (4096, 4096, 1 << 18)):
        if not 0 <= value <= top:
            raise GraphError(f"has {key} = {value}, outside 0…{top}; export it again")
    return CubaNeuron(*values)


def _text(group: h5py.Group, key: str) -> str:
    data = _data(group, key)
    if h5py.check_string_dtype(data.dtype) is None or data.size != 1:
        raise GraphError(f"has no text in '{key}'; export it again")
    value = np.asarray(data[()]).reshape(-1)[0]
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _array(group: h5py.Group, key: str) -> np.ndarray:
    """Reads whole numbers, int64; netx drops fractions when it reads them, toward zero."""
    data = _data(group, key)
    if data.dtype.kind not in "biuf" or not data.size:
        raise GraphError(f"has no numbers in '{key}'; export it again")
    values = np.asarray(data[()])
    if np.abs(values.astype(np.float64)).max() > np.iinfo(np.int32).max:
        raise GraphError(f"has numbers in '{key}' beyond 32 bits; export it again")
    return values.astype(np.int64)


def _number(group: h5py.Group, key: str, otherwise: int | None = None) -> int:
    if key not in group and otherwise is not None:
        return otherwise
    values = _array(group, key)
    if values.size != 1:
        raise UnsupportedError(f"has {values.size} values in '{key}', where netx takes one")
    return int(values.reshape(-1)[0])


def _pair(group: h5py.Group, key: str) -> tuple[int, int]:
    values = _array(group, key).reshape(-1)
    if values.size not in (1, 2):
        raise GraphError(f"has {values.size} values in '{key}', needs two; export it again")
    return int(values[0]), int(values[-1])


def _data(group: h5py.Group, key: str) -> h5py.Dataset:
    data = group.get(key)
    if not isinstance(data, h5py.Dataset):
        raise GraphError(f"has no '{key}'; export it again")
    return data
