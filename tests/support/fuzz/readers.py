"""Every reader of files that a stranger may have written: good files to damage, and the reading.

A reading goes as far as the tool does with such a file before it works: a NIR file is compiled,
a checkpoint becomes a network, a recording is counted.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np

from fuzz.mutate import (
    Mutation,
    damaged,
    hdf5_changed,
    npy_retold,
    retold,
    torch_changed,
)

DT = 1e-3


@dataclass(frozen=True)
class Reader:
    """suffix: of the files. good: makes the files. read: of a path, all that follows a reading."""

    suffix: str
    good: Callable[[Path], Sequence[bytes]]
    read: Callable[[Path], object]
    mutations: tuple[Mutation, ...]


def _bytes(folder: Path, *writers: Callable[[Path], object]) -> list[bytes]:
    path = folder / "good"
    contents = []
    for write in writers:
        write(path)
        contents.append(path.read_bytes())
        path.unlink()
    return contents


# Text


def _chips(_: Path) -> list[bytes]:
    home = files("snnvae.deploy.chips")
    return [f.read_bytes() for f in home.iterdir() if f.name.endswith(".toml")]


def _chip(path: Path) -> None:
    from snnvae.deploy.chips.chip import load_chip

    load_chip(path)


def _profiles(_: Path) -> list[bytes]:
    home = files("snnvae.energy") / "profiles"
    return [f.read_bytes() for f in home.iterdir() if f.name.endswith(".toml")]


def _profile(path: Path) -> None:
    from snnvae.energy.profile_file import load_profile

    load_profile(path)


def _settings_files(_: Path) -> list[bytes]:
    return [
        b'model = "esvae"\ndataset = "digits"\nwidths = [4, 6]\nlatent = 5\nsteps = 7\nlr = 0.01\n'
        b'batch = 50\nepochs = 3\nschedule = "cosine"\nwarmup = 0.1\nseed = 3\nk = 2\n',
        b'model = "fsvae"\ndataset = "celeba"\nimage_size = 16\nwidths = [4]\nanneal = [16, 8]\n'
        b"prior_hidden = [8, 8]\nspike_budget = 1e5\nvalidation = 0.1\n",
        b'model = "ann-vae"\ndataset = "mnist"\nsteps = 1\n',
    ]


def _settings(path: Path) -> None:
    import torch

    from snnvae.families.resolve import resolve
    from snnvae.train.build import build

    config = resolve(str(path), {})
    with torch.device("meta"):
        build(config)


def _figures_files(_: Path) -> list[bytes]:
    return [
        b"run,steps,time_us,total_w,static_w,chips,syn_ops,dendrite_updates\n"
        b"a,64,8.5,0.5,1e-1,1,120000,5000\nb,64,16,1.0,0.1,1,240000,9000\nc,64,4,0.2,0.1,1,60000,2500\n"
    ]


def _figures(path: Path) -> None:
    from snnvae.energy.calibration.figures import read_figures

    read_figures(path)


# Arrays


def _program() -> Any:
    from snnvae.deploy.compile import compile_graph

    return compile_graph(_small_graphs()[0], "float").program


def _arrays(_: Path) -> list[bytes]:
    x = np.random.default_rng(0).random((3, 5, 2, 4, 4)) < 0.5
    one, named, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(one, x)
    np.savez(named, **{"in": x})
    np.savez_compressed(packed, **{"in": x.astype(np.float32)})
    return [one.getvalue(), named.getvalue(), packed.getvalue()]


def _stimulus(path: Path) -> None:
    from snnvae.inputs.stimulus_blocks import stimulus_for

    stimulus_for(_PROGRAM.get(_program), 2, seed=0, file=path)


class _Once:
    """A value that is made at its first use."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def get(self, make: Callable[[], Any]) -> Any:
        if not self._made:
            self._made.append(make())
        return self._made[0]


_PROGRAM = _Once()


def _nir_data(folder: Path) -> list[bytes]:
    random = np.random.default_rng(0)
    grid = nir.TimeGriddedData((random.random((2, 6, 32)) < 0.4).astype(np.float32), 1e-3)
    index = random.integers(0, 32, (2, 9))
    times = random.random((2, 9)) * 6e-3
    events = nir.EventData(index, times, 32, 6e-3)

    def write(data: Any) -> Callable[[Path], object]:
        graph = nir.NIRGraphData({"in": nir.NIRNodeData({"spikes": data})})
        return lambda path: nir.write_data(str(path), graph)

    return _bytes(folder, write(grid), write(events))


# Networks


def _graph(nodes: dict[str, nir.NIRNode], *chains: str, **own: Any) -> nir.NIRGraph:
    from snnvae.deploy.settings import METADATA_KEY, METADATA_VERSION
    from snnvae.export.builder import build_graph

    edges = [pair for chain in chains for pair in pairwise(chain.split())]
    return build_graph(nodes, edges, {METADATA_KEY: {"version": METADATA_VERSION, "dt": DT, **own}})


