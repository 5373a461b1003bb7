"""``--max-memory``: the same files, whatever is held at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import printed, snnvae

from snnvae import zoo
from snnvae.recording import Recording


def simulate(model: Path, out: Path, *flags: str) -> Any:
    return json.loads(printed("simulate", model, "-o", out, "--json", *flags))


@pytest.mark.parametrize("flags", [(), ("--precision", "fixed"), ("--record-state",)])
def test_blocks_of_samples_and_steps_give_the_same_recording(
    tmp_path: Path, flags: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    if flags:  # once with the report's pictures
        request.getfixturevalue("undrawn")
    model = zoo.path("digits-fsvae")
    common = ("--samples", "7", *flags)
    memory = "3MB" if "--record-state" in flags else "150kB"
    whole = simulate(model, tmp_path / "whole", *common)
    parts = simulate(model, tmp_path / "parts", *common, "--max-memory", memory)
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


def test_two_stages_go_through_together(tmp_path: Path) -> None:
    checkpoint = zoo.path("digits-esvae", ".pt")
    printed("export", checkpoint, "-o", tmp_path / "a.nir", "--part", "autoencoder")
    encoder, decoder = tmp_path / "a.encoder.nir", tmp_path / "a.decoder.nir"
    common = ("--samples", "5", "--decoder", str(decoder))
    simulate(encoder, tmp_path / "whole", *common)
    simulate(encoder, tmp_path / "parts", *common, "--max-memory", "400kB")
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
def test_what_cannot_be_is_said_in_a_line(tmp_path: Path, flag: str, value: str, says: str) -> None:
    ended = snnvae("simulate", zoo.path("digits-fsvae"), "-o", tmp_path / "o", flag, value)
    assert says in ended.mistake
    assert not (tmp_path / "o").exists()
