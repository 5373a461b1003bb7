"""`export --format c`, `run-c`, and C as a row of `check`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnvae as sv
from snnvae import zoo
from snnvae.deploy.c import compiler
from snnvae.export.nir_file import write_nir

Cli = Callable[..., Any]
needs_compiler = pytest.mark.skipif(compiler.found() is None, reason=compiler.MISSING)


def test_a_folder_with_its_sizes(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "net"
    ended = cli("export", zoo.path("digits-fsvae"), "--format", "c", "-o", out, "--json")
    (data,) = json.loads(ended.out).values()
    assert {Path(path).name for path in data["files"]} == {path.name for path in out.iterdir()}
    assert {"net.c", "net_draws.c", "main.c", "Makefile", "README.md"} <= {
        path.name for path in out.iterdir()
    }
    assert data["state"] < data["ram"] < 64 * 1024
    assert data["tables"] < data["flash"] < 128 * 1024
    assert 0 < data["additions"] < data["most_additions"] == 107_328
    said = cli("export", zoo.path("digits-fsvae"), "--format", "c", "-o", out, "--board", "RP2040")
    assert f"RAM {data['ram']:,} bytes" in said.out
    assert f"a step adds {data['additions']:,.0f} weights (in 4 samples of 16 steps" in said.out


def test_a_checkpoint_with_two_parts(cli: Cli, tmp_path: Path) -> None:
    """Each in a folder of its own; the encoder's currents are computed by the host."""
    out = tmp_path / "net"
    checkpoint = zoo.path("digits-esvae", ".pt")
    ended = cli("export", checkpoint, "--part", "autoencoder", "--format", "c", "-o", out,
                "--saturate")  # fmt: skip
    assert ended.code == 0, ended.err
    assert "int32_t current_" in (out / "encoder" / "net.h").read_text()
    assert "uint32_t spikes_" in (out / "decoder" / "net.h").read_text()


def test_what_a_chip_cannot_hold(cli: Cli, tmp_path: Path) -> None:
    export = ("export", zoo.path("digits-fsvae"), "--format", "c", "-o", tmp_path / "net")
    assert "bytes of RAM" in cli(*export, "--ram", "12K").mistake
    assert "bytes of flash" in cli(*export, "--board", "rp2040", "--flash", "64K").mistake
    assert "'prior.2.lif' 33,280" in cli(*export, "--flash", "65536").mistake
    assert "no board 'z80': choose from rp2040" in cli(*export, "--board", "z80").mistake
    assert "'lots' is no size of memory; write it as 264K" in cli(*export, "--ram", "lots").mistake
    assert not (tmp_path / "net").exists()


def test_options_of_other_formats(cli: Cli, tmp_path: Path) -> None:
    model, out = zoo.path("digits-fsvae"), tmp_path / "x"
    for format_, options, said in (
        ("c", ("--round-bias",), "--round-bias is for --format netx"),
        ("c", ("--standard",), "--standard is for --format nir"),
        ("netx", ("--ram", "1M"), "--ram is for --format c or rust"),
        ("netx", ("--delay-edge", "a,b"), "--delay-edge is for --format c or rust"),
        ("netx", ("--scale-per", "layer"), "--scale-per is for --format c or rust"),
        ("c", ("--delay-edge", "a"), "write two node names"),
    ):
        line = cli("export", model, "--format", format_, "-o", out, *options).mistake
        assert said in line
    file = tmp_path / "file"
    file.write_text("")
    said = cli("export", model, "--format", "c", "-o", file).mistake
    assert f"cannot write -o {file}: is a file; name a folder" in said
    assert "is a folder; name a file in it" in cli("export", model, "--format", "netx", "-o",
                                                   tmp_path).mistake  # fmt: skip


@needs_compiler
def test_run_c_writes_what_other_backends_write(cli: Cli, tmp_path: Path) -> None:
    """In blocks of samples: the spikes are the emulator's, the counts add up."""
    model = ("digits-esvae", "--samples", 3, "--seed", 4, "--record-state", "--max-memory", "1MB")
    data = json.loads(cli("run-c", *model, "-o", tmp_path, "--json").out)
    assert (data["backend"], data["precision"]) == ("c", "fixed")
    found = sv.load(tmp_path / "recording.h5")
    program = sv.compile(sv.read(zoo.path("digits-esvae")), "fixed")
    stimulus = sv.make_stimulus(program, samples=3, seed=4)
    wanted = sv.run(program, stimulus, membranes=True)
    for name, spikes in wanted.spikes.items():
        np.testing.assert_array_equal(found.spikes[name], spikes)
    for name, membranes in wanted.membranes.items():
        np.testing.assert_array_equal(found.membranes[name], membranes)
    assert found.info["additions"] == sv.run(program, stimulus, "c").info["additions"] > 0


@needs_compiler
def test_check_compares_c_in_fixed_point(cli: Cli, nets: Any, tmp_path: Path) -> None:
    write_nir(nets.small(), tmp_path / "net.nir")
    ended = cli("check", tmp_path / "net.nir", "--backend", "c", "--samples", 2, "--json")
    found = json.loads(ended.out)
    assert found["agrees"]
    assert found["complete"]
    assert {(row["precision"], row["peer"]) for row in found["rows"]} == {("fixed", "c")}


def test_without_a_compiler(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run says the remedy; `check` leaves it out and says so."""
    monkeypatch.setenv("CC", "no-such-compiler")
    line = cli("run-c", "digits-esvae", "-o", tmp_path / "out").mistake
    assert "the variable CC names 'no-such-compiler', which is not found" in line
    assert not (tmp_path / "out").exists()
    ended = cli("check", "digits-esvae", "--samples", 1, "--backend", "c", "--backend", "emulator")
    assert ended.code == 0
    assert "left out: c: the variable CC names 'no-such-compiler'" in ended.out


@needs_compiler
def test_c_holds_integers_only() -> None:
    program = sv.compile(sv.read(zoo.path("digits-esvae")))
    stimulus = sv.make_stimulus(program)
    with pytest.raises(sv.SnnvaeError, match="C holds integers only; compile with `precision`"):
        sv.run(program, stimulus, "c")
