"""The command line imports what it needs when it needs it: help and mistakes come at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from snnvae.cli import COMMANDS

HEAVY = ("numpy", "scipy", "torch", "nir", "numba", "h5py", "matplotlib", "norse", "lava")
LOOK = """
import sys
from snnvae.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    print("loaded:", *(name for name in {heavy} if name in sys.modules), file=sys.stderr)
"""


def loaded_by(*arguments: str) -> set[str]:
    code = LOOK.format(heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    (line,) = [x for x in done.stderr.splitlines() if x.startswith("loaded:")]
    return set(line.split()[1:])


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_nothing_heavy(command: str) -> None:
    assert loaded_by(command, "--help") == set()


def test_neither_do_the_list_of_commands_and_a_wrong_option() -> None:
    assert loaded_by("--help") == set()
    assert loaded_by("simulate", "x.nir", "--nothing") == set()


def test_the_look_sees_what_is_loaded() -> None:
    assert "numpy" in loaded_by("simulate", "x.nir")
