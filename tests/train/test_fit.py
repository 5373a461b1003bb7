"""Training: it learns, it repeats bit for bit, it leaves whole files or none."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from snnvae.errors import CheckpointError, ConfigError, DataError, OutputError
from snnvae.families import registry
from snnvae.families.images.config import Config
from snnvae.progress import NoProgress
from snnvae.train import checkpoint
from snnvae.train.devices import Hardware
from snnvae.train.epoch_reports import EpochReports
from snnvae.train.fit import STATE, Training, fit
from snnvae.train.randomness import held_back
from snnvae.train.state import precision_of


def metrics(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def without_speed(folder: Path) -> list[dict[str, object]]:
    return [{k: v for k, v in m.items() if k != "images_per_second"} for m in metrics(folder)]


@pytest.mark.parametrize("model", ["esvae", "fsvae", "ann-vae"])
def test_training_repeats_bit_for_bit(
    tiny: Callable[..., Config], tmp_path: Path, model: str
) -> None:
    config = tiny(model, steps=4)
    torch.manual_seed(1)
    first = fit(config, tmp_path / "a")
    torch.manual_seed(2)  # torch's own seed has no say
    second = fit(config, tmp_path / "b")
    a, b = (registry.load(path)[1].state_dict() for path in (first, second))
    assert all(torch.equal(value, b[name]) for name, value in a.items())
    assert without_speed(tmp_path / "a") == without_speed(tmp_path / "b")
    other = fit(tiny(model, steps=4, seed=1), tmp_path / "c")
    c = registry.load(other)[1].state_dict()
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
    """Ctrl-C at some batch."""

    def __init__(self, at: int) -> None:
        self.left = at

    def advance(self, n: int = 1, **fields: float | str) -> None:
        self.left -= n
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("model", ["esvae", "fsvae", "ann-vae"])
def test_resumed_training_equals_an_uninterrupted_one(
    tiny: Callable[..., Config], tmp_path: Path, model: str
) -> None:
    config = tiny(model, steps=3, epochs=3, schedule="cosine", warmup=0.1, clip=1.0, flip=True)
    whole = fit(config, tmp_path / "whole")
    for at in (2, 3, 1):  # in the first epoch, at its end, and again in the next
        resume = (tmp_path / "parts" / STATE).exists()
        done = steps_done(tmp_path / "parts") if resume else 0
        with pytest.raises(KeyboardInterrupt):
            fit(config, tmp_path / "parts", Interrupting(done + at), resume=resume)
    parts = fit(config, tmp_path / "parts", resume=True)
    assert without_speed(tmp_path / "whole") == without_speed(tmp_path / "parts")
    a, b = (registry.load(path)[1].state_dict() for path in (whole, parts))
    assert all(torch.equal(value, b[name]) for name, value in a.items())


class SignalInside(NoProgress):
    """Ctrl-C in the midst of the third step."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps, whole = 0, torch.optim.AdamW.step

        def step(optimizer: torch.optim.AdamW, *arguments: object) -> object:
            self.steps += 1
            if self.steps == 3:
                os.kill(os.getpid(), signal.SIGINT)
            return whole(optimizer, *arguments)

        monkeypatch.setattr(torch.optim.AdamW, "step", step)


