"""Trained models that ship with the package, as checkpoints (.pt) and NIR files (.nir).

>>> import snnvae as sv
>>> for entry in sv.zoo.entries():
...     if entry.kind == "nir":
...         print(entry.name)
asia-ear
digits-esvae
digits-esvae-lasting
digits-fsvae
digits-fsvae-lasting
glyphs-attribute-vae
ising-chain8
mnist-esvae
mnist-esvae-lasting
mnist-fsvae
mnist-fsvae-lasting
>>> sv.zoo.path("digits-fsvae").name
'digits-fsvae.nir'
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snnvae.errors import ConfigError

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """A file of the zoo."""

    name: str
    kind: str
    path: Path


def entries() -> list[Entry]:
    """Returns every NIR file and checkpoint, by name."""
    found = [path for kind in ("nir", "pt") for path in _files(f".{kind}")]
    return [Entry(p.name if p.suffix == ".pt" else p.stem, p.suffix[1:], p) for p in found]


def path(name: str, suffix: str = ".nir") -> Path:
    """The file of that name, such as 'digits-esvae'; ConfigError if there is none."""
    # with_suffix would cut a name that has a dot of its own.
    chosen = FOLDER / (name if name.endswith(suffix) else name + suffix)
    if Path(name).name != name or not chosen.is_file():
        known = ", ".join(p.stem for p in _files(suffix))
        raise ConfigError(f"no zoo model '{name}' ({suffix}): there is {known}")
    return chosen


def has(name: str) -> bool:
    """Tells whether a model of that name ships with the package."""
    return any((FOLDER / f"{name}{suffix}").is_file() for suffix in (".nir", ".pt"))


def _files(suffix: str) -> list[Path]:
    """Returns the files of a kind in the order of their names, not of these with the suffix."""
    return sorted(FOLDER.glob(f"*{suffix}"), key=lambda path: path.stem)
