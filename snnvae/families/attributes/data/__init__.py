"""Data sets of classes with attributes, by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnvae.errors import DataError

if TYPE_CHECKING:
    from snnvae.families.attributes.data.described import Described

GLYPHS, MAT = "glyphs", "mat"
DATASETS = (GLYPHS, MAT)


def load(name: str, split: int = 0, where: Path | None = None) -> Described:
    """The data set of that name.

    glyphs  drawn by the tool; five splits
    mat     res101.mat and att_splits.mat, the field's usual pair, in `where`/mat or `where`, which
            is $SNNVAE_DATA where none is given; the one split that they state

    DataError for another name or split, and for files that are missing or make no sense.
    """
    from snnvae.families.attributes.data import glyphs, mat

    splits = {GLYPHS: glyphs.SPLITS, MAT: 1}
    if name not in splits:
        raise DataError(f"no data set {name!r} with attributes: there is {', '.join(DATASETS)}")
    if not 0 <= split < splits[name]:
        last = splits[name] - 1
        raise DataError(f"`split` {split}: {name} has the splits 0{f' to {last}' if last else ''}")
    return glyphs.read(split) if name == GLYPHS else mat.read(where)


def sizes(name: str, where: Path | None = None) -> dict[str, int]:
    """Settings that follow from a data set: values of a sample, classes, attributes."""
    from snnvae.families.attributes.data import glyphs, mat

    if name not in DATASETS:
        raise DataError(f"no data set {name!r} with attributes: there is {', '.join(DATASETS)}")
    inputs, classes, attributes = glyphs.sizes() if name == GLYPHS else mat.sizes(where)
    return {"inputs": inputs, "classes": classes, "attributes": attributes}
