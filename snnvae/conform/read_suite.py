"""Reading a suite's folder, which anybody may have written: checked before it is used."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from snnvae.conform.suite.rules import CHOICES, Rules
from snnvae.conform.suite.write import FORMAT, INDEX
from snnvae.errors import DataError
from snnvae.files import no_folder, sha256_of
from snnvae.hdf5_check import MAX_BYTES
from snnvae.inputs.read_file import read_array
from snnvae.plain_text import fault_of, one_line, words_of
from snnvae.text_file import read_text
from snnvae.typed import typed

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Entry:
    """A case as its folder has it. expected: outputs by name of a reading."""

    name: str
    about: str
    file: Path
    dt: float
    inputs: Arrays
    expected: Mapping[str, Arrays]
    nodes: tuple[str, ...]
    turns_on: tuple[str, ...]

    @property
    def group(self) -> str:
        """What stands before the slash."""
        return self.name.split("/")[0]


@dataclass(frozen=True)
class Suite:
    """Cases, the readings of NIR by name, and what other outputs than spikes may differ by."""

    cases: tuple[Entry, ...]
    profiles: Mapping[str, Rules]
    tolerance: float


def read_suite(folder: Path) -> Suite:
    """The suite in a folder; DataError, in one line, for one that is damaged or of another form."""
    index = folder / INDEX
    if wrong := no_folder(folder) or (not index.is_file() and f"holds no {INDEX}"):
        raise DataError(f"{folder}: {wrong}; `{typed('conform', write='FOLDER')}` writes a suite")
    try:
        held = json.loads(read_text(index, str(index), DataError))
        if held["format"] != FORMAT:
            form = one_line(repr(held["format"]), 40)
            raise DataError(f"{index}: has format {form}, this snnvae reads {FORMAT}")
        profiles = {str(name): _rules(rules) for name, rules in held["profiles"].items()}
        cases = tuple(_entry(folder, case, profiles) for case in held["cases"])
        suite = Suite(cases, profiles, float(held["tolerance"]))
    except DataError:
        raise
    except Exception as error:  # whatever a file of anybody's makes of it
        raise DataError(
            f"{index}: not the index of a suite ({fault_of(error)}); "
            f"`{typed('conform', write='FOLDER')}` writes one"
        ) from None
    if not cases or not 0 <= suite.tolerance < 1:
        raise DataError(f"{index}: holds no cases, or a tolerance that is none")
    return suite


def _rules(held: Mapping[str, str]) -> Rules:
    rules = Rules(**held)
    for key, values in CHOICES.items():
        if getattr(rules, key) not in values:
            raise DataError(f"a reading has {key} {getattr(rules, key)!r}; known are {values}")
    return rules


def _entry(folder: Path, held: Mapping[str, Any], profiles: Mapping[str, Rules]) -> Entry:
    name = str(held["name"])
    graph, packed = _inside(folder, f"{name}.nir"), _inside(folder, f"{name}.npz")
    arrays = read_arrays(packed)
    prefixes = {str(p): str(prefix) for p, prefix in held["expected"].items() if p in profiles}
    expected = {
        profile: {node: arrays[f"{prefix}/{node}"] for node in held["outputs"]}
        for profile, prefix in prefixes.items()
    }
    for file, digest in held["files"].items():
        if sha256_of(_inside(folder, str(file))) != digest:
            raise DataError(f"{folder / file}: not the file that {INDEX} lists; write it anew")
    dt = float(held["dt"])
    if not held["inputs"] or not held["outputs"] or not 0 < dt < inf:
        raise DataError(f"{folder / INDEX}: '{name}' lacks inputs, outputs or a step")
    if "nir" not in expected:
        raise DataError(f"{folder / INDEX}: '{name}' has no outcome of NIR's own reading")
    return Entry(
        name,
        str(held["about"]),
        graph,
        dt,
        {node: arrays[f"input/{node}"] for node in held["inputs"]},
        expected,
        tuple(map(str, held["nodes"])),
        tuple(map(str, held["turns_on"])),
    )


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{folder / INDEX}: '{name}' lies outside of the suite's folder")
    if not path.is_file():
        raise DataError(f"{path}: no such file; write the suite anew")
    return path


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of a `.npz`, by name."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise DataError(f"{path}: its arrays take over {MAX_BYTES >> 30} GiB")
            found = {}
            for entry in entries:
                with archive.open(entry) as member:
                    name = entry.filename.removesuffix(".npy")
                    found[name] = read_array(path, member, entry.file_size)
            return found
    except DataError:
        raise
    except Exception as error:  # zip, its packers and NumPy raise what they like
        raise DataError(f"{path}: not a plain .npz (damaged: {words_of(error)})") from None
