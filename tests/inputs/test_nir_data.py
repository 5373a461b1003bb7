"""NIR data files as input: what fits is taken exactly, anything else is told in one line."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest

from snnvae.errors import DataError
from snnvae.hardware_sim import reference
from snnvae.inputs.read_file import read_input
from snnvae.inputs.stimulus_blocks import stimulus_for
from snnvae.program import Program

DT = 1e-3
SPIKES = "nodes/x/observables/spikes"


def program_of(nets: Any, *shape: int, **own: Any) -> Program:
    """Inputs x (of the shape) and y (2), added by one threshold each."""
    nodes = {
        "x": nets.source(*shape),
        "y": nets.source(2),
        "a": nets.threshold(*shape),
        "b": nets.threshold(2),
        "out": nets.sink(*shape),
        "out2": nets.sink(2),
    }
    return nets.compiled(nets.graph(nodes, "x a out", "y b out2", steps=4, **own))


def write(path: Path, dt: float = DT, **nodes: Any) -> Path:
    """One observable "spikes" per node: an array is put on a grid."""
    data = {
        name: nir.NIRNodeData(
            {"spikes": nir.TimeGriddedData(d, dt) if isinstance(d, np.ndarray) else d}
        )
        for name, d in nodes.items()
    }
    nir.write_data(str(path), nir.NIRGraphData(data))
    return path


def random_spikes(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape) < 0.4


def test_a_grid_is_taken_as_it_is(nets: Any, tmp_path: Path) -> None:
    x, y = random_spikes(3, 6, 4), random_spikes(3, 6, 2)
    path = write(tmp_path / "in.h5", x=x, y=y, other=x)
    stimulus = stimulus_for(program_of(nets, 2, 2), seed=0, file=path)
    assert (stimulus.batch, stimulus.steps) == (3, 6)
    np.testing.assert_array_equal(stimulus.streams["x"], x.reshape(3, 6, 2, 2))
    np.testing.assert_array_equal(stimulus.streams["y"], y)
    assert stimulus_for(program_of(nets, 4), 2, seed=0, file=path).batch == 2


@pytest.mark.parametrize("shift", [0.0, 0.4 * DT])
def test_events_are_the_same_spikes(nets: Any, tmp_path: Path, shift: float) -> None:
    x, y = random_spikes(3, 700, 4), random_spikes(3, 700, 2)
    events = [nir.TimeGriddedData(d, DT).to_event(3000, shift) for d in (x, y)]
    path = write(tmp_path / "in.h5", x=events[0], y=events[1])
    found = read_input(path, program_of(nets, 4))
    np.testing.assert_array_equal(found["x"], x)
    np.testing.assert_array_equal(found["y"], y)


def test_values_of_events_feed_an_analog_input(nets: Any, tmp_path: Path) -> None:
    value = np.array([[0.5, -1.0]])
    data = nir.ValuedEventData(np.array([[0, 1]]), np.array([[0.0, 2e-3]]), 2, 4e-3, value)
    path = write(tmp_path / "in.h5", y=data)
    found = read_input(path, program_of(nets, 2, inputs={"y": {"analog": True}}))
    np.testing.assert_array_equal(found["y"][0, :, :], [[0.5, 0], [0, 0], [0, -1], [0, 0]])


def test_a_recording_is_an_input_too(nets: Any, tmp_path: Path) -> None:
    own = {"inputs": {"y": {"analog": True}}}
    nodes = {
        "x": nets.source(2, 2),
        "y": nets.source(4),
        "flat": nir.Flatten({"input": np.array([2, 2])}, 0, -1),
        "a": nets.lif(4),
        "w": nets.affine(np.ones((4, 4))),
        "out": nets.sink(4),
    }
    graph = nets.graph(nodes, "x flat a out", "y w a", **own)
    program = nets.compiled(graph)
    first = nets.spikes(program, samples=5, steps=7, seed=3)
    recording = reference.run(program, first, membranes=True)
    recording.save(tmp_path / "recording.h5", graph, program)
    again = stimulus_for(program, 5, seed=9, file=tmp_path / "recording.h5")
    for name, stream in first.streams.items():
        np.testing.assert_array_equal(again.streams[name], stream)
    repeated = reference.run(program, again)
    np.testing.assert_array_equal(repeated.spikes["a"], recording.spikes["a"])


def test_a_recording_replays_what_a_sampler_drew(nets: Any, tmp_path: Path) -> None:
    sampler = {"kind": "fsvae", "input": "x", "latents": 2, "k": 2}
    nodes = {"x": nets.source(4), "a": nets.threshold(4), "out": nets.sink(4)}
    graph = nets.chain(nodes, sampler=sampler, steps=5)
    program = nets.compiled(graph)
    first = stimulus_for(program, 3, seed=1)
    reference.run(program, first).save(tmp_path / "r.h5", graph)
    again = stimulus_for(program, 3, seed=2, file=tmp_path / "r.h5")
    np.testing.assert_array_equal(again.streams["x"], first.streams["x"])


def test_the_usual_observable_is_chosen_among_several(nets: Any, tmp_path: Path) -> None:
    x = random_spikes(1, 4, 4)
    both = {"v": nir.TimeGriddedData(x * 2.0, DT), "spikes": nir.TimeGriddedData(x, DT)}
    data = nir.NIRGraphData({"x": nir.NIRNodeData(both)})
    nir.write_data(str(tmp_path / "in.h5"), data)
    np.testing.assert_array_equal(read_input(tmp_path / "in.h5", program_of(nets, 4))["x"], x)
    both["other"] = both.pop("spikes")
    nir.write_data(str(tmp_path / "in.h5"), data)
    with pytest.raises(DataError, match=r"has 2 observables .other, v.; keep one, or call it"):
        read_input(tmp_path / "in.h5", program_of(nets, 4))


def events(
    index: Any = ((0,),), time: Any = ((0.0,),), n: int = 4, t_max: float = 4e-3, **own: Any
) -> Any:
    kind = nir.ValuedEventData if own else nir.EventData
    return kind(np.array(index), np.array(time), n, t_max, **own)


MISFITS: list[tuple[dict[str, Any], str]] = [
    (
        {"x": random_spikes(2, 4, 4), "dt": 2e-3},
        "steps of 0.002 s, but the network's dt is 0.001 s",
    ),
    ({"x": random_spikes(2, 4, 5)}, r"has 5 neurons, but the input has 4 .2×2."),
    ({"x": random_spikes(2, 4, 4) * np.nan}, "not finite"),
    ({"z": random_spikes(2, 4, 4)}, "its nodes are z, but the network's inputs x, y"),
    (
        {"x": random_spikes(2, 4, 4), "y": random_spikes(2, 5, 2)},
        "steps: 4 for 'x', 5 for",
    ),
    (
        {"x": random_spikes(2, 4, 4), "y": random_spikes(3, 4, 2)},
        "samples: 2 for 'x', 3 for",
    ),
    ({"x": events(n=5)}, "has 5 neurons"),
    ({"x": events(index=((7,),))}, "event of neuron 7, but there are 0 to 3"),
    ({"x": events(time=((9e-3,),))}, "event in step 9, but there are 0 to 3"),
    ({"x": events(time=((np.nan,),))}, "not finite"),
    ({"x": events(t_max=1e9)}, "over 4 GiB; split it, or mend t_max"),
    ({"x": events(t_max=1e300)}, "has t_max = 1e.300 s"),
    ({"x": events(t_max=-1.0)}, "has t_max = -1 s"),
    ({"x": events(t_max=float("inf"))}, "its t_max is 'inf'"),
    ({"x": events(index=((0.5,),))}, "idx of float64"),
    ({"x": events(value=np.array([[np.inf]]))}, "not finite"),
    ({"x": events(index=((0, 0),), time=((0.0, 0.0),), value=np.ones((1, 2)))}, "two values"),
]


@pytest.mark.parametrize(("data", "message"), MISFITS)
def test_what_does_not_fit_is_told_in_one_line(
    nets: Any, tmp_path: Path, data: dict[str, Any], message: str
) -> None:
    path = write(tmp_path / "in.h5", **data)
    with pytest.raises(DataError, match=message) as caught:
        read_input(path, program_of(nets, 2, 2))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def replaced(where: str, **how: Any) -> Any:
    def damage(file: h5py.File) -> None:
        del file[where]
        file.create_dataset(where, **how)

    return damage


def attribute(where: str, name: str, value: Any) -> Any:
    def damage(file: h5py.File) -> None:
        file[where].attrs[name] = value

    return damage


def linked(where: str, link: Any) -> Any:
    def damage(file: h5py.File) -> None:
        del file[where]
        file[where] = link

    return damage


HOSTILE: list[tuple[Any, str]] = [
    (lambda file: file.attrs.__delitem__("__type__"), "but not NIR data"),
    (attribute("/", "__type__", "NIRGraph"), "but not NIR data"),
    (attribute("/", "__type__", ["NIRGraphData"] * 1000), "damaged NIR data"),
    (lambda file: file.__delitem__("nodes"), "but not NIR data"),
    (linked("nodes", h5py.ExternalLink("other.h5", "/nodes")), "but not NIR data"),
    (linked("nodes/x", h5py.SoftLink("/nodes/y")), "links to another place"),
    (linked("nodes/x", h5py.ExternalLink("other.h5", "/x")), "links to another place"),
    (linked(SPIKES, h5py.SoftLink("/nodes/y/observables/spikes")), "links to another place"),
    (attribute("nodes/x", "__type__", "NIRGraphData"), "not that of a node"),
    (attribute(SPIKES, "__type__", "SomethingElse"), "write TimeGriddedData or EventData"),
    (attribute(SPIKES, "dt", np.nan), "its dt is 'nan'"),
    (attribute(SPIKES, "dt", "fast"), "its dt is 'fast'"),
    (attribute(SPIKES, "dt", np.ones(1000)), "its dt is not one value"),
    (attribute(SPIKES, "dt", 0.0), "steps of 0 s"),
    (lambda file: file[SPIKES].attrs.__delitem__("dt"), "its dt is 'None'"),
    (lambda file: file.__delitem__(SPIKES), "has 0 observables"),
    (lambda file: file.__delitem__(f"{SPIKES}/data"), "damaged NIR data"),
    (lambda file: file.__delitem__("nodes/x/observables"), "damaged NIR data"),
    (replaced("nodes/x/observables", data=1.0), "damaged NIR data"),
    (replaced(f"{SPIKES}/data", data=np.ones((2, 4))), "needs numbers of 3 axes"),
    (replaced(f"{SPIKES}/data", data=["a", "b"]), "not numbers|needs numbers"),
    (
        replaced(f"{SPIKES}/data", shape=(1 << 30, 1 << 10, 4), dtype=bool, chunks=(1, 64, 4)),
        "exceed 4 GiB",
    ),
]


@pytest.mark.parametrize(("damage", "message"), HOSTILE)
def test_a_hostile_file_is_refused(nets: Any, tmp_path: Path, damage: Any, message: str) -> None:
    path = write(tmp_path / "in.h5", x=random_spikes(2, 4, 4), y=random_spikes(2, 4, 2))
    with h5py.File(path, "a") as file:
        damage(file)
    with pytest.raises(DataError, match=message) as caught:
        read_input(path, program_of(nets, 4))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_nothing_is_allocated_for_what_is_refused(nets: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "in.h5", x=events(t_max=2e6))
    program = program_of(nets, 4)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="over 4 GiB"):
            read_input(path, program)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def test_a_truncated_file_and_a_graph_are_named(nets: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "in.h5", x=random_spikes(2, 400, 4))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="damaged NIR data"):
        read_input(path, program_of(nets, 4))
    nir.write(str(tmp_path / "net.nir"), nets.small())
    with pytest.raises(DataError, match="an HDF5 file, but not NIR data"):
        read_input(tmp_path / "net.nir", program_of(nets, 4))
