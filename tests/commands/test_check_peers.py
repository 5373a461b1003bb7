"""``snnvae check --peer``: rows for what a peer runs, a reason for what it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_peers_beside_the_reference(cli: Callable[..., Any], model: Path) -> None:
    flags = ("--backend", "lava-batched", "--samples", 2, "--peer", "norse", "--peer", "nirtorch")
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
