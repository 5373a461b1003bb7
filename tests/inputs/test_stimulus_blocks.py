"""Data for a program: the user's file, the data set that the file names, or noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnvae.errors import ConfigError, DataError
from snnvae.families.images import data
from snnvae.families.registry import held_out
from snnvae.inputs.read_file import read_input
from snnvae.inputs.stimulus_blocks import noise, stimulus_blocks, stimulus_for
from snnvae.program import Program


def two_inputs(nets: Any, **own: Any) -> Program:
    nodes = {
        "x": nets.source(2),
        "y": nets.source(2),
        "a": nets.threshold(2),
        "out": nets.sink(2),
    }
    return nets.compiled(nets.graph(nodes, "x a out", "y a", steps=4, **own))


def one_input(nets: Any, *shape: int, **own: Any) -> Program:
    nodes = {"x": nets.source(*shape), "a": nets.threshold(*shape), "out": nets.sink(*shape)}
    return nets.compiled(nets.chain(nodes, steps=4, **own))


def test_an_npy_feeds_the_one_input_that_takes_data(nets: Any, tmp_path: Path) -> None:
    stream = np.random.default_rng(0).random((3, 6, 2)) < 0.5
    np.save(tmp_path / "x.npy", stream)
    program = one_input(nets, 2)
    assert set(read_input(tmp_path / "x.npy", program)) == {"x"}
    stimulus = stimulus_for(program, seed=0, file=tmp_path / "x.npy")
    assert (stimulus.batch, stimulus.steps) == (3, 6)  # all that the file holds
    np.testing.assert_array_equal(stimulus.streams["x"], stream)


def test_a_single_stream_is_one_sample(nets: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((6, 2)))
    stimulus = stimulus_for(one_input(nets, 2), seed=0, file=tmp_path / "x.npy")
    assert (stimulus.batch, stimulus.steps) == (1, 6)


def test_all_of_a_file_is_taken_and_no_more_can_be_had(nets: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    np.save(file, np.zeros((200, 4, 2)))
    program = one_input(nets, 2)
    assert stimulus_for(program, seed=0, file=file).batch == 200
    assert stimulus_for(program, 7, seed=0, file=file).batch == 7
    with pytest.raises(DataError, match=r"`samples` 201: .*x\.npy holds 200; ask for no more"):
        stimulus_for(program, 201, seed=0, file=file)


@pytest.mark.parametrize("other", [(3, 4, 2), (1, 4, 2), (4, 2)])
def test_inputs_hold_equally_many_samples(
    nets: Any, tmp_path: Path, other: tuple[int, ...]
) -> None:
    np.savez(tmp_path / "xy.npz", x=np.ones((5, 4, 2)), y=np.zeros(other))
    with pytest.raises(
        DataError, match=r"xy.npz: samples: 5 for 'x', [13] for 'y'; give all inputs"
    ):
        stimulus_for(two_inputs(nets), seed=0, file=tmp_path / "xy.npz")


def test_arrays_are_called_as_the_inputs_are(nets: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", np.ones((5, 4, 2)))
    message = r"its arrays are arr_0, but the network's inputs x; save them by these names"
    with pytest.raises(DataError, match=message):
        read_input(tmp_path / "x.npz", one_input(nets, 2))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((2, 4, 2), complex), "of complex numbers; give true and false or numbers"),
        (np.full((2, 4, 2), "1"), "of text; give true and false or numbers"),
        (np.zeros((2, 4, 2), "M8[s]"), "of type datetime64"),
        (np.full((2, 4, 2), np.nan), "values that are not finite; mend them"),
        (np.ones((0, 4, 2)), "holds 0 samples of 4 steps; give at least one of each"),
        (np.ones((2, 0, 2)), "holds 2 samples of 0 steps; give at least one of each"),
        (np.ones((2, 4, 3)), r"has shape \(2, 4, 3\), needs \(samples, steps, 2\)"),
        (np.ones(4), r"has shape \(4,\), needs \(samples, steps, 2\), or \(steps, 2\) for one"),
    ],
)
def test_what_an_input_cannot_be_is_named(
    nets: Any, tmp_path: Path, values: np.ndarray, message: str
) -> None:
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(DataError, match=rf"x\.npy: data for input 'x' .*{message}"):
        read_input(tmp_path / "x.npy", one_input(nets, 2))


@pytest.mark.parametrize(
    ("shape", "kind"), [("(9999999999999, 4, 2)", "<f8"), ("(2, 4, 2)", "<f16"), ("(-1, 2)", "|b1")]
)
def test_a_header_that_claims_more_than_there_is(
    nets: Any, tmp_path: Path, shape: str, kind: str
) -> None:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    (tmp_path / "x.npy").write_bytes(start + bytes(64))
    with pytest.raises(DataError, match=r"its header claims -?\d+ bytes, and it has"):
        read_input(tmp_path / "x.npy", one_input(nets, 2))


def test_a_pointer_of_git_lfs_is_told(nets: Any, tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    (tmp_path / "x.npy").write_text(pointer)
    with pytest.raises(DataError, match="Git LFS, not the file; fetch it with git lfs pull"):
        read_input(tmp_path / "x.npy", one_input(nets, 2))


def test_an_npz_feeds_inputs_by_name(nets: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "xy.npz", x=np.ones((2, 4, 2)), y=np.zeros((2, 4, 2)))
    stimulus = stimulus_for(two_inputs(nets), 2, seed=0, file=tmp_path / "xy.npz")
    assert stimulus.streams["x"].all()
    assert not stimulus.streams["y"].any()


def test_what_the_sampler_feeds_needs_no_data(nets: Any, tmp_path: Path) -> None:
    sampler = {"kind": "fsvae", "input": "y", "latents": 1, "k": 2}
    np.save(tmp_path / "x.npy", np.zeros((2, 4, 2)))
    stimulus = stimulus_for(two_inputs(nets, sampler=sampler), 2, seed=0, file=tmp_path / "x.npy")
    assert (stimulus.streams["y"].sum(-1) == 1).all()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.npy", None, "no such file; pass `data`"),
        ("text.npy", b"hello", "not a plain .npy or .npz file"),
        ("numbers.npy", b"0 1 0\n1 0 1\n", "text; save it with numpy.save"),
        ("x.pkl", b"\x80\x04\x95", "another kind of file"),
        ("empty.npy", b"", r"not a plain .npy or .npz file.*\(empty\)"),
        ("cut.npz", b"PK\x03\x04 and no more", "not a plain .npy or .npz file"),
    ],
)
def test_a_file_that_is_no_array_is_named(
    nets: Any, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_input(path, one_input(nets, 2))
    assert "\n" not in str(caught.value)


def test_objects_in_a_file_are_never_loaded(nets: Any, tmp_path: Path) -> None:
    objects = np.array([{"a": 1}], dtype=object)
    np.save(tmp_path / "x.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "x.npz", x=objects)
    for name in ("x.npy", "x.npz"):
        with pytest.raises(DataError, match="Python objects, which are not read"):
            read_input(tmp_path / name, one_input(nets, 2))


def test_one_array_for_several_inputs_is_refused(nets: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 4, 2)))
    with pytest.raises(DataError, match=r"inputs that take data are x, y; pass a \.npz"):
        read_input(tmp_path / "x.npy", two_inputs(nets))


def test_the_named_data_set_feeds_a_constant_image(nets: Any) -> None:
    own = {"dataset": "digits", "inputs": {"x": {"analog": True, "constant": True}}}
    stimulus = stimulus_for(one_input(nets, 1, 8, 8, **own), 3, seed=0, held_out=held_out)
    np.testing.assert_array_equal(stimulus.streams["x"][:, 0], data.load("digits").test[:3])


def test_more_samples_than_are_held_out_are_refused(nets: Any) -> None:
    own = {"dataset": "digits", "inputs": {"x": {"analog": True, "constant": True}}}
    with pytest.raises(DataError, match=r"`samples` 100000: 'digits' holds out \d+ images"):
        stimulus_for(one_input(nets, 1, 8, 8, **own), 100_000, seed=0, held_out=held_out)


def test_noise_stands_in_only_where_it_may(nets: Any) -> None:
    program = one_input(nets, 2)
    with pytest.raises(DataError, match="needs data"):
        stimulus_for(program, 3, seed=0)
    one, again, other = (
        stimulus_for(program, 200, seed=seed, may_be_noise=True).streams["x"] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert one.mean() == pytest.approx(0.3, abs=0.04)


def test_noise_differs_between_inputs_of_one_shape(nets: Any) -> None:
    nodes = {
        "a": nets.source(50),
        "b": nets.source(50),
        "n": nets.threshold(50),
        "out": nets.sink(50),
    }
    program = nets.compiled(nets.graph(nodes, "a n out", "b n"))
    streams = noise(program, range(2), 4, seed=0)
    assert not np.array_equal(streams["a"], streams["b"])


def conditional(nets: Any, classes: int = 3, **own: Any) -> Program:
    """A constant image beside the classes."""
    nodes = {
        "x": nets.source(1, 8, 8),
        "class": nets.source(classes, 1, 1),
        "a": nets.threshold(1, 8, 8),
        "b": nets.threshold(classes, 1, 1),
        "out": nets.sink(1, 8, 8),
        "other": nets.sink(classes, 1, 1),
    }
    own = {
        "inputs": {"x": {"analog": True, "constant": True}},
        "sampler": {"kind": "class", "classes": classes, "class_input": "class"},
        **own,
    }
    return nets.compiled(nets.graph(nodes, "x a out", "class b other", steps=4, **own))


def test_held_out_images_come_with_their_classes(nets: Any) -> None:
    program = conditional(nets, 10, dataset="digits")
    expected = tuple(data.load("digits").test_labels[:40].tolist())
    assert stimulus_for(program, 40, seed=0, held_out=held_out).classes == expected
    assert (
        stimulus_for(program, 40, seed=0, classes=(2, 0), held_out=held_out).classes == (2, 0) * 20
    )
    with pytest.raises(ConfigError, match=r"class \d: the model has the classes 0 to 2"):
        stimulus_for(conditional(nets, 3, dataset="digits"), 40, seed=0, held_out=held_out)


def test_images_of_a_file_need_their_classes_said(nets: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((5, 1, 8, 8)))
    program, file = conditional(nets), tmp_path / "x.npy"
    with pytest.raises(DataError, match="does not say the classes of its samples: add `classes` 7"):
        stimulus_for(program, 5, seed=0, file=file)
    stimulus = stimulus_for(program, 5, seed=0, file=file, classes=(1, 2))
    assert stimulus.classes == (1, 2, 1, 2, 1)
    blocks = stimulus_blocks(program, 5, 2, seed=0, file=file, classes=(1, 2))
    assert [block.classes for block in blocks] == [(1, 2), (1, 2), (1,)]


def test_a_class_may_be_data_too(nets: Any, tmp_path: Path) -> None:
    hot = np.zeros((2, 4, 3, 1, 1))
    hot[:, :, 1] = 1
    np.savez(tmp_path / "both.npz", **{"x": np.zeros((2, 1, 8, 8)), "class": hot})
    program, file = conditional(nets), tmp_path / "both.npz"
    stimulus = stimulus_for(program, 2, seed=0, file=file)
    np.testing.assert_array_equal(stimulus.streams["class"], hot)
    assert stimulus.classes == ()
    with pytest.raises(DataError, match="data for input 'class' and `classes` both say the class"):
        stimulus_for(program, 2, seed=0, file=file, classes=(1,))


def test_noise_stands_in_for_images_and_not_for_classes(nets: Any) -> None:
    stimulus = stimulus_for(conditional(nets), 4, seed=0, may_be_noise=True)
    assert stimulus.classes == (0, 1, 2, 0)
    assert (stimulus.streams["class"].sum((2, 3, 4)) == 1).all()


def test_an_input_that_the_file_lacks_is_named(nets: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.ones((2, 4, 2)))
    with pytest.raises(DataError, match=r"x\.npz: it holds no data for input 'y'; add it under"):
        stimulus_for(two_inputs(nets), seed=0, file=tmp_path / "x.npz")


def test_inputs_hold_equally_many_steps(nets: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "xy.npz", x=np.ones((2, 4, 2)), y=np.ones((2, 5, 2)))
    with pytest.raises(DataError, match=r"xy\.npz: steps: 4 for 'x', 5 for 'y'; give all inputs"):
        stimulus_for(two_inputs(nets), seed=0, file=tmp_path / "xy.npz")
