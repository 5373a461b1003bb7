"""The page and the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from snnvae.families.images.diagnosis.plot import plot
from snnvae.families.images.diagnosis.result import Diagnosis, Suggestion
from snnvae.families.images.diagnosis.words import classes, losses, markdown, prior, text

TABLES = (losses, classes, prior)
MakeUp = Callable[..., Diagnosis]


def test_the_parts_stand_beside_their_sum(made_up: MakeUp) -> None:
    rows = losses(made_up(0.2, 0.3, 0.5)).rows
    assert [row[1] for row in rows] == ["0.0200", "0.0300", "0.0500", "0.1000"]
    assert [row[-1] for row in rows] == ["20%", "30%", "50%", "100%"]


def test_the_page_has_all_sections(made_up: MakeUp) -> None:
    advice = Suggestion("encoder", "Train it longer.", "snnvae train --epochs 9")
    page = markdown(replace(made_up(), suggestions=(advice,), notes=("Mind it.",)), "x.png")
    for part in ("# Diagnosis", "](x.png)", "| 1 | 12 |", "* Train it longer.", "* Mind it."):
        assert part in page
    assert "```sh\n  snnvae train --epochs 9\n  ```" in page
    bare = markdown(replace(made_up(), classes=()), "x.png")
    assert "By class" not in bare
    assert "Nothing stands out" in bare


def test_the_text_has_all_tables(made_up: MakeUp) -> None:
    said = text(made_up())
    assert [said.count(table.as_text()) for table in (f(made_up()) for f in TABLES)] == [1, 1, 1]


def test_the_picture_is_written_with_and_without_classes(made_up: MakeUp, tmp_path: Path) -> None:
    for name, found in (("a", made_up()), ("b", replace(made_up(), classes=()))):
        plot(found, tmp_path / f"{name}.png")
    with Image.open(tmp_path / "a.png") as both, Image.open(tmp_path / "b.png") as alone:
        assert both.width > alone.width
        colours = {colour for _, colour in both.convert("RGB").getcolors(1 << 20)}
    assert {(0x44, 0x77, 0xAA), (0xEE, 0x66, 0x77), (0xAA, 0x33, 0x77)} <= colours
