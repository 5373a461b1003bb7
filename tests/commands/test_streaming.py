"""``--max-memory``: the same files, whatever is held at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnvae import zoo
from snnvae.cli import main
from snnvae.recording import Recording


def simulate(capsys: pytest.CaptureFixture[str], model: Path, out: Path, *flags: str) -> Any:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", str(model), "-o", str(out), "--json", *flags])
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.err
    return json.loads(printed.out)


@pytest.mark.parametrize("flags", [(), ("--precision", "fixed"), ("--record-state",)])
def test_blocks_of_samples_and_steps_give_the_same_recording(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, flags: tuple[str, ...]
) -> None:
    model = zoo.path("digits-fsvae")
    common = ("--samples", "7", *flags)
    memory = "3MB" if "--record-state" in flags else "150kB"
    whole = simulate(capsys, model, tmp_path / "whole", *common)
    parts = simulate(capsys, model, tmp_path / "parts", *common, "--max-memory", memory)
    a, b = (Recording.load(tmp_path / name / "recording.h5") for name in ("whole", "parts"))
    for part in ("spikes", "final", "outputs", "membranes"):
        for name, values in getattr(a, part).items():
            np.testing.assert_array_equal(getattr(b, part)[name], values)
    # In steps of less than T nothing is rounded, so nothing is computed again.
    ignored = {"recomputed"}
    assert {k: v for k, v in a.info.items() if k not in ignored} == {
        k: v for k, v in b.info.items() if k not in ignored
    }
    assert whole["spikes"] == parts["spikes"]
    for file in ("images.npy", "images.png", "report.html"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "parts" / file).read_bytes()


def test_two_stages_go_through_together(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    checkpoint = str(zoo.path("digits-esvae", ".pt"))
    with pytest.raises(SystemExit):
        main(["export", checkpoint, "-o", str(tmp_path / "a.nir"), "--part", "autoencoder"])
    capsys.readouterr()
    encoder, decoder = tmp_path / "a.encoder.nir", tmp_path / "a.decoder.nir"
    common = ("--samples", "5", "--decoder", str(decoder))
    simulate(capsys, encoder, tmp_path / "whole", *common)
    simulate(capsys, encoder, tmp_path / "parts", *common, "--max-memory", "400kB")
    for name in ("encoder.h5", "recording.h5"):
        a, b = (Recording.load(tmp_path / part / name) for part in ("whole", "parts"))
        for layer, spikes in a.spikes.items():
            np.testing.assert_array_equal(b.spikes[layer], spikes)


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--max-memory", "1kB", "one sample of this network takes"),
        ("--max-memory", "lots", "write it as 500MB or 2GiB"),
        ("--max-memory", "0.1", "write it as 500MB or 2GiB"),
        ("--dask", "garbage", "as tcp://host:8786"),
        ("--device", "cuda:99", "--device"),
        ("--device", "toaster", "no device 'toaster'"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, flag: str, value: str, says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", str(zoo.path("digits-fsvae")), "-o", str(tmp_path / "o"), flag, value])
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert says in printed.err
    assert len(printed.err.splitlines()) == 1
    assert not (tmp_path / "o").exists()
