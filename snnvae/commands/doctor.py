"""``snnvae doctor``: what is installed, and what to do about the rest."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from importlib import metadata

import click

from snnvae.commands.options import as_json
from snnvae.commands.result import Result
from snnvae.deploy.backends import DIALECTS, Backend
from snnvae.errors import BackendError
from snnvae.extras import EXTRA_OF, package_of, remedy
from snnvae.plain_text import markdown_text, words_of
from snnvae.table import Table

LAVA_DL_ADVICE = "optional; Python 3.10 only: pip install lava-dl==0.6.0"
LOIHI_ADVICE = {
    True: "snnvae run-lava --mode stock --target loihi2",
    False: "optional; needs Intel's Lava extension and a chip",
}
OLDEST, NEWEST = (3, 11), (3, 13)
"""Pythons that the tests run on; none newer is known to fail."""
CORE = ("nir", "numpy", "scipy", "h5py", "numba")


@click.command(epilog="Example: snnvae doctor --install-lava")
@click.option("--install-lava", is_flag=True, help="Install Lava into this Python's environment.")
@click.option("--report", "reported", is_flag=True, help="What a bug report needs, in Markdown.")
@as_json
def command(install_lava: bool, reported: bool, as_json: bool) -> Result:
    """Show Python, what the core and the extras need, Lava and Loihi, and what to do about each.

    --report runs a model of the zoo too, and says whether the same spikes come out as everywhere.
    """
    if reported:
        return _report(as_json)
    if install_lava:
        arguments = install_command()
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise BackendError(f"`{' '.join(arguments)}` failed: {last}")
    rows = [("python", platform.python_version(), _python_advice())]
    rows += [_package(name, f"pip install {name}") for name in CORE]
    rows += [_package(package_of(module), remedy(module)) for module in EXTRA_OF]
    rows += _lava_rows()
    rows += [_compiled_row(), *map(_compiler_row, DIALECTS)]
    data = {name: {"found": found, "advice": advice} for name, found, advice in rows}
    return Result(Table(("what", "found", "to do"), rows).as_text(), data, as_json=as_json)


SAME = "62d8005a95ea2a77"
"""Of the spikes of digits-esvae, four samples of seed 0, in fixed point."""


def _report(as_json: bool) -> Result:
    """The environment and a run, without paths or names of anybody's."""
    from snnvae.environment import report

    told = {**report(), "a run": _run()}
    lines = [f"| {name} | {markdown_text(value)} |" for name, value in told.items()]
    text = "\n".join(["| | |", "|---|---|", *lines])
    return Result(text, told, as_json=as_json)


def _run() -> str:
    """Whether this machine computes what others do."""
    import snnvae as sv

    try:
        program = sv.compile(sv.read(sv.zoo.path("digits-esvae")), "fixed")
        recording = sv.run(program, sv.make_stimulus(program, samples=4, seed=0))
    except Exception as error:  # what is wrong here is what the report is for
        return f"failed: {type(error).__name__}: {words_of(error)}"
    held = b"".join(recording.spikes[name].tobytes() for name in sorted(recording.spikes))
    digest = hashlib.sha256(held).hexdigest()[:16]
    return (
        "digits-esvae gives the spikes that it should"
        if digest == SAME
        else f"OTHER SPIKES ({digest})"
    )


def install_command() -> list[str]:
    """The command that installs Lava and what it imports into this Python.

    lava-nc asks for Python 3.10 and for versions of its dependencies that end there; none of these
    bounds is real, as it is patched in memory.
    """
    from snnvae.deploy.lava.doctor import LAVA_NEEDS, LAVA_VERSION

    pip = [sys.executable, "-m", "pip", "install", "--ignore-requires-python", "--no-deps"]
    return [*pip, f"lava-nc=={LAVA_VERSION}", *LAVA_NEEDS]


def _compiled_row() -> tuple[str, str, str]:
    try:
        from snnvae.compiled import VARIABLE, kept_in
    except ModuleNotFoundError:
        return "compiled code", "none", "needs numba"
    place = kept_in()
    if place is None:
        advice = f"compiled anew, seconds, in each process: let {VARIABLE} name a folder to write"
        return "compiled code", "kept nowhere", advice
    return "compiled code", f"kept in {place}", ""


def _compiler_row(backend: Backend) -> tuple[str, str, str]:
    from snnvae.deploy.dialects import dialect_named

    dialect = dialect_named(backend)
    name, lacks = f"{dialect.title} compiler", dialect.lacking()
    if lacks is not None:
        return name, "missing", f"optional, for run-{backend}: {lacks}"
    return name, " ".join(dialect.command()), ""


def _package(name: str, remedy: str) -> tuple[str, str, str]:
    try:
        return name, metadata.version(name), ""
    except metadata.PackageNotFoundError:
        return name, "missing", remedy


def _lava_rows() -> list[tuple[str, str, str]]:
    from snnvae.deploy.lava import doctor

    status = doctor.status()
    found = status.version or "missing"
    if status.importable:
        found += ", patched in memory"
    host = f" on {status.loihi2_host}" if status.loihi2_host else ""
    return [
        ("lava-nc", found, status.problem or ""),
        ("lava-dl", status.lava_dl or "missing", "" if status.lava_dl else LAVA_DL_ADVICE),
        ("Loihi 2", f"found{host}" if status.loihi2 else "none", LOIHI_ADVICE[status.loihi2]),
    ]


def _python_advice() -> str:
    version = sys.version_info[:2]
    if version < OLDEST:
        return "use Python 3.11 to 3.13"
    return "" if version <= NEWEST else "untested; no obstacle is known"
