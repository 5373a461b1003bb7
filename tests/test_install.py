"""What `pip install snnvae` gives: a core that compiles, runs and prices, and names the rest."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import snnvae as sv
from snnvae.deploy.backends import RunResources
from snnvae.errors import MissingError
from snnvae.evaluate.picture import to_html
from snnvae.extras import EXTRA_OF, package_of
from snnvae.families.images import data

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Installed:
    """An environment of its own that holds the built wheel and what the core asks for, no more."""

    python: Path

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(self.python), "-I", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=240)

    def snnvae(self, *arguments: object) -> str:
        """What a command says; it must succeed, and warn of nothing."""
        done = self.run("-W", "error", "-m", "snnvae", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def mistake(self, *arguments: object) -> str:
        """The one line of a command that fails."""
        done = self.run("-m", "snnvae", *arguments)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        (line,) = done.stderr.splitlines()
        return line


def core_distributions() -> Iterator[metadata.Distribution]:
    """The distributions that the core requires, and those that they do."""
    found: set[str] = set()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    open_needs = list(project["dependencies"])
    while open_needs:
        need = open_needs.pop()
        name = re.match(r"[\w.-]+", need)
        if "extra ==" in need or name is None or name.group().lower() in found:
            continue
        found.add(name.group().lower())
        try:
            distribution = metadata.distribution(name.group())
        except metadata.PackageNotFoundError:  # for other Pythons or systems
            continue
        yield distribution
        open_needs += distribution.requires or ()


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """pip installs the wheel that the sdist makes; the core's needs are links to those of this
    environment."""
    folder = tmp_path_factory.mktemp("core")
    sdist = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder)]
    subprocess.run(sdist, check=True, cwd=ROOT, capture_output=True)
    (packed,) = folder.glob("*.tar.gz")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "-w", folder, packed], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    for distribution in core_distributions():
        for name in {file.parts[0] for file in distribution.files or ()} - {".."}:
            if name != "__pycache__" and not (site / name).exists():
                (site / name).symlink_to(distribution.locate_file(name))
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", folder / "venv" / "bin" / "python"]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", wheel], check=True)
    subprocess.run([*pip, "check"], check=True)
    return Installed(folder / "venv" / "bin" / "python")


@pytest.mark.slow
def test_the_core_inspects_simulates_prices_and_names_the_rest(
    core: Installed, tmp_path: Path
) -> None:
    there = core.run("-c", "import snnvae, numba; print(snnvae.__file__)")
    assert there.stdout.startswith(str(core.python.parents[1])), there.stderr
    look = "import importlib.util as u, sys; print(*(m for m in sys.argv[1:] if u.find_spec(m)))"
    assert core.run("-c", look, *EXTRA_OF, "lava", "asteval").stdout.split() == []

    model = core.snnvae("zoo", "digits-esvae").strip()
    assert "fixed" in core.snnvae("inspect", model)
    said = core.snnvae("simulate", model, "--samples", 2, "-o", tmp_path / "out")
    assert "no report.html: jinja2 is not installed; run: pip install 'snnvae[report]'" in said
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "recording.h5",
        "images.npy",
        "images.png",
    }
    recording, page = tmp_path / "out" / "recording.h5", tmp_path / "page.html"
    assert "synaptic operations" in core.snnvae("energy", recording, "--md", tmp_path / "report.md")
    assert "pip install 'snnvae[train]'" in core.snnvae("doctor")
    assert "0 errors" in core.snnvae("lint", model)
    judged = core.snnvae("conform", "--tool", "snnvae-reference", "--group", "loops")
    assert re.search(r"snnvae-reference +15/15 +15 +0 +0 +0$", judged, flags=re.MULTILINE)

    report = "snnvae: jinja2 is not installed; run: pip install 'snnvae[report]'"
    train = "snnvae: torch is not installed; run: pip install 'snnvae[train]'"
    lava = "snnvae: Lava is not installed; run: snnvae doctor --install-lava"
    checkpoint = core.snnvae("zoo", "digits-esvae", "--pt").strip()
    assert core.mistake("energy", recording, "--html", page) == report
    assert core.mistake("inspect", model, "--html", page) == report
    assert core.mistake("train", "--dataset", "digits", "--out", tmp_path / "run") == train
    assert core.mistake("demo", "-o", tmp_path / "demo") == train
    assert core.mistake("export", checkpoint, "-o", tmp_path / "a.nir") == train
    assert core.mistake("check", model, "--checkpoint", checkpoint, "--samples", 1) == train
    assert core.mistake("simulate", model, "--device", "cpu", "-o", tmp_path / "o") == train
    assert core.mistake("run-lava", model, "-o", tmp_path / "o") == lava
    dask = core.mistake("simulate", model, "--dask", "tcp://localhost:1", "-o", tmp_path / "o")
    assert dask == "snnvae: distributed is not installed; run: pip install 'snnvae[dask]'"


@pytest.mark.parametrize("module", ["norse", "sklearn", "jinja2", "distributed"])
def test_the_library_says_what_is_missing_too(
    module: str, nets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = nets.compiled(nets.small())
    stimulus = nets.spikes(program)
    recording = sv.run(program, stimulus)
    uses: dict[str, Callable[[], object]] = {
        "norse": lambda: sv.from_norse(object(), (2,)),
        "sklearn": lambda: data.load("digits"),
        "jinja2": lambda: to_html(nets.small(), program, "small"),
        "distributed": lambda: sv.run(
            program, stimulus, resources=RunResources(dask="tcp://localhost:1")
        ),
    }
    monkeypatch.setitem(sys.modules, module, None)
    said = (
        rf"^{package_of(module)} is not installed; run: pip install 'snnvae\[{EXTRA_OF[module]}\]'$"
    )
    with pytest.raises(MissingError, match=said):
        uses[module]()
    assert recording.spikes
    assert issubclass(MissingError, ImportError)


EVERYTHING = """
import importlib, multiprocessing, os, pkgutil, signal, sys, warnings
import h5py, jinja2, lightning_fabric, matplotlib, nir, numba, rich, scipy.sparse, sklearn, torch
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import norse
def state():
    return {
        "NIR's registry": (list(vars(nir.ir)["__all_ir"]), sorted(vars(nir.ir))),
        "finders": (list(sys.meta_path), list(sys.path_hooks), list(sys.path)),
        "start method": multiprocessing.get_start_method(allow_none=True),
        "signals": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)],
        "warnings": list(warnings.filters),
        "environment": dict(os.environ),
        "threads": torch.get_num_threads(),
        "style": dict(matplotlib.rcParams),
    }
sys.modules["lava"] = None  # modules that hold Lava's processes import once it is required
before = state()
import snnvae
found = [module.name for module in pkgutil.walk_packages(snnvae.__path__, "snnvae.")]
left_out = 0
for name in found:
    if name.endswith("__main__"):
        continue
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        assert error.name.split(".")[0] == "lava" and name.startswith("snnvae.deploy.lava."), name
        left_out += 1
after = state()
for key in before:
    if before[key] != after[key]:
        print(key, "changed from", before[key], "to", after[key])
print(len(found) > 300, left_out < 15)
"""


def test_importing_changes_nothing_of_others() -> None:
    """NIR's registry, import finders, signals, warnings and settings stay as they were."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{EVERYTHING}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "True True\n", done.stdout + done.stderr
