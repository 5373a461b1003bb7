"""`python -m benchmarks.attributes`: classes that were never seen, over five splits.

Trains the spiking model and its ANN twin for each split into folders below --out (what is there is
not trained again), and writes attributes.md, a table, and attributes.png, classes never seen as the
deployed fixed-point program generates them beside real ones (Mishra et al., 2018).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import numpy as np
from rich.console import Console

from snnvae.evaluate.asked import Asked
from snnvae.families import registry
from snnvae.families.attributes import data
from snnvae.families.attributes.config import Config
from snnvae.families.attributes.data import glyphs
from snnvae.families.attributes.data.described import Described
from snnvae.families.attributes.evaluate import PER_CLASS, of_model, of_peers
from snnvae.families.attributes.generate import by_program
from snnvae.families.attributes.known import Known
from snnvae.families.attributes.recognise import Recognised
from snnvae.images import save_grid
from snnvae.progress import NoProgress
from snnvae.table import Table
from snnvae.train.chain import trained

FIGURES = ("unseen only", "S", "U", "H")
COLUMNS = ("fixed", "float", "ann", "linear", "direct", "saw all", "fixed*", "ann*")
NAMES = {
    "fixed": "spiking, fixed point",
    "float": "spiking, float",
    "ann": "ANN twin",
    "linear": "linear-Gaussian",
    "direct": "direct attribute prediction",
    "saw all": "SVM that saw everything",
    "fixed*": "spiking, fixed point; real samples of seen classes",
    "ann*": "ANN twin; real samples of seen classes",
}
BARS = {"unseen only": 0.95, "H": 0.88}
"""What the fixed-point program is to reach, in the mean over splits."""
SHOWN = 8
"""Samples of each class in the picture, as many real ones."""

Figures = Mapping[str, Mapping[str, float]]


class Study:
    """All splits, below one folder; figures are kept as JSON beside them."""

    def __init__(self, out: Path, quick: bool) -> None:
        self.out, self.quick, self.console = out, quick, Console(width=160)

    def model(self, name: str, split: int) -> Known:
        """Trained here, or earlier."""
        short = {"epochs": 1} if self.quick else {}
        config = Config.default(name, split=split, **short)
        path = trained(config, self.out / f"{name}-{split}", progress=NoProgress())
        model: Known = registry.load(path)[1]
        return model

    def split(self, number: int) -> Figures:
        """Figures by column."""
        path = self.out / f"split-{number}.json"
        if not path.exists():
            path.write_text(json.dumps(self._measured(number)))
        found: Figures = json.loads(path.read_text())
        self.console.log(f"split {number}", found["fixed"])
        return found

    def _measured(self, number: int) -> Figures:
        found = data.load(data.GLYPHS, number)
        label = np.tile(found.known, 8 if self.quick else PER_CLASS)
        spiking, ann = (self.model(name, number) for name in ("attribute-vae", "attribute-ann"))
        columns: dict[str, Recognised] = of_model(Asked(), spiking, found, label)
        twin = of_model(Asked(), ann, found, label)
        columns |= {name.replace("torch", "ann"): column for name, column in twin.items()}
        columns |= of_peers(0, found, label)
        return {name: column.figures() for name, column in columns.items()}

    def picture(self, number: int) -> None:
        """A row for each class never seen: real drawings, then generated ones."""
        found = data.load(data.GLYPHS, number)
        model = self.model("attribute-vae", number)
        label = np.repeat(found.unseen, SHOWN)
        made = by_program(model, "fixed", label, 0).reshape(-1, SHOWN, found.test.x.shape[1])
        rows = [np.concatenate([real(found, c), m]) for c, m in zip(found.unseen, made)]
        images = np.stack(rows).reshape(-1, 1, glyphs.SIDE, glyphs.SIDE)
        save_grid(images, self.out / "attributes.png", 2 * SHOWN)


def real(found: Described, of: int) -> np.ndarray:
    """Held-out drawings of a class."""
    return found.test.of(np.array([of])).x[:SHOWN]


def over(splits: list[Figures], show: Callable[[list[float]], str]) -> Table:
    """A row per column of the splits."""
    rows = [
        (NAMES[name], *(show([split[name][f] for split in splits]) for f in FIGURES))
        for name in COLUMNS
    ]
    return Table(("", *FIGURES), rows)


def mean(values: list[float]) -> str:
    """Mean, least and largest."""
    return f"{np.mean(values):.3f} ({min(values):.3f}–{max(values):.3f})"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder.")
@click.option("--quick", is_flag=True, help="Two splits, hardly trained: that it runs.")
def main(out: Path, quick: bool) -> None:
    """Train what is not trained yet, measure, and draw."""
    out.mkdir(parents=True, exist_ok=True)
    study = Study(out, quick)
    splits = [study.split(number) for number in range(2 if quick else glyphs.SPLITS)]
    by_split = Table(
        ("split", *FIGURES),
        [(n, *(f"{split['fixed'][f]:.3f}" for f in FIGURES)) for n, split in enumerate(splits)],
    )
    met = ", ".join(
        f"{name} {np.mean([s['fixed'][name] for s in splits]):.3f} (to reach: {bar})"
        for name, bar in BARS.items()
    )
    whole = over(splits, mean)
    text = f"{whole.as_markdown()}\n\nFixed point, by split:\n\n{by_split.as_markdown()}\n\n{met}\n"
    (out / "attributes.md").write_text(text)
    study.console.print(whole.as_text(), by_split.as_text(), met, sep="\n\n")
    study.picture(0)


if __name__ == "__main__":
    main()
