"""The commands, from the user's chair."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from snnvae import __version__, zoo
from snnvae.cli import COMMANDS
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.quantise import LayerReport
from snnvae.export.nir_file import read_nir, write_nir
from snnvae.hardware_sim import reference
from snnvae.options import Options
from snnvae.primitives import NirConvTranspose2d
from snnvae.recording import Recording

pytestmark = pytest.mark.usefixtures("undrawn")

EXAMPLES = {"zoo": "snnvae ", "completion": 'eval "$(snnvae completion bash)"'}
"""Of commands whose example begins with another word."""

Cli = Callable[..., Any]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(cli: Cli, name: str) -> None:
    ended = cli(name, "--help")
    assert ended.code == 0
    example = ended.out.partition("Example:")[2]
    assert " ".join(example.split()).startswith(EXAMPLES.get(name, f"snnvae {name}"))
    assert ended.err == ""


def test_the_help_lists_every_command(cli: Cli) -> None:
    out = cli("--help").out
    for name, (_, text) in COMMANDS.items():
        assert name in out
        assert text in " ".join(out.split())
    assert "Example: snnvae run-lava" in out


def test_without_a_command_the_help_is_shown(cli: Cli) -> None:
    ended = cli()
    assert (ended.code, ended.out, ended.err) == (0, cli("--help").out, "")


def test_the_help_imports_nothing_heavy() -> None:
    """Half a second is too short for torch, Lava, or even NumPy and NIR."""
    script = (
        "import sys\n"
        "from snnvae.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'torch', 'norse', 'lava', 'numpy', 'scipy', 'nir', 'h5py', 'matplotlib', 'PIL',"
        " 'networkx', 'sklearn', 'rich'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stderr.strip() == "[]"


def test_the_version(cli: Cli) -> None:
    assert cli("--version").out.startswith(f"snnvae {__version__} (Python ")


def test_as_a_module() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "snnvae", "zoo", "none"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert len(found.stderr.splitlines()) == 1


def test_the_zoo_prints_a_path_that_can_be_used(cli: Cli) -> None:
    assert Path(cli("zoo", "digits-esvae").out.strip()) == zoo.path("digits-esvae")
    assert Path(cli("zoo", "digits-esvae", "--pt").out.strip()).suffix == ".pt"
    listed = json.loads(cli("zoo", "--json").out)
    assert {Path(path) for path in listed.values()} == {entry.path for entry in zoo.entries()}


def test_a_model_of_the_zoo_is_known_by_its_name(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless a file has that name."""
    monkeypatch.chdir(tmp_path)
    assert cli("inspect", "digits-esvae").out.startswith(str(zoo.path("digits-esvae")))
    (tmp_path / "digits-esvae").write_text("text")
    assert "digits-esvae: not a NIR file" in cli("inspect", "digits-esvae").mistake


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_simulate_writes_its_folder(
    cli: Cli, sampled: Path, tmp_path: Path, precision: str
) -> None:
    out = tmp_path / "deep" / "out"
    command = ("simulate", sampled, "--samples", 5, "--precision", precision, "-o", out, "--json")
    ended = cli(*command)
    assert ended.code == 0
    assert ended.said == []
    data = json.loads(ended.out)
    assert {str(path) for path in out.iterdir()} == set(data["files"])
    names = {path.name for path in out.iterdir()}
    assert names == {"recording.h5", "images.npy", "images.png", "report.html"}
    recording = Recording.load(out / "recording.h5")
    images = np.load(out / "images.npy")
    np.testing.assert_array_equal(images, recording.outputs["out"])
    assert images.shape == (5, 1, 8, 8)
    assert np.abs(images).max() <= 1
    with Image.open(out / "images.png") as picture:
        assert picture.size[0] > 3 * 8
    assert data["samples"] == 5
    assert data["spikes"]["second"] == recording.spikes["second"].sum() > 0
    assert "</html>" in (out / "report.html").read_text()


