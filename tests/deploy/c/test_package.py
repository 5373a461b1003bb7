"""The folder: it builds as it says, its sizes are a compiler's, and a chip that is too small is
refused by layer and number."""

from __future__ import annotations

import errno
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_c import random_program

from snnvae import zoo
from snnvae.deploy import c
from snnvae.deploy.c import budget, compiler, draws, package
from snnvae.deploy.c.budget import Budget, boards
from snnvae.deploy.c.network import Network
from snnvae.deploy.c.sizes import Sizes
from snnvae.deploy.compile import compile_graph
from snnvae.errors import BackendError, ConfigError, UnsupportedError
from snnvae.export.nir_file import read_nir
from snnvae.hardware_sim import reference

MODELS = sorted(entry.stem for entry in Path(zoo.path("digits-esvae")).parent.glob("*.nir"))


def sizes_of(name: str) -> Sizes:
    network = Network.of(compile_graph(read_nir(zoo.path(name)), "fixed").program)
    return Sizes(network, drawn=bool(draws.drawn(network)))


@pytest.fixture(scope="module")
def sizes() -> dict[str, Sizes]:
    return {name: sizes_of(name) for name in MODELS}


def test_the_generator_of_digits_within_64_kb(sizes: dict[str, Sizes]) -> None:
    for name in ("digits-esvae", "digits-fsvae"):
        assert sizes[name].ram < 64 * 1024


def test_the_table_of_the_docs_is_what_export_prints(sizes: dict[str, Sizes]) -> None:
    """But for additions of a mean step, which take a run."""
    text = (Path(__file__).parents[3] / "docs" / "c.md").read_text("utf8")
    table = text.split("<!-- sizes -->")[1].split("<!-- /sizes -->")[0]
    told = {row[0]: row[1:] for row in re.findall(r"\| `(.*?)` \| (.*) \|", table)}
    assert set(told) == set(MODELS)
    for name, one in sizes.items():
        *bytes_, _, most = (int(n.replace(",", "")) for n in told[name][0].split(" | "))
        assert bytes_ == [one.network.ram, one.ram, one.flash]
        assert most == sum(part.operations for part in one.network.parts)


