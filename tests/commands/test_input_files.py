"""`--input` with NIR data, and `--record-state` for NIR."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from snnvae.recording import Recording

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Any]


def write(path: Path, spikes: np.ndarray, dt: float, *, events: bool = False) -> Path:
    data = nir.TimeGriddedData(spikes.reshape(*spikes.shape[:2], -1), dt)
    held = data.to_event(1000) if events else data
    nir.write_data(str(path), nir.NIRGraphData({"in": nir.NIRNodeData({"spikes": held})}))
    return path


@pytest.mark.parametrize("events", [False, True])
def test_nir_data_gives_what_an_array_gives(
    cli: Cli, nets: Any, model: Path, tmp_path: Path, events: bool
) -> None:
    spikes = np.random.default_rng(0).random((3, 8, 2, 4, 4)) < 0.4
    np.save(tmp_path / "x.npy", spikes)
    write(tmp_path / "x.h5", spikes, nets.dt, events=events)
    for name in ("x.npy", "x.h5"):
        ended = cli("simulate", model, "--input", tmp_path / name, "-o", tmp_path / f"{name}.out")
        assert (ended.code, ended.said) == (0, [])
    a, b = (Recording.load(tmp_path / f"{n}.out" / "recording.h5") for n in ("x.npy", "x.h5"))
    assert len(b.info["samples"]) == 3
    for name, expected in a.spikes.items():
        np.testing.assert_array_equal(b.spikes[name], expected)


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_a_recording_runs_again(cli: Cli, sampled: Path, tmp_path: Path, precision: str) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    run = ("simulate", sampled, "--samples", 4, "--precision", precision, "--record-state")
    cli(*run, "-o", first)
    cli(*run, "--seed", 7, "--input", first / "recording.h5", "-o", again)
    a, b = (Recording.load(folder / "recording.h5") for folder in (first, again))
    assert (a.info["seed"], b.info["seed"]) == (0, 7)
    assert a.membranes
    for part in ("spikes", "membranes", "outputs"):
        for name, expected in getattr(a, part).items():
            np.testing.assert_array_equal(getattr(b, part)[name], expected)
    nodes = nir.read_data(str(first / "recording.h5")).nodes
    assert set(nodes) == {"in", "first", "second", "readout"}
    assert set(nodes["first"].observables) == {"spikes", "v"}
    threshold = 1.0 if precision == "float" else 1.01
    assert 0 < nodes["first"].observables["v"].data.max() <= threshold
    v = nodes["readout"].observables["v"].data[:, -1].reshape(a.outputs["out"].shape)
    np.testing.assert_allclose(np.tanh(v), a.outputs["out"])


def test_another_dt_is_a_mistake(cli: Cli, model: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "x.h5", np.zeros((1, 8, 2, 4, 4), bool), 1e-4)
    line = cli("simulate", model, "--input", path, "-o", tmp_path / "out").mistake
    assert "steps of 0.0001 s, but the network's dt is 0.001 s" in line
    assert not (tmp_path / "out").exists()
