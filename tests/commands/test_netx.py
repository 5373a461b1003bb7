"""`export --format netx` and `import`: lava-dl's files from and to the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnvae import zoo
from snnvae.export.nir_file import read_nir, write_nir

Cli = Callable[..., Any]


@pytest.fixture
def spiking(nets: Any, tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    nodes = {
        "in": nets.source(4),
        "w": nets.affine(rng.normal(0, 0.5, (3, 4)), 0.123),
        "a": nets.lif(3),
        "out": nets.sink(3),
    }
    write_nir(nets.chain(nodes), tmp_path / "spiking.nir")
    return tmp_path / "spiking.nir"


def test_there_and_back(cli: Cli, spiking: Path) -> None:
    net, again = spiking.with_suffix(".net"), spiking.with_name("again.nir")
    arguments = ("export", spiking, "--format", "netx", "-o", net)
    assert "--round-bias" in cli(*arguments).mistake
    assert not net.exists()
    ended = cli(*arguments, "--round-bias")
    assert ended.code == 0
    assert "'a': biases rounded by up to" in ended.out
    ended = cli("import", net, "-o", again, "--dt", "2e-3", "--json")
    assert json.loads(ended.out)["dt"] == 2e-3
    assert read_nir(again).metadata["snnvae"]["dt"] == 2e-3
    assert cli("inspect", again).code == 0


def test_a_part_of_a_checkpoint(cli: Cli, tmp_path: Path) -> None:
    """ESVAE's decoder: its transposed convolutions become dense layers, its readout a membrane."""
    net = tmp_path / "decoder.net"
    checkpoint = zoo.path("digits-esvae", ".pt")
    ended = cli(
        "export", checkpoint, "--part", "decoder", "--format", "netx", "--round-bias", "--json",
        "-o", net,
    )  # fmt: skip
    data = json.loads(ended.out)
    assert data["files"] == {"decoder": str(net)}
    assert "never fires in netx" in data["notes"][-1]


def test_mistakes(cli: Cli, spiking: Path, tmp_path: Path) -> None:
    line = cli("export", spiking, "-o", tmp_path / "a.nir", "--round-bias").mistake
    assert "--format netx" in line
    line = cli("export", spiking, "-o", tmp_path / "a.nir", "--dt", "1e-3").mistake
    assert "--format netx" in line
    assert "not netx" in cli("import", spiking, "-o", tmp_path / "a.nir").mistake
    assert "itself" in cli("import", spiking, "-o", spiking).mistake
    assert "no such file" in cli("import", tmp_path / "b.net", "-o", tmp_path / "a.nir").mistake
    assert not (tmp_path / "a.nir").exists()
