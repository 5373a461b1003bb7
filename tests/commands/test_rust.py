"""`export --format rust`, `run-rust`, and Rust as a row of `check`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_code import RUST, needs

import snnvae as sv
from snnvae import zoo
from snnvae.export.nir_file import write_nir

Cli = Callable[..., Any]


def test_a_crate_with_its_sizes(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "net"
    export = ("export", zoo.path("digits-fsvae"), "--format", "rust", "-o", out)
    (data,) = json.loads(cli(*export, "--json").out).values()
    written = {path for path in out.rglob("*") if path.is_file()}
    assert {Path(path) for path in data["files"]} == written
    assert {out / "Cargo.toml", out / "src" / "lib.rs", out / "src" / "draws.rs"} <= written
    said = cli(*export, "--board", "RP2040").out
    assert "src/lib.rs, src/layers.rs" in said
    assert f"RAM {data['ram']:,} bytes" in said
    assert "Rust: needs" in cli(*export, "--flash", "64K").mistake


def test_a_crate_is_no_netx(cli: Cli, tmp_path: Path) -> None:
    export = ("export", zoo.path("digits-fsvae"), "--format", "rust", "-o", tmp_path / "net")
    assert "--standard is for --format nir" in cli(*export, "--standard").mistake


@needs(RUST)
def test_run_rust_writes_what_other_backends_write(cli: Cli, tmp_path: Path) -> None:
    model = ("digits-esvae", "--samples", 2, "--seed", 4, "--record-state")
    data = json.loads(cli("run-rust", *model, "-o", tmp_path, "--json").out)
    assert (data["backend"], data["precision"]) == ("rust", "fixed")
    found = sv.load(tmp_path / "recording.h5")
    program = sv.compile(sv.read(zoo.path("digits-esvae")), "fixed")
    wanted = sv.run(program, sv.make_stimulus(program, samples=2, seed=4), membranes=True)
    for name, spikes in wanted.spikes.items():
        np.testing.assert_array_equal(found.spikes[name], spikes)
    for name, membranes in wanted.membranes.items():
        np.testing.assert_array_equal(found.membranes[name], membranes)


@needs(RUST)
def test_check_compares_rust_in_fixed_point(cli: Cli, nets: Any, tmp_path: Path) -> None:
    write_nir(nets.small(), tmp_path / "net.nir")
    ended = cli("check", tmp_path / "net.nir", "--backend", "rust", "--samples", 2, "--json")
    found = json.loads(ended.out)
    assert found["agrees"]
    assert found["complete"]
    assert {(row["precision"], row["peer"]) for row in found["rows"]} == {("fixed", "rust")}


def test_without_a_compiler(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run says the remedy; `check` leaves it out and says so."""
    monkeypatch.setenv("RUSTC", "no-such-rustc")
    line = cli("run-rust", "digits-esvae", "-o", tmp_path / "out").mistake
    assert "the variable RUSTC names 'no-such-rustc', which is not found" in line
    assert not (tmp_path / "out").exists()
    checked = ("check", "digits-esvae", "--samples", 1, "--backend", "rust")
    ended = cli(*checked, "--backend", "emulator")
    assert ended.code == 0
    assert "left out: rust: the variable RUSTC names 'no-such-rustc'" in ended.out


def test_rust_holds_integers_only() -> None:
    program = sv.compile(sv.read(zoo.path("digits-esvae")))
    with pytest.raises(sv.SnnvaeError, match="Rust holds integers only; compile with `precision`"):
        sv.run(program, sv.make_stimulus(program), "rust")
