"""Training: it learns, it repeats bit for bit, it leaves whole files or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from snnvae.errors import ConfigError, DataError, OutputError
from snnvae.progress import NoProgress
from snnvae.train import checkpoint
from snnvae.train.config import Config
from snnvae.train.fit import fit


def metrics(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("model", ["esvae", "fsvae"])
def test_training_repeats_bit_for_bit(
    tiny: Callable[..., Config], tmp_path: Path, model: str
) -> None:
    config = tiny(model, steps=4)
    torch.manual_seed(1)
    first = fit(config, tmp_path / "a")
    torch.manual_seed(2)  # torch's own seed has no say
    second = fit(config, tmp_path / "b")
    a, b = (checkpoint.load(path)[1].state_dict() for path in (first, second))
    assert all(torch.equal(value, b[name]) for name, value in a.items())
    assert metrics(tmp_path / "a") == metrics(tmp_path / "b")
    other = fit(tiny(model, steps=4, seed=1), tmp_path / "c")
    c = checkpoint.load(other)[1].state_dict()
    assert not all(torch.equal(value, c[name]) for name, value in a.items())


@pytest.mark.parametrize("model", ["esvae", "fsvae"])
def test_training_learns(tiny: Callable[..., Config], tmp_path: Path, model: str) -> None:
    fit(tiny(model, steps=6, batch=50, epochs=5, lr=2e-2), tmp_path)
    lines = metrics(tmp_path)
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[-1]["reconstruction"] < 0.75 * lines[0]["reconstruction"]
    assert lines[-1]["test_mse"] < 0.6
    assert set(lines[0]["rates"]) >= {"encoder.0.lif", "encoder.latent.lif", "decoder.1.lif"}
    assert all(0 <= rate <= 1 for line in lines for rate in line["rates"].values())


class Interrupting(NoProgress):
    """Ctrl-C at the third batch."""

    def __init__(self) -> None:
        self.seen = 0

    def advance(self, n: int = 1, **fields: float | str) -> None:
        self.seen += n
        if self.seen == 3:
            raise KeyboardInterrupt


def test_interrupted_training_leaves_nothing(tiny: Callable[..., Config], tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(tiny("esvae", steps=2, epochs=2), tmp_path, Interrupting())
    assert list(tmp_path.iterdir()) == []


class Counting(NoProgress):
    def __init__(self) -> None:
        self.calls: list[object] = []

    def start(self, name: str, total: int) -> None:
        self.calls.append((name, total))

    def advance(self, n: int = 1, **fields: float | str) -> None:
        self.calls.append(n)
        assert isinstance(fields["loss"], float)

    def finish(self) -> None:
        self.calls.append("finished")


def test_progress_adds_up(tiny: Callable[..., Config], tmp_path: Path) -> None:
    progress = Counting()
    fit(tiny("esvae", steps=2, epochs=2), tmp_path, progress)
    assert progress.calls == [("train esvae", 6), *[1] * 6, "finished"]


def test_images_and_settings_must_agree(tiny: Callable[..., Config], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"digits has images .* = \(1, 8, 8\), .* \(1, 16, 16\)"):
        fit(tiny("esvae", image_size=16), tmp_path)
    with pytest.raises(ConfigError, match="batch 2000 exceeds the 1500 training images"):
        fit(tiny("esvae", batch=2000), tmp_path)
    with pytest.raises(DataError, match="there is digits"):
        fit(tiny("esvae", dataset="moons"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder(tiny: Callable[..., Config], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*metrics"):
        fit(tiny("esvae"), tmp_path / "file" / "out")


def test_divergence_is_said_and_nothing_saved(tiny: Callable[..., Config], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"training diverged in epoch 1 with lr 1e\+30"):
        fit(tiny("esvae", steps=2, lr=1e30), tmp_path)
    assert list(tmp_path.iterdir()) == []
