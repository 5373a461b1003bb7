"""The folder: it builds as it says, its sizes are a compiler's, and a chip that is too small is
refused by layer and number."""

from __future__ import annotations

import errno
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_code import FAST, STEPS, assert_same, random_program, stated, summed

from snnvae import zoo
from snnvae.deploy import c
from snnvae.deploy.c import compiler, package
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.microcontroller import budget, runner
from snnvae.deploy.microcontroller.budget import Budget, boards
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.sizes import Sizes
from snnvae.errors import BackendError, ConfigError, UnsupportedError
from snnvae.export.nir_file import read_nir
from snnvae.hardware_sim import reference
from snnvae.primitives import OneToOne
from snnvae.primitives.parameters import FixedBias
from snnvae.program import Input
from snnvae.stimulus import Stimulus

MODELS = sorted(entry.stem for entry in Path(zoo.path("digits-esvae")).parent.glob("*.nir"))


def sizes_of(name: str) -> Sizes:
    return c.DIALECT.sizes(Network.of(compile_graph(read_nir(zoo.path(name)), "fixed").program))


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
    files = c.DIALECT.write(c.DIALECT.sizes(network), folder)
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
    *((["-t", "8", f"{{port}}=hostile_{n}.npy"], "states a shape that no file has")
      for n in range(5)),
    (["{port}=long.npy"], "not a .npy file"),
]  # fmt: skip
HOSTILE = [
    "(1, 8, 4294967296, 4294967296, {size})",
    "(1, 8, {wraps}, 2)",  # 2^64 more than the values of a step
    "(1, 8, 18446744073709551616, {size})",
    "(18446744073709551615, 8, {size})",
    "(4294967296, 4294967296, {size})",
]
"""Shapes whose product no 64 bits hold."""


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
    size = int(np.prod(port.shape))
    for n, shape in enumerate(HOSTILE):
        text = shape.format(size=size, wraps=2**63 + size // 2)
        (tmp_path / f"hostile_{n}.npy").write_bytes(stated(text))
    (tmp_path / "long.npy").write_bytes(b"\x93NUMPY\x02\x00" + b"\xff" * 4 + b"{}")
    for arguments, said in MISTAKES:
        own = [a.format(port=f"spikes_{network.names[port.name]}") for a in arguments]
        ran = subprocess.run([path, *own], cwd=tmp_path, capture_output=True, text=True)
        assert ran.returncode == 2, arguments
        assert said in ran.stderr


def test_a_network_that_nothing_enters(tmp_path: Path) -> None:
    """It has an input, as every network, whose spikes reach no layer of the chip: C99 knows no
    empty list of initial values."""
    whole = summed({"a": OneToOne.plain((5,)), "b": OneToOne.plain((40,))})
    biases = [
        replace(layer.neuron, bias=FixedBias(np.arange(layer.size), 3)) for layer in whole.layers
    ]
    program = replace(
        whole,
        inputs=(Input("unused", (3,), analog=True, low=0, high=1),),
        layers=tuple(replace(a, neuron=b) for a, b in zip(whole.layers, biases, strict=True)),
        connections=(),
    )
    stimulus = Stimulus({"unused": np.zeros((2, STEPS, 3))}, (0, 1))
    for name in ("gcc", "clang", *compiler.require()):
        if shutil.which(name):
            folder = tmp_path / Path(name).name
            folder.mkdir(exist_ok=True)
            code = package.code(Network.of(program))
            path = compiler.build(folder, code, (name,), ("-pedantic", *FAST))
            subprocess.run([path, "-o", "."], cwd=folder, check=True, capture_output=True)
    assert_same(program, stimulus, ("-pedantic", *FAST))


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
    c.DIALECT.write(one, tmp_path, {"z": 12.4}, "in a test")
    text = (tmp_path / "README.md").read_text()
    assert f"RAM: {one.ram:,} bytes: {one.network.ram:,} of state" in text
    assert "| z | 32 | 8 | 8,192 | 8,192 | 12 |" in text
    assert "Counted: in a test." in text
    assert f"an\nestimated {one.code:,} of code" in text
    assert "upper estimate for `net.c` and `net_draws.c`" in text
    assert "each is for a chip of its own" in text
    assert "On an AVR" in text
    assert "`net_draws.c` gives its spikes (`one-hot`)" in text
    assert "@" not in text


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4"])
def test_a_compiler_for_chips_finds_the_sizes_that_are_told(
    core: str, sizes: dict[str, Sizes], tmp_path: Path
) -> None:
    cross = shutil.which("arm-none-eabi-gcc")
    if cross is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    for name in ("digits-esvae", "digits-fsvae", "ising-chain8"):
        folder, one = tmp_path / name, sizes[name]
        c.DIALECT.write(one, folder)
        flags = [cross, "-std=c99", "-O2", f"-mcpu={core}", "-mthumb"]
        (folder / "chip.c").write_text(CHIP)
        sources = ["net.c", *["net_draws.c"] * one.drawn]
        own = ["-DDRAWN"] if one.drawn else []
        subprocess.run([*flags, "-c", *sources], cwd=folder, check=True)
        linked = ["-nostartfiles", "-Wl,--gc-sections", "-o", "chip.elf", "chip.c", *sources]
        subprocess.run([*flags, *own, *linked], cwd=folder, check=True)
        held = sections(folder / "net.o")
        assert held[".bss"] == one.network.ram
        tables = sum(n for section, n in held.items() if section.startswith(".rodata"))
        assert abs(tables - one.network.flash) <= 64
        code = sum(n for s, n in sections(folder / "chip.elf").items() if s.startswith(".text"))
        if one.drawn:
            held = sections(folder / "net_draws.o")
            assert held[".bss"] == one.draw_state
            tables += sum(n for section, n in held.items() if section.startswith(".rodata"))
        assert tables <= one.flash - one.code + 64
        assert code <= one.code


CHIP = """
#include "net.h"
#ifdef DRAWN
#include "net_draws.h"
#endif
void _start(void);
net_input in;
net_output out;
void _start(void)
{
    net_reset();
#ifdef DRAWN
    net_draws_begin(1u, 2u, 0u);
    net_draw(&in);
#endif
    net_step(&in, &out);
}
"""
"""A product of nothing but the network."""


def sections(path: Path) -> dict[str, int]:
    """Bytes of each."""
    command = ["arm-none-eabi-size", "-A", path]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {line.split()[0]: int(line.split()[1]) for line in told.splitlines()[2:] if line}


def test_cmake_optimises_unless_told_otherwise(sizes: dict[str, Sizes], tmp_path: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    c.DIALECT.write(sizes["digits-esvae"], tmp_path)
    for given, built in (([], "Release"), (["-DCMAKE_BUILD_TYPE=Debug"], "Debug")):
        command = ["cmake", *given, "-B", built, "."]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        assert (
            f"CMAKE_BUILD_TYPE:STRING={built}\n"
            in (tmp_path / built / "CMakeCache.txt").read_text()
        )


def test_files_of_a_network_that_was_here_before_go(tmp_path: Path) -> None:
    """What draws is of one network, and no other's; the page shows it where it is."""
    for name, there in (("ising-chain8", True), ("mnist-esvae", False)):
        sizes = sizes_of(name)
        c.DIALECT.write(sizes, tmp_path)
        assert (tmp_path / "net_draws.c").exists() == sizes.drawn == there
        page = (tmp_path / "README.md").read_text("utf8")
        assert ("net_draws_begin(seed, sample, label);" in page) == there
        assert ("`net_draws.c` |" in page) == there


def test_without_a_compiler_the_remedy_is_named(
    nets: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = nets.compiled(nets.small(), "fixed")
    for named, said in {
        "no-such-compiler": "the variable CC names 'no-such-compiler', which is not found, or is",
        "gcc '": 'the variable CC, "gcc \'": No closing quotation; mend or unset it',
        "false": "false does not compile the network: exit code 1",
        "true": "true ended well, but made no program",
        "echo": "echo ended well, but made no program",
    }.items():
        monkeypatch.setenv("CC", named)
        with pytest.raises(BackendError, match=said):
            c.run(program, nets.spikes(program))
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError, match=r"no C compiler found .* apt-get install gcc"):
        c.run(program, nets.spikes(program))


PDP = """#!/bin/sh
case "$*" in
*-dumpmachine*) echo pdp11-dec-bsd ;;
*) {otherwise} ;;
esac
"""


@pytest.mark.parametrize("otherwise", ["echo cannot find -lc >&2; exit 1", "touch empty; exit 0"])
def test_a_compiler_for_other_machines_is_told_before_any_work(
    otherwise: str, nets: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "pdp11-gcc"
    own.write_text(PDP.format(otherwise=otherwise))
    own.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CC", f"{own} -O1")
    program = nets.compiled(nets.small(), "fixed")
    said = r"pdp11-gcc -O1 makes programs for pdp11-dec-bsd, which this machine cannot run; let the"
    with pytest.raises(BackendError, match=said):
        runner.check(c.DIALECT, program)
    assert re.search(said, c.DIALECT.lacking() or "")


def test_a_compiler_whose_target_has_another_name_is_believed_where_its_programs_run(
    nets: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "cc"
    own.write_text(PDP.format(otherwise=f'exec {shlex.join(compiler.require())} "$@"'))
    own.chmod(0o755)
    monkeypatch.setenv("CC", str(own))
    runner.check(c.DIALECT, nets.compiled(nets.small(), "fixed"))


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
    wide = any(array.kind == "int64" for array in network.state)
    assert network.ram % (8 if wide else 4) == 0
    held = sum(array.size for array in network.state) + 4 * len(network.delays)
    assert network.ram - held == 4 * network.unused


@pytest.mark.parametrize("membranes", [False, True])
def test_a_run_writes_what_is_read_and_no_more(
    membranes: bool, nets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = nets.compiled(nets.small(), "fixed")
    there: set[str] = set()
    result = runner._Run.result

    def listed(run: runner._Run) -> Any:
        found = result(run)
        there.update(path.stem for path in run._folder.iterdir())
        return found

    monkeypatch.setattr(runner._Run, "result", listed)
    c.run(program, nets.spikes(program), membranes=membranes, flags=("-O0",))
    wanted = {f"spikes_{Network.of(program).names[port.name]}" for port in program.inputs}
    for n, layer in enumerate(program.layers):
        wanted.add(f"layer_{n}_{'spikes' if layer.neuron.spiking else 'final'}")
        wanted |= {f"layer_{n}_membrane"} if membranes else set()
    assert there == wanted


def test_a_full_disk_is_said_in_a_line(nets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    program = nets.compiled(nets.small(), "fixed")
    monkeypatch.setattr(np, "save", full)
    with pytest.raises(BackendError, match=r"No space left on device.*TMPDIR names another"):
        c.run(program, nets.spikes(program), flags=("-O0",))
