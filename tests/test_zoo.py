"""The models that ship with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnvae import zoo
from snnvae.deploy.compile import compile_graph
from snnvae.errors import ConfigError
from snnvae.export.nir_file import read_nir, write_nir
from snnvae.families import registry
from snnvae.train.to_nir import to_nir

NAMES = [
    "asia-ear",
    "digits-esvae",
    "digits-esvae-lasting",
    "digits-fsvae",
    "digits-fsvae-lasting",
    "glyphs-attribute-vae",
    "ising-chain8",
    "mnist-esvae",
    "mnist-esvae-lasting",
    "mnist-fsvae",
    "mnist-fsvae-lasting",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_there_as_checkpoint_and_as_nir(name: str) -> None:
    kinds = {entry.kind for entry in zoo.entries() if entry.path.stem == name}
    assert kinds == {"nir", "pt"}
    assert zoo.path(name) == zoo.path(f"{name}.nir")
    assert zoo.path(name, ".pt").suffix == ".pt"


@pytest.mark.parametrize("name", NAMES)
def test_its_nir_file_is_the_export_of_its_checkpoint(name: str, tmp_path: Path) -> None:
    _, model = registry.load(zoo.path(name, ".pt"))
    write_nir(to_nir(model), tmp_path / "net.nir")  # a file's nodes are sorted by name
    exported, shipped = read_nir(tmp_path / "net.nir"), read_nir(zoo.path(name))
    programs = [compile_graph(graph).program for graph in (exported, shipped)]
    assert programs[0].digest() == programs[1].digest()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small(name: str) -> None:
    assert zoo.path(name).stat().st_size < 4 << 20
    assert zoo.path(name, ".pt").stat().st_size < 8 << 20


@pytest.mark.parametrize("name", ["mnist", "../zoo/digits-esvae", "", "digits-esvae.pt"])
def test_another_name_is_answered_with_those_that_are_there(name: str) -> None:
    with pytest.raises(ConfigError, match="there is asia-ear, digits-esvae, digits-esvae-lasting"):
        zoo.path(name)