def test_a_folder_builds_with_make_and_runs_from_arrays(nets: Any, tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    program = nets.compiled(nets.small(), "fixed")
    network = Network.of(program)
    folder = tmp_path / "net"
    files = package.write(Sizes(network), folder)
    assert sorted(files) == sorted(folder.iterdir())
    subprocess.run(["make", "-s", f"CC={' '.join(compiler.require())}"], cwd=folder, check=True)
    stimulus = nets.spikes(program, samples=2, steps=9)
    (port,) = program.inputs
    np.save(folder / "in.npy", stimulus.streams[port.name])
    arguments = ["-t", "9", "-o", ".", f"spikes_{network.names[port.name]}=in.npy"]
    subprocess.run(["./net", *arguments], cwd=folder, check=True, capture_output=True)
    told = subprocess.run(["./net", "-h"], cwd=folder, check=True, capture_output=True, text=True)
    size = np.prod(port.shape)
    assert f"spikes_{network.names[port.name]}: {size} spikes a step\n" in told.stdout
    wanted = reference.run(program, stimulus, membranes=True)
    (name,) = program.outputs
    found = np.load(folder / f"membrane_{network.names[name]}.npy")
    layer = program.outputs[name]
    np.testing.assert_array_equal(
        found.reshape(2, 9, -1), wanted.membranes[layer].reshape(2, 9, -1)
    )
    streamed(folder, network, stimulus.streams[port.name][0], wanted.membranes[layer][0])


def streamed(folder: Path, network: Network, spikes: np.ndarray, membranes: np.ndarray) -> None:
    """Records of net_input in, records of net_output out."""
    flat = spikes.reshape(len(spikes), -1)
    padded = np.pad(flat, ((0, 0), (0, -flat.shape[1] % 32)), constant_values=True)
    given = np.packbits(padded, axis=1, bitorder="little").tobytes()
    ran = subprocess.run(["./net", "-r"], cwd=folder, check=True, input=given, capture_output=True)
    found = np.frombuffer(ran.stdout, "<i4").reshape(len(spikes), -1)
    np.testing.assert_array_equal(found, membranes.reshape(len(spikes), -1))


MISTAKES = [
    (["-t", "x"], "write a whole number"),
    (["-t", "0"], "give at least 1"),
    (["nothing=a.npy"], "no input of that name"),
    (["what"], "net [-t STEPS]"),
    ([], "needs an array"),
    (["-n", "-1"], "write a whole number"),
    (["-t", "9" * 30], "write a whole number"),
    (["{port}=none.npy"], "No such file"),
    (["{port}=net.c"], "not a .npy file"),
    (["{port}=float.npy"], "needs true and false"),
    (["{port}=turned.npy"], "needs true and false, in C order"),
    (["-t", "8", "{port}=short.npy"], "not of the shape"),
    (["{port}=turned_axes.npy"], "not of the shape"),
    (["{port}=flat.npy"], "not of the shape"),
    (["{port}=short.npy", "{port}=short.npy"], "is given twice"),
    (["{port}=cut.npy"], "ends too early"),
]


def test_the_harness_says_what_it_cannot_read(nets: Any, tmp_path: Path) -> None:
    program = nets.compiled(nets.small(), "fixed")
    network = Network.of(program)
    path = compiler.build(tmp_path, package.code(network), compiler.require(), ("-O0",))
    (port,) = program.inputs
    good = np.ones((1, 8, *port.shape), bool)
    np.save(tmp_path / "float.npy", good.astype(float))
    np.save(tmp_path / "turned.npy", np.asfortranarray(good))
    np.save(tmp_path / "short.npy", good[:, :7])
    np.save(tmp_path / "turned_axes.npy", np.ascontiguousarray(good.swapaxes(1, 2)))
    np.save(tmp_path / "flat.npy", good.reshape(-1))
    np.save(tmp_path / "cut.npy", good)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "cut.npy").read_bytes()[:-5])
    for arguments, said in MISTAKES:
        own = [a.format(port=f"spikes_{network.names[port.name]}") for a in arguments]
        ran = subprocess.run([path, *own], cwd=tmp_path, capture_output=True, text=True)
        assert ran.returncode == 2, arguments
        assert said in ran.stderr


def test_what_does_not_fit_is_refused_by_layer_and_number(sizes: dict[str, Sizes]) -> None:
    large = sizes["mnist-fsvae"]
    Budget.chosen("RP2040", None, None).check(large)
    with pytest.raises(UnsupportedError) as refused:
        Budget.chosen("stm32f4", None, None).check(large)
    assert re.search(
        r"C: needs 1\d\d,\d{3} bytes of RAM .* STM32F407VG has 131,072; most takes "
        r"'decoder.3.lif' 67,584, ",
        str(refused.value),
    )
    with pytest.raises(UnsupportedError, match=r"flash .* has 65,536; most takes 'prior.2.lif'"):
        Budget.chosen(None, None, 64 * 1024).check(large)
    Budget(ram=large.ram, flash=large.flash).check(large)
    with pytest.raises(UnsupportedError):
        Budget(ram=large.ram - 1).check(large)
    with pytest.raises(ConfigError, match="no board 'z80': choose from rp2040"):
        Budget.chosen("z80", None, None)


def test_boards_state_their_sources() -> None:
    assert set(boards()) == {"rp2040", "stm32f4", "esp32", "nrf52840"}
    assert all("https://" in board.source for board in boards().values())
    assert budget.board_named("nRF52840").ram == 256 * 1024