def test_a_run_names_results_of_an_earlier_one_and_removes_nothing(
    cli: Cli, sampled: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("encoder.h5", "reconstructions.png", "images-mine.png", "notes.txt"):
        (out / name).touch()
    text = cli("simulate", sampled, "--samples", 2, "-o", out).out
    older = "encoder.h5, images-mine.png, reconstructions.png"
    assert f"not of this run, in the same folder: {older}\n" in text
    assert {path.name for path in out.iterdir()} >= {"encoder.h5", "notes.txt", "report.html"}


def test_a_run_says_what_fired_and_what_it_would_cost(cli: Cli, nets: Any, tmp_path: Path) -> None:
    """One spike of two neurons in four steps, and a layer that stays below its threshold."""
    nodes = {
        "in": nets.source(2),
        "a": nets.threshold(2),
        "w": nets.affine(np.eye(2)),
        "quiet": nets.lif(2, threshold=1e9),
        "out": nets.sink(2),
    }
    write_nir(nets.chain(nodes), tmp_path / "net.nir")
    x = np.zeros((1, 4, 2), bool)
    x[0, 1, 0] = True
    np.save(tmp_path / "x.npy", x)
    text = cli("simulate", tmp_path / "net.nir", "--input", tmp_path / "x.npy", "-o", tmp_path).out
    assert "spikes per neuron and step: a 0.125, quiet 0" in text
    assert "never fired: quiet" in text
    assert re.search(r"energy per sample, an estimate: (at least )?[\d.]+ [pn]J \(", text)


def test_the_same_seed_gives_the_same_spikes(cli: Cli, sampled: Path, tmp_path: Path) -> None:
    counts = []
    for seed, samples in ((0, 3), (0, 6), (1, 3)):
        out = tmp_path / f"{seed}-{samples}"
        cli("simulate", sampled, "--samples", samples, "--seed", seed, "-o", out)
        counts.append(Recording.load(out / "recording.h5").spikes["first"][:3])
    np.testing.assert_array_equal(counts[0], counts[1])
    assert (counts[0] != counts[2]).any()


def test_options_reach_the_run_and_its_energy(cli: Cli, model: Path, tmp_path: Path) -> None:
    """The recording keeps what the user said, so that later commands compile the same program."""
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((2, 4, 2, 4, 4)))
    options = ("--dt", 0.0009, "--reset", "subtract", "--analog", "in", "--record-state")
    out = tmp_path / "out"
    ended = cli("simulate", model, "--input", tmp_path / "x.npy", *options, "-o", out)
    assert ended.code == 0, ended.err
    recording = Recording.load(out / "recording.h5")
    assert recording.info["dt"] == 0.0009
    assert set(recording.membranes) == {"first", "second", "readout"}
    assert "in" in recording.analog
    again = cli("energy", out / "recording.h5", "--html", tmp_path / "report.html", "--json")
    assert again.code == 0, again.err
    json.loads(again.out)
    line = cli("energy", out / "recording.h5", "--profile", tmp_path / "none.toml").mistake
    assert "none.toml" in line
    assert (tmp_path / "report.html").is_file()