def _lif(*shape: int) -> nir.LIF:
    one = np.ones(shape)
    return nir.LIF(2 * DT * one, one, 0 * one, 0.5 * one, v_reset=0 * one)


def _small_graphs() -> list[nir.NIRGraph]:
    """Between them: every kind of weight, pool, neuron, delay and loop."""
    from snnvae.primitives import NirConvTranspose2d

    def ends(into: tuple[int, ...], out: tuple[int, ...]) -> dict[str, nir.NIRNode]:
        return {
            "in": nir.Input({"input": np.array(into)}),
            "out": nir.Output({"output": np.array(out)}),
        }

    one = np.ones(3)
    maps = _graph(
        {
            **ends((2, 4, 4), (2, 8, 8)),
            "conv": nir.Conv2d((4, 4), np.full((3, 2, 3, 3), 0.25), 1, 1, 1, 1, 0.1 * one),
            "lif": _lif(3, 4, 4),
            "up": NirConvTranspose2d(
                (4, 4), np.full((3, 2, 3, 3), 0.5), 2, 1, 1, 1, 1, np.zeros(2)
            ),
            "last": _lif(2, 8, 8),
        },
        "in conv lif up last out",
    )
    loop = _graph(
        {
            **ends((4,), (3,)),
            "w": nir.Linear(np.full((3, 4), 0.5)),
            "cuba": nir.CubaLIF(2 * DT * one, 4 * DT * one, one, 0 * one, one, one, one),
            "delay": nir.Delay(2 * DT * one),
            "back": nir.Affine(np.full((3, 3), -0.25), 0 * one),
        },
        "in w cuba delay back cuba",
        "cuba out",
        initial="v_leak",
    )
    pools = _graph(
        {
            **ends((1, 6, 6), (18,)),
            "conv": nir.Conv2d((6, 6), np.full((2, 1, 3, 3), 0.5), 1, 1, 1, 1, np.zeros(2)),
            "if": nir.IF(np.ones((2, 6, 6)), np.full((2, 6, 6), 0.5), np.zeros((2, 6, 6))),
            "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
            "flat": nir.Flatten({"input": np.array([2, 3, 3])}, 0, -1),
            "scale": nir.Scale(np.full(18, 0.5)),
            "li": nir.LI(4 * DT * np.ones(18), np.ones(18), np.zeros(18)),
        },
        "in conv if pool flat scale li out",
        if_gain="one",
    )
    one_dim = _graph(
        {
            **ends((2, 9), (2, 5)),
            "conv": nir.Conv1d(9, np.full((2, 1, 3), 0.5), 2, 1, 1, 2, np.zeros(2)),
            "lif": _lif(2, 5),
        },
        "in conv lif out",
    )
    return [maps, loop, pools, one_dim]


def _networks(folder: Path) -> list[bytes]:
    from snnvae.export.nir_file import write_nir

    return _bytes(folder, *(lambda path, g=graph: write_nir(g, path) for graph in _small_graphs()))


def _network(path: Path) -> None:
    from snnvae.deploy.compile import compile_graph
    from snnvae.export.nir_file import read_nir

    graph = read_nir(path)
    for precision in ("float", "fixed"):
        compile_graph(graph, precision)


def _netx_files(folder: Path) -> list[bytes]:
    from snnvae.export.netx import file
    from snnvae.export.netx.layer import CubaNeuron, Geometry, NetxLayer

    neuron = CubaNeuron(1024, 512, 100)
    weight = 2 * np.arange(18).reshape(2, 1, 3, 3) - 18
    convolution = Geometry((1, 1), (1, 1), (1, 1), 1)
    layers = (
        NetxLayer("input", (1, 4, 4), neuron, None, None, None, (64.0, 0.0)),
        NetxLayer("conv", (2, 4, 4), neuron, weight, None, convolution, None),
        NetxLayer("flatten", (32,), None, None, None, None, None),
        NetxLayer("dense", (3,), neuron, np.full((3, 32), 2), np.zeros(3, int), None, None),
    )  # fmt: skip
    return _bytes(folder, lambda path: file.save(layers, path))


def _netx(path: Path) -> None:
    from snnvae.export.netx import read_netx

    read_netx(path)


def _recordings(folder: Path) -> list[bytes]:
    from snnvae.deploy.compile import compile_graph
    from snnvae.hardware_sim import reference
    from snnvae.stimulus import Stimulus

    graph = _small_graphs()[0]
    program = compile_graph(graph, "fixed").program
    x = np.random.default_rng(0).random((2, 4, 2, 4, 4)) < 0.5
    recording = reference.run(program, Stimulus({"in": x}, (0, 1)))
    return _bytes(folder, lambda path: recording.save(path, graph, program))