def test_a_step_is_done_whole_or_not_at_all(
    tiny: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny("esvae", steps=3, batch=250)
    whole = fit(config, tmp_path / "whole")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        fit(config, tmp_path / "parts", SignalInside(patch))
    assert checkpoint.read(tmp_path / "parts" / STATE)["position"]["step"] == 3
    parts = fit(config, tmp_path / "parts", resume=True)
    a, b = (registry.load(path)[1].state_dict() for path in (whole, parts))
    assert all(torch.equal(value, b[name]) for name, value in a.items())


def steps_done(folder: Path) -> int:
    position = checkpoint.read(folder / STATE)["position"]
    return 3 * position["epoch"] + position["step"]


def test_resuming_needs_the_same_settings(tiny: Callable[..., Config], tmp_path: Path) -> None:
    fit(tiny("esvae", steps=2), tmp_path)
    with pytest.raises(CheckpointError, match=r"was trained with lr 0.02, now it is 0.5"):
        fit(tiny("esvae", steps=2, lr=0.5), tmp_path, resume=True)
    with pytest.raises(ConfigError, match="holds a training already: add `resume`"):
        fit(tiny("esvae", steps=2), tmp_path)
    longer = tiny("esvae", steps=2, epochs=2)
    fit(longer, tmp_path, resume=True)
    assert [line["epoch"] for line in metrics(tmp_path)] == [1, 2]


def test_a_finished_epoch_leaves_pictures_events_and_rates(
    tiny: Callable[..., Config], tmp_path: Path
) -> None:
    fit(tiny("fsvae", steps=2), tmp_path)
    assert {p.name for p in (tmp_path / "pictures").iterdir()} == {
        "samples-0001.png",
        "reconstructions-0001.png",
    }
    assert len(list((tmp_path / "events").iterdir())) == 1
    assert metrics(tmp_path)[0]["test_images"] == 297


def test_dead_layers_are_warned_of(tiny: Callable[..., Config], tmp_path: Path) -> None:
    said: list[str] = []
    fit(tiny("esvae", steps=1, lr=1e-9), tmp_path, warn=said.append)
    assert any("is dead" in line for line in said)


def test_early_stop_keeps_the_best_by_validation(
    tiny: Callable[..., Config], tmp_path: Path
) -> None:
    config = tiny("esvae", steps=2, batch=300, epochs=30, lr=1e-9, validation=0.2, early_stop=2)
    fit(config, tmp_path)
    errors = [line["validation_mse"] for line in metrics(tmp_path)]
    assert len(errors) < 30
    assert len(errors) - 1 - errors.index(min(errors)) == 2


class Counting(NoProgress):
    def __init__(self) -> None:
        self.calls: list[object] = []

    def start(self, name: str, total: int) -> None:
        self.calls.append((name, total))

    def advance(self, n: int = 1, **fields: float | str) -> None:
        self.calls.append(n)
        assert n == 0 or isinstance(fields["loss"], float)

    def finish(self) -> None:
        self.calls.append("finished")


def test_progress_adds_up(tiny: Callable[..., Config], tmp_path: Path) -> None:
    progress = Counting()
    fit(tiny("esvae", steps=2, epochs=2), tmp_path, progress)
    assert progress.calls == [("train esvae", 6), 0, *[1] * 6, "finished"]


def test_images_and_settings_must_agree(tiny: Callable[..., Config], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"digits has images .* = \(1, 8, 8\), .* \(3, 8, 8\)"):
        fit(tiny("esvae", channels=3), tmp_path)
    with pytest.raises(ConfigError, match="batch 2000 exceeds the 1500 training images"):
        fit(tiny("esvae", batch=2000), tmp_path)
    with pytest.raises(DataError, match="there is digits"):
        fit(tiny("esvae", dataset="moons"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder(tiny: Callable[..., Config], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write into"):
        fit(tiny("esvae"), tmp_path / "file" / "out")


def test_a_disk_that_has_no_room_for_reports_has_the_model(
    tiny: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first epoch too; resumed with room again, nothing is missing."""
    config = tiny("esvae", steps=2)
    whole = fit(config, tmp_path / "whole")
    assert whole is not None

    def full(*_: object) -> None:
        raise OutputError("cannot write events: no room")

    with monkeypatch.context() as patch:
        patch.setattr(EpochReports, "write", full)
        with pytest.raises(OutputError, match="no room"):
            fit(config, tmp_path / "run")
    registry.load(tmp_path / "run" / "model.pt")
    again = fit(config, tmp_path / "run", resume=True)
    assert again is not None
    first, second = (registry.load(path)[1].state_dict() for path in (whole, again))
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert without_speed(tmp_path / "run") == without_speed(tmp_path / "whole")


@pytest.mark.parametrize("lr", [1e30, 1e38])
@pytest.mark.parametrize("model", ["esvae", "fsvae", "ann-vae"])
def test_divergence_is_said_and_nothing_saved(
    tiny: Callable[..., Config], tmp_path: Path, model: str, lr: float
) -> None:
    said = r"training diverged in epoch 1, step \d of \d+ \(.*\) with lr .*: use a lower one, or"
    with pytest.raises(ConfigError, match=said):
        fit(tiny(model, steps=2, lr=lr), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_epoch_that_spoils_the_weights_leaves_the_good_ones(
    tiny: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step's update, after the last loss that could have shown it."""
    path = fit(tiny("esvae", steps=2, epochs=1), tmp_path)
    before = {file: (tmp_path / file).read_bytes() for file in ("model.pt", STATE)}
    step = Training._step

    def spoilt(self: Training, batch: object) -> object:
        losses = step(self, batch)  # type: ignore[arg-type]
        if self.position.step == self.steps - 1:
            next(self.model.parameters()).data.fill_(torch.nan)
        return losses

    monkeypatch.setattr(Training, "_step", spoilt)
    with pytest.raises(ConfigError, match=r"in epoch 2, step (\d+) of \1 \(weights are not finite"):
        fit(tiny("esvae", steps=2, epochs=2), tmp_path, resume=True)
    assert path is not None
    assert before == {file: (tmp_path / file).read_bytes() for file in before}


@pytest.mark.parametrize("model", ["esvae", "fsvae"])
def test_conditional_training_goes_on_from_anywhere_with_the_same_classes(
    tiny: Callable[..., Config], tmp_path: Path, model: str
) -> None:
    config = tiny(model, steps=3, epochs=2, conditional=True, classes=10, validation=0.2, batch=300)
    whole = fit(config, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(config, tmp_path / "parts", Interrupting(2))
    parts = fit(config, tmp_path / "parts", resume=True)
    assert without_speed(tmp_path / "whole") == without_speed(tmp_path / "parts")
    a, b = (registry.load(path)[1].state_dict() for path in (whole, parts))
    assert all(torch.equal(value, b[name]) for name, value in a.items())


def test_the_classes_of_the_settings_are_the_data_set_s(
    tiny: Callable[..., Config], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="digits has 10 classes, the settings say 4"):
        fit(tiny("esvae", conditional=True, classes=4), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_training_of_before_there_were_classes_is_gone_on_with(
    tiny: Callable[..., Config], tmp_path: Path
) -> None:
    fit(tiny("esvae", steps=2), tmp_path)
    content = torch.load(tmp_path / STATE, weights_only=True)
    del content["config"]["conditional"], content["config"]["classes"]
    torch.save(content, tmp_path / STATE)
    fit(tiny("esvae", steps=2, epochs=2), tmp_path, resume=True)
    assert [line["epoch"] for line in metrics(tmp_path)] == [1, 2]


def test_half_precision_on_a_cpu_is_refused() -> None:
    """Fabric would take bfloat16 in its place."""
    for accelerator in ("cpu", "auto") if not torch.cuda.is_available() else ("cpu",):
        with pytest.raises(ConfigError, match="`precision` 16-mixed is for GPUs"):
            Hardware(accelerator, precision="16-mixed").fabric()


def test_more_processes_than_cores_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"`devices` 99: each is a process .* there are \d+ cores"
    ):
        Hardware(devices=99).fabric()


def test_a_training_knows_its_precision(tiny: Callable[..., Config], tmp_path: Path) -> None:
    half = Hardware(precision="bf16-mixed")
    path = fit(tiny("esvae", epochs=1), tmp_path, hardware=half)
    assert metrics(tmp_path)[0]["precision"] == "bf16-mixed"
    assert torch.load(path, weights_only=True)["precision"] == "bf16-mixed"
    with pytest.raises(CheckpointError, match="with precision bf16-mixed, now it is 32-true: res"):
        fit(tiny("esvae", epochs=2), tmp_path, resume=True)
    fit(tiny("esvae", epochs=2), tmp_path, resume=True, hardware=half)
    assert precision_of(tmp_path) == "bf16-mixed"


def test_validation_holds_back_at_least_one() -> None:
    assert [len(held_back(0, 18, share)[0]) for share in (0.0, 0.01, 0.5)] == [0, 1, 9]