def test_a_readme_says_what_it_takes(sizes: dict[str, Sizes], tmp_path: Path) -> None:
    one = sizes["digits-fsvae"]
    package.write(one, tmp_path, {"z": 12.4}, "in a test")
    text = (tmp_path / "README.md").read_text()
    assert f"RAM: {one.ram:,} bytes: {one.network.ram:,} of state" in text
    assert "| z | 32 | 8 | 8,192 | 8,192 | 12 |" in text
    assert "Counted: in a test." in text
    assert "`net_draws.c` gives its spikes (`one-hot`)" in text
    assert "@" not in text


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4"])
def test_a_compiler_for_chips_finds_the_sizes_that_are_told(
    core: str, sizes: dict[str, Sizes], tmp_path: Path
) -> None:
    cross = shutil.which("arm-none-eabi-gcc")
    if cross is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    for name in ("digits-esvae", "ising-chain8"):
        folder = tmp_path / name
        package.write(sizes[name], folder)
        flags = ["-std=c99", "-O2", f"-mcpu={core}", "-mthumb", "-c", "net.c"]
        subprocess.run([cross, *flags], cwd=folder, check=True)
        told = subprocess.run(
            ["arm-none-eabi-size", "-A", "net.o"], cwd=folder, check=True, capture_output=True,
            text=True,
        ).stdout  # fmt: skip
        held = {line.split()[0]: int(line.split()[1]) for line in told.splitlines()[2:] if line}
        network = sizes[name].network
        assert held[".bss"] == network.ram
        tables = sum(n for section, n in held.items() if section.startswith(".rodata"))
        assert abs(tables - network.flash) <= 64
        assert sum(n for s, n in held.items() if s.startswith(".text")) <= sizes[name].code


def test_files_of_a_network_that_was_here_before_go(tmp_path: Path) -> None:
    """What draws is of one network, and no other's; the page shows it where it is."""
    for name, there in (("ising-chain8", True), ("mnist-esvae", False)):
        sizes = sizes_of(name)
        package.write(sizes, tmp_path)
        assert (tmp_path / "net_draws.c").exists() == sizes.drawn == there
        page = (tmp_path / "README.md").read_text("utf8")
        assert ("net_draws_begin(seed, sample, label);" in page) == there
        assert ("`net_draws.c` |" in page) == there


def test_without_a_compiler_the_remedy_is_named(
    nets: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = nets.compiled(nets.small(), "fixed")
    for named, said in {
        "no-such-compiler": "the variable CC names 'no-such-compiler', which is not found: name a",
        "gcc '": 'the variable CC, "gcc \'": No closing quotation; mend or unset it',
        "false": "false does not compile the network: exit code 1",
        "true": "true ended well, but made no program",
    }.items():
        monkeypatch.setenv("CC", named)
        with pytest.raises(BackendError, match=said):
            c.run(program, nets.spikes(program))
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError, match=r"no C compiler found .* apt-get install gcc"):
        c.run(program, nets.spikes(program))


def test_a_compiler_is_named_from_where_the_user_is(
    nets: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "cc"
    own.write_text(f'#!/bin/sh\nexec {shlex.join(compiler.require())} "$@"\n')
    own.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CC", "./cc")
    program = nets.compiled(nets.small(), "fixed")
    assert c.run(program, nets.spikes(program)).info["compiler"] == str(own)


@pytest.mark.parametrize("seed", [5, 90, 268])
def test_a_state_with_wide_integers_is_as_large_however_aligned(seed: int) -> None:
    """8 bytes divide it, so that no chip adds any at its end."""
    network = Network.of(random_program(seed)[0])
    wide = any(array.kind == "int64_t" for array in network.state)
    assert network.ram % (8 if wide else 4) == 0
    held = sum(array.size for array in network.state) + 4 * len(network.delays)
    assert network.ram - held == 4 * network.unused


def test_a_full_disk_is_said_in_a_line(nets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    program = nets.compiled(nets.small(), "fixed")
    monkeypatch.setattr(np, "save", full)
    with pytest.raises(BackendError, match=r"No space left on device.*TMPDIR names another"):
        c.run(program, nets.spikes(program), flags=("-O0",))
