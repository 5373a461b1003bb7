"""``snnvae check --peer``: rows for what a peer runs, a reason for what it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snnvae.export.nir_file import write_nir


def test_peers_beside_the_reference(cli: Callable[..., Any], model: Path) -> None:
    flags = ("--backend", "emulator", "--samples", 2, "--peer", "norse", "--peer", "nirtorch")
    ended = cli("check", model, *flags, "--json")
    assert ended.code == 0, ended.err
    data = json.loads(ended.out)
    rows = [row for row in data["rows"] if row["peer"] == "nirtorch"]
    assert [row["layer"] for row in rows] == ["first", "second", "readout"]
    assert all(row["precision"] == "float" and row["mismatches"] == 0 for row in rows)
    assert all(row["membrane"] is not None for row in rows)
    assert not data["complete"]
    (reason,) = data["left_out"]
    assert reason == "norse takes r for 1: 'first' (LIF)"


def test_a_peer_that_nobody_knows(cli: Callable[..., Any], model: Path) -> None:
    assert "'--peer'" in cli("check", model, "--peer", "nengo").mistake


def test_layers_without_a_spike_are_named(
    cli: Callable[..., Any], nets: Any, tmp_path: Path
) -> None:
    """Agreement on silence says nothing of them."""
    nodes = {"in": nets.source(2), "quiet": nets.lif(2, threshold=1e9), "out": nets.sink(2)}
    write_nir(nets.chain(nodes), tmp_path / "net.nir")
    ended = cli("check", tmp_path / "net.nir", "--backend", "emulator", "--json")
    assert json.loads(ended.out)["silent"] == ["quiet"]
    text = cli("check", tmp_path / "net.nir", "--backend", "emulator").out
    assert "no spike of 'quiet' to compare: give other --input" in text
