"""The suite as a plain folder: files of NIR, arrays, an index, a licence, and how to use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import nir
import numpy as np

from snnvae import __version__
from snnvae.conform.suite.all_cases import all_cases
from snnvae.conform.suite.case import Case
from snnvae.conform.suite.outcomes import Outcomes, outcomes
from snnvae.conform.suite.rules import profiles
from snnvae.errors import OutputError
from snnvae.files import make_folder, obstacle, sha256_of, write_aside, write_text

FORMAT = 1
INDEX = "index.json"
TOLERANCE = 1e-5
"""Of outputs that are no spikes, times the largest of them or 1: float32 in 24 steps."""


def write_suite(folder: Path) -> dict[str, Any]:
    """Writes all cases into a folder that is new or empty, and gives the index.

    OutputError where the folder holds something, or cannot be written.
    """
    problem = obstacle(folder, folder=True)
    if problem:
        raise OutputError(f"cannot write {folder}: {problem}")
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"{folder} is not empty; name a new folder for the suite")
    make_folder(folder)
    index = {
        "format": FORMAT,
        "made_by": f"snnvae {__version__}, nir {nir.__version__}",
        "licence": "BSD-3-Clause, see LICENSE",
        "tolerance": TOLERANCE,
        "profiles": {name: rules.as_dict() for name, rules in profiles().items()},
        "cases": [_write_case(case, folder) for case in all_cases()],
    }
    for name in ("README.md", "LICENSE"):
        text = (Path(__file__).parent / "texts" / name).read_text("utf-8")
        write_text(folder / name, text)
    write_text(folder / INDEX, json.dumps(index, indent=1) + "\n")
    return index


def _write_case(case: Case, folder: Path) -> dict[str, Any]:
    found = outcomes(case)
    graph, arrays = folder / f"{case.name}.nir", folder / f"{case.name}.npz"
    _write(graph, lambda file: nir.write(file, case.graph))
    _write(
        arrays, lambda file: np.savez_compressed(file, allow_pickle=False, **_arrays(case, found))
    )
    return {
        "name": case.name,
        "about": case.about,
        "nodes": list(case.nodes),
        "dt": case.dt,
        "steps": case.steps,
        "inputs": {name: list(rows.shape[1:]) for name, rows in case.inputs.items()},
        "outputs": {name: list(rows.shape[1:]) for name, rows in found.outputs[0].items()},
        "late_edges": [list(edge) for edge in case.late],
        "turns_on": found.turns_on,
        "expected": {name: f"expected{n}" for name, n in found.of.items()},
        "files": {path.relative_to(folder).as_posix(): sha256_of(path) for path in (graph, arrays)},
    }


def _write(path: Path, write: Callable[[BytesIO], None]) -> None:
    made = BytesIO()
    write(made)
    with write_aside(path) as aside:
        aside.write_bytes(made.getvalue())


def _arrays(case: Case, found: Outcomes) -> dict[str, Any]:
    arrays: dict[str, Any] = {f"input/{name}": rows for name, rows in case.inputs.items()}
    for n, outputs in enumerate(found.outputs):
        arrays |= {f"expected{n}/{name}": rows for name, rows in outputs.items()}
    return arrays
