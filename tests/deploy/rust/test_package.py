"""The crate: it builds with cargo as it says, its harness says what it cannot read, and a compiler
that is missing or fails is told in a line."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_code import DEBUG, stated, summed

from snnvae import zoo
from snnvae.deploy import rust
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.microcontroller.budget import Budget
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.sizes import Sizes
from snnvae.deploy.rust import compiler, package
from snnvae.errors import BackendError, UnsupportedError
from snnvae.export.nir_file import read_nir
from snnvae.hardware_sim import reference
from snnvae.primitives import OneToOne


def sizes_of(name: str) -> Sizes:
    program = compile_graph(read_nir(zoo.path(name)), "fixed").program
    return rust.DIALECT.sizes(Network.of(program))


def cargo(folder: Path, *words: str) -> str:
    """What it said; where it is not installed, a skip."""
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not installed")
    command = ["cargo", *words, "--offline", "--quiet"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def test_a_folder_builds_with_cargo_and_runs_from_arrays(nets: Any, tmp_path: Path) -> None:
    program = nets.compiled(nets.small(), "fixed")
    network = Network.of(program)
    folder = tmp_path / "net"
    files = rust.DIALECT.write(rust.DIALECT.sizes(network), folder)
    assert sorted(files) == sorted(path for path in folder.rglob("*") if path.is_file())
    assert cargo(folder, "build") == ""
    net = folder / "target" / "debug" / "net"
    stimulus = nets.spikes(program, samples=2, steps=9)
    (port,) = program.inputs
    np.save(folder / "in.npy", stimulus.streams[port.name])
    arguments = ["-t", "9", "-o", ".", f"spikes_{network.names[port.name]}=in.npy"]
    subprocess.run([net, *arguments], cwd=folder, check=True, capture_output=True)
    told = subprocess.run([net, "-h"], check=True, capture_output=True, text=True).stdout
    assert f"spikes_{network.names[port.name]}: {np.prod(port.shape)} spikes a step\n" in told
    wanted = reference.run(program, stimulus, membranes=True)
    (name,) = program.outputs
    membranes = wanted.membranes[program.outputs[name]].reshape(2, 9, -1)
    np.testing.assert_array_equal(
        np.load(folder / f"membrane_{network.names[name]}.npy"), membranes
    )
    flat = stimulus.streams[port.name][0].reshape(9, -1)
    padded = np.pad(flat, ((0, 0), (0, -flat.shape[1] % 32)), constant_values=True)
    given = np.packbits(padded, axis=1, bitorder="little").tobytes()
    ran = subprocess.run([net, "-r"], check=True, input=given, capture_output=True)
    np.testing.assert_array_equal(np.frombuffer(ran.stdout, "<i4").reshape(9, -1), membranes[0])
    cut = subprocess.run([net, "-r"], input=given[:-3], capture_output=True, text=False)
    assert (cut.returncode, cut.stderr) == (2, b"net: standard input: ends within a step\n")


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["digits-fsvae", "ising-chain8", "digits-esvae"])
def test_nothing_is_found_to_be_better_written(name: str, tmp_path: Path) -> None:
    if shutil.which("cargo-clippy") is None:
        pytest.skip("clippy is not installed")
    rust.DIALECT.write(sizes_of(name), tmp_path)
    cargo(tmp_path, "clippy")
    ran = subprocess.run(
        ["cargo", "clippy", "--offline", "--quiet", "--", "-D", "warnings"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


MISTAKES = [
    (["-t", "x"], "write a whole number"),
    (["-t", "0"], "give at least 1"),
    (["nothing=a.npy"], "no input of that name"),
    (["what"], "net [-t STEPS]"),
    ([], "needs an array"),
    (["-n", "-1"], "write a whole number"),
    (["-t", "9" * 30], "write a whole number"),
    (["{port}=none.npy"], "No such file"),
    (["{port}=text.npy"], "not a .npy file"),
    (["{port}=float.npy"], "needs true and false"),
    (["{port}=turned.npy"], "needs true and false, in C order"),
    (["-t", "8", "{port}=short.npy"], "not of the shape"),
    (["{port}=turned_axes.npy"], "not of the shape"),
    (["{port}=flat.npy"], "not of the shape"),
    (["{port}=short.npy", "{port}=short.npy"], "is given twice"),
    (["{port}=cut.npy"], "ends too early"),
    (["{port}=huge.npy"], "not of the shape"),
    (["{port}=wraps.npy"], "not of the shape"),
    (["-t", "8", "{port}=many.npy"], "ends too early"),
    (["{port}=long.npy"], "not a .npy file"),
]


def test_the_harness_says_what_it_cannot_read(nets: Any, tmp_path: Path) -> None:
    program = nets.compiled(nets.small(), "fixed")
    network = Network.of(program)
    path = compiler.build(tmp_path, package.code(network), compiler.require(), DEBUG)
    (port,) = program.inputs
    good, size = np.ones((1, 8, *port.shape), bool), int(np.prod(port.shape))
    np.save(tmp_path / "float.npy", good.astype(float))
    np.save(tmp_path / "turned.npy", np.asfortranarray(good))
    np.save(tmp_path / "short.npy", good[:, :7])
    np.save(tmp_path / "turned_axes.npy", np.ascontiguousarray(good.swapaxes(1, 2)))
    np.save(tmp_path / "flat.npy", good.reshape(-1))
    np.save(tmp_path / "cut.npy", good)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "cut.npy").read_bytes()[:-5])
    (tmp_path / "text.npy").write_text("no numbers")
    (tmp_path / "huge.npy").write_bytes(stated(f"(1, 8, 18446744073709551616, {size})"))
    (tmp_path / "wraps.npy").write_bytes(stated(f"(1, 8, {2**63 + size // 2}, 2)"))
    (tmp_path / "many.npy").write_bytes(stated(f"(18446744073709551615, 8, {size})"))
    (tmp_path / "long.npy").write_bytes(b"\x93NUMPY\x02\x00" + b"\xff" * 4 + b"{}")
    for arguments, said in MISTAKES:
        own = [a.format(port=f"spikes_{network.names[port.name]}") for a in arguments]
        ran = subprocess.run([path, *own], cwd=tmp_path, capture_output=True, text=True)
        assert ran.returncode == 2, (arguments, ran.stderr)
        assert said in ran.stderr
        assert ran.stderr.count("\n") == 1


def test_a_readme_says_what_it_takes(tmp_path: Path) -> None:
    """And files of a network that was here before go."""
    one = sizes_of("digits-fsvae")
    rust.DIALECT.write(one, tmp_path, {"z": 12.4}, "in a test")
    text = (tmp_path / "README.md").read_text()
    assert f"RAM: {one.ram:,} bytes: {one.network.ram:,} of state" in text
    assert "| z | 32 | 8 | 8,192 | 8,192 | 12 |" in text
    assert "`src/draws.rs` gives its spikes (`one-hot`)" in text
    assert "use net::{Draws, Input, Net, Output};" in text
    assert "@" not in text
    rust.DIALECT.write(sizes_of("digits-esvae"), tmp_path)
    assert not (tmp_path / "src" / "draws.rs").exists()
    assert "Draws" not in (tmp_path / "README.md").read_text()


def test_what_does_not_fit_is_refused() -> None:
    large = sizes_of("mnist-fsvae")
    Budget.chosen("rp2040", None, None).check(large)
    with pytest.raises(UnsupportedError, match=r"Rust: needs 1\d\d,\d{3} bytes of RAM"):
        Budget.chosen("stm32f4", None, None).check(large)


def test_without_a_compiler_the_remedy_is_named(
    nets: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = nets.compiled(nets.small(), "fixed")
    for named, said in {
        "no-such-rustc": "the variable RUSTC names 'no-such-rustc', which is not found, or is no",
        "false": "false does not compile the network: exit code 1",
        "true": "true ended well, but made no program",
    }.items():
        monkeypatch.setenv("RUSTC", named)
        with pytest.raises(BackendError, match=said):
            rust.run(program, nets.spikes(program))
    monkeypatch.delenv("RUSTC")
    with pytest.raises(BackendError, match=r"does not compile the network: error: unknown codegen"):
        rust.run(program, nets.spikes(program), flags=("-C", "nothing"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError, match=r"no Rust compiler found .* https://rustup.rs"):
        rust.run(program, nets.spikes(program))


def test_a_state_larger_than_the_stack(tmp_path: Path) -> None:
    """Unoptimised too, nothing of that size passes it: a chip's is small."""
    size = 100_000
    program = summed({"many": OneToOne.plain((size,))})
    code = package.code(Network.of(program))
    compiler.build(tmp_path, code, compiler.require(), DEBUG)
    spikes = np.random.default_rng(0).random((1, 2, size)) < 0.1
    np.save(tmp_path / "in.npy", spikes)
    run = "ulimit -s 256 && exec ./net -o . spikes_in_many=in.npy"
    subprocess.run(["sh", "-c", run], cwd=tmp_path, check=True, capture_output=True)
    found = np.load(tmp_path / "membrane_out_many.npy")
    np.testing.assert_array_equal(found, 64 * spikes)