def _recording(path: Path) -> None:
    from snnvae.export.nir_file import read_nir
    from snnvae.recording import Recording

    for block in Recording.blocks(path):
        assert block
    Recording.load(path)
    read_nir(path)


# Torch


def _model(name: str = "esvae") -> Any:
    from tiny_models import _tiny

    from snnvae.train.build import build

    return build(_tiny(name)).eval()


def _checkpoints(folder: Path) -> list[bytes]:
    from snnvae.train import checkpoint

    models = [_model("esvae"), _model("fsvae")]
    return _bytes(folder, *(lambda path, m=model: checkpoint.save(path, m) for model in models))


def _checkpoint(path: Path) -> None:
    from snnvae.families import registry

    registry.load(path)


def _trainings(folder: Path) -> list[bytes]:
    import torch

    from snnvae.train import state

    model = _model()
    optimizer = torch.optim.AdamW(model.parameters())
    position = state.Position(epoch=1, step=2, records=[{"epoch": 0, "loss": 1.5}])

    def write(path: Path) -> None:
        state.save(path, model.config, position, model.state_dict(), optimizer.state_dict())

    return _bytes(folder, write)


def _training(path: Path) -> None:
    import torch

    from snnvae.families import registry
    from snnvae.train import state
    from snnvae.train.build import build

    inside = path.parent / "run" / state.STATE
    inside.parent.mkdir(exist_ok=True)
    path.replace(inside)
    config = state.settings_of(inside.parent, registry.kind_of)
    model = build(config)
    optimizer = torch.optim.AdamW(model.parameters())
    state.load(inside, config, model, optimizer)


def _published(folder: Path) -> list[bytes]:
    import torch
    from published_vae import Sizes, state_dict

    weights = [state_dict(Sizes(kind)) for kind in ("fsvae", "esvae")]
    return _bytes(folder, *(lambda path, w=each: torch.save(w, path) for each in weights))


def _authors(path: Path) -> None:
    from snnvae.families.images.authors import published_kind, read_authors

    kind = published_kind(path)
    if kind is not None:
        read_authors(path, kind)


def _user_net() -> Any:
    from torch import nn

    return nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def _weights_files(folder: Path) -> list[bytes]:
    import torch

    net = _user_net()
    contents = [net.state_dict(), {"state_dict": net.state_dict(), "epoch": 3}]
    return _bytes(folder, *(lambda path, c=content: torch.save(c, path) for content in contents))


def _weights(path: Path) -> None:
    from snnvae.export.user_module import load_weights

    load_weights(_user_net(), path)


# Data sets


def _idx_files(_: Path) -> list[bytes]:
    import gzip

    from image_sets import idx_bytes, random_bytes

    plain = idx_bytes(random_bytes(3, 28, 28))
    return [plain, gzip.compress(plain)]


def _idx(path: Path) -> None:
    from snnvae.families.images.data.idx import read_idx

    read_idx(path, (28, 28))


def _pictures(_: Path) -> list[bytes]:
    from image_sets import smooth

    contents = []
    for form in ("png", "jpeg", "bmp", "webp"):
        out = io.BytesIO()
        smooth(12, 10).save(out, form)
        contents.append(out.getvalue())
    return contents


def _picture(path: Path) -> None:
    from snnvae.families.images.data.picture import Preparation

    Preparation(8, 1)(path)


READERS = {
    "chip": Reader(".toml", _chips, _chip, (damaged, retold, retold)),
    "profile": Reader(".toml", _profiles, _profile, (damaged, retold, retold)),
    "settings": Reader(".toml", _settings_files, _settings, (damaged, retold, retold)),
    "figures": Reader(".csv", _figures_files, _figures, (damaged, retold)),
    "arrays": Reader(".npz", _arrays, _stimulus, (damaged, npy_retold)),
    "nir-data": Reader(".h5", _nir_data, _stimulus, (damaged, hdf5_changed)),
    "nir": Reader(".nir", _networks, _network, (damaged, hdf5_changed, hdf5_changed)),
    "netx": Reader(".net", _netx_files, _netx, (damaged, hdf5_changed)),
    "recording": Reader(".h5", _recordings, _recording, (damaged, hdf5_changed)),
    "checkpoint": Reader(".pt", _checkpoints, _checkpoint, (damaged, torch_changed, torch_changed)),
    "training": Reader(".pt", _trainings, _training, (damaged, torch_changed, torch_changed)),
    "published": Reader(".pth", _published, _authors, (damaged, torch_changed)),
    "weights": Reader(".pt", _weights_files, _weights, (damaged, torch_changed)),
    "idx": Reader(".gz", _idx_files, _idx, (damaged,)),
    "picture": Reader(".png", _pictures, _picture, (damaged,)),
}