def test_a_run_through_python_is_priced_like_one_through_the_command(
    cli: Cli, nets: Any, tmp_path: Path
) -> None:
    """The recording carries the options of its program without anybody's help."""
    graph = nets.small()
    program = compile_graph(graph, "fixed", Options(dt=0.0009, reset="subtract")).program
    reference.run(program, nets.spikes(program)).save(tmp_path / "r.h5", graph)
    ended = cli("energy", tmp_path / "r.h5", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["program"]["sha256"] == program.digest()


def test_energy_lists_its_profiles(cli: Cli) -> None:
    profiles = json.loads(cli("energy", "--list-profiles", "--json").out)["profiles"]
    assert {"loihi1", "horowitz45"} <= {profile["name"] for profile in profiles}


def test_a_recording_can_be_inspected_and_run_again(
    cli: Cli, sampled: Path, tmp_path: Path
) -> None:
    """It holds the graph, so it is a NIR file too."""
    cli("simulate", sampled, "--samples", 2, "-o", tmp_path / "one")
    recording = tmp_path / "one" / "recording.h5"
    digest = json.loads(cli("inspect", recording, "--json").out)["digest"]
    assert digest == json.loads(cli("inspect", sampled, "--json").out)["digest"]
    assert cli("simulate", recording, "--samples", 2, "-o", tmp_path / "two").code == 0


def test_inspect_shows_what_a_file_compiles_to(cli: Cli, model: Path) -> None:
    text = cli("inspect", model).out
    for part in ("first", "ConvTranspose2d", "3×4×4", "latency 3 steps", "dt 0.001 s"):
        assert part in text
    data = json.loads(cli("inspect", model, "--json").out)
    assert data["neurons"] == 48 + 128 + 64
    assert data["layers"]["second"] == {
        "kind": "LIF",
        "shape": [2, 8, 8],
        "depth": 2,
        "internal": False,
    }


def test_inspect_hides_no_rounding(cli: Cli, nets: Any, tmp_path: Path) -> None:
    nodes = {
        "in": nets.source(2),
        "w": nets.affine(np.eye(2)),
        "lif": nets.lif(2, tau=3e-3, threshold=[1e-4, 1.0]),
        "out": nets.sink(2),
    }
    write_nir(nets.chain(nodes), tmp_path / "g.nir")
    text = cli("inspect", tmp_path / "g.nir").out
    header = next(line for line in text.splitlines() if "fixed point" in line)
    for column in ("threshold err", "weight err", "clipped", "bias err", "decay err", "notes"):
        assert column in header
    assert "100.00%" in text
    assert "1 threshold rounds to 0" in text
    found = json.loads(cli("inspect", tmp_path / "g.nir", "--json").out)["fixed_point"]["lif"]
    assert set(found) == {f.name for f in fields(LayerReport)}
    assert found["threshold_error"] == 1
    assert found["decay_error"] > 0
    assert found["notes"] == ["1 threshold rounds to 0"]


def test_inspect_says_why_stock_lava_cannot(cli: Cli, nets: Any, tmp_path: Path) -> None:
    nodes = {"in": nets.source(1), "v": nets.li(1), "a": nets.threshold(1), "out": nets.sink(1)}
    write_nir(nets.chain(nodes), tmp_path / "g.nir")
    said = cli("inspect", tmp_path / "g.nir").out
    assert "stock Lava: not possible: layer 'v' sends its membrane to 'a'" in said


def test_export_writes_each_part(cli: Cli, tmp_path: Path) -> None:
    checkpoint = zoo.path("digits-esvae", ".pt")
    ended = cli("export", checkpoint, "-o", tmp_path / "a.nir", "--part", "autoencoder", "--json")
    files = json.loads(ended.out)["files"]
    assert files == {
        "encoder": str(tmp_path / "a.encoder.nir"),
        "decoder": str(tmp_path / "a.decoder.nir"),
    }
    for path in files.values():
        read_nir(Path(path))


def test_export_can_write_plain_nir(cli: Cli, tmp_path: Path) -> None:
    checkpoint = zoo.path("digits-fsvae", ".pt")
    assert cli("export", checkpoint, "-o", tmp_path / "a.nir", "--standard").code == 0
    nodes = read_nir(tmp_path / "a.nir").nodes.values()
    assert not any(isinstance(node, NirConvTranspose2d) for node in nodes)


def test_an_esvae_reconstructs_through_both_its_parts(cli: Cli, tmp_path: Path) -> None:
    checkpoint = zoo.path("digits-esvae", ".pt")
    cli("export", checkpoint, "-o", tmp_path / "a.nir", "--part", "autoencoder")
    parts = (tmp_path / "a.encoder.nir", "--decoder", tmp_path / "a.decoder.nir")
    ended = cli("simulate", *parts, "--samples", 4, "-o", tmp_path / "out", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["reconstruction MSE"] < 1
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"encoder.h5", "recording.h5", "reconstructions.png", "images.png"} <= names


def test_interrupting_ends_with_one_line(
    cli: Cli, sampled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snnvae.commands import run_network

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_network, "run", interrupted)
    ended = cli("simulate", sampled, "-o", tmp_path / "out")
    assert (ended.code, ended.err.strip()) == (130, "snnvae: interrupted")
    assert not list((tmp_path / "out").glob("*"))


def test_a_bug_of_ours_keeps_its_traceback(
    cli: Cli, sampled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snnvae.export import nir_file

    def broken(*_: object) -> None:
        raise RuntimeError("a bug\x1b[2J")

    monkeypatch.setattr(nir_file, "read_nir", broken)
    ended = cli("inspect", sampled)
    assert (ended.code, ended.out) == (70, "")
    first, *_, told, asked = ended.err.splitlines()
    assert first == "Traceback (most recent call last):"
    assert told == "RuntimeError: a bug\\x1b[2J"
    assert asked.startswith("snnvae: this is a bug of snnvae")
