"""Checkpoints: what is saved comes back; everything else is refused in one line, unrun."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from snnvae import zoo
from snnvae.errors import CheckpointError, OutputError
from snnvae.families import registry
from snnvae.families.images.vae import SpikingVAE
from snnvae.train import checkpoint


@pytest.fixture
def saved(esvae: SpikingVAE, tmp_path: Path) -> Path:
    return checkpoint.save(tmp_path / "model.pt", esvae)


def altered(saved: Path, **changes: Any) -> Path:
    torch.save({**torch.load(saved, weights_only=True), **changes}, saved)
    return saved


def refused(path: Path, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as error:
        registry.load(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_what_is_saved_comes_back(any_model: SpikingVAE, tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path / "model.pt", any_model)
    config, model = registry.load(path)
    assert config == any_model.config == model.config
    assert type(model) is type(any_model)
    assert not model.training
    assert all(p.requires_grad for p in model.parameters())
    for name, value in any_model.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_file_holds_plain_types_only(saved: Path) -> None:
    content = torch.load(saved, weights_only=True)
    assert list(content) == ["format", "version", "config", "precision", "state_dict"]
    assert content["format"] == "snnvae-checkpoint"
    assert content["config"]["widths"] == [4, 6]


def test_nothing_half_written_is_left(
    esvae: SpikingVAE, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(content: object, file: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    (tmp_path / "model.pt").write_bytes(b"older")
    monkeypatch.setattr(torch, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path / "model.pt", esvae)
    assert [p.name for p in tmp_path.iterdir()] == ["model.pt"]
    assert (tmp_path / "model.pt").read_bytes() == b"older"


def test_unwritable_place(esvae: SpikingVAE, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*model\.pt") as error:
        checkpoint.save(tmp_path / "file" / "model.pt", esvae)
    assert "\n" not in str(error.value)


def test_absent(tmp_path: Path) -> None:
    refused(tmp_path / "none.pt", "no checkpoint at")
    refused(tmp_path, "no checkpoint at")


def test_not_a_torch_file(tmp_path: Path) -> None:
    for content in (b"", b"hello", b"\x89PNG\r\n\x1a\n" * 100):
        (tmp_path / "model.pt").write_bytes(content)
        refused(tmp_path / "model.pt", "is not a torch file")


def test_nir_is_named_with_what_runs_it(tmp_path: Path) -> None:
    path = tmp_path / "model.nir"
    path.write_bytes(zoo.path("digits-esvae").read_bytes())
    refused(path, f"is NIR or other HDF5, not a checkpoint: `snnvae simulate {path}` runs NIR")


def test_some_other_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("readme.txt", "hello")
    refused(tmp_path / "model.pt", "is not a torch file")


def test_cut_short(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-1000])
    refused(saved, "is not a torch file, or is cut short or damaged")


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("owned"),)


def test_code_is_refused_and_not_run(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    altered(saved, extra=Payload())
    refused(saved, "carries code")
    assert not (tmp_path / "owned").exists()


def test_not_ours(saved: Path) -> None:
    torch.save({"state_dict": {}}, saved)
    refused(saved, "is not an snnvae checkpoint")
    torch.save([1, 2], saved)
    refused(saved, "is not an snnvae checkpoint")


def test_other_version(saved: Path) -> None:
    refused(altered(saved, version=2), "has version 2, this snnvae reads 1")


def test_unusable_settings(saved: Path) -> None:
    config = torch.load(saved, weights_only=True)["config"]
    refused(altered(saved, config={**config, "epochs": 0}), "unusable settings: epochs must be")
    refused(altered(saved, config={**config, "image_size": 9}), "image_size 9 cannot be halved")
    refused(altered(saved, config=None), "lacks its settings")


def test_claimed_size_is_not_allocated(saved: Path) -> None:
    config = torch.load(saved, weights_only=True)["config"]
    refused(altered(saved, config={**config, "latent": 10_000_000}), "its settings ask for")


def test_wrong_weights(saved: Path) -> None:
    weights = torch.load(saved, weights_only=True)["state_dict"]
    name = "encoder.0.synapse.weight"
    without = {key: value for key, value in weights.items() if key != name}
    refused(altered(saved, state_dict=without), f"lacks weight '{name}'")
    refused(altered(saved, state_dict={**weights, "x": weights[name]}), "unknown weight 'x'")
    for value, message in (
        (weights[name][:2], "its settings ask for"),
        (weights[name].double(), "its settings ask for"),
        (weights[name] * float("nan"), "not finite"),
        ("text", "is not a dense tensor"),
    ):
        refused(altered(saved, state_dict={**weights, name: value}), message)
