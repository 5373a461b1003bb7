"""`python -m benchmarks.spins`: ground states by the deployed sampler, over the sizes that matter.

Trains every point into a folder of its own below --out (what is there is not trained again), and
writes spins.md, a table, and spins.png: errors over sites, field, hidden neurons, samples and bits
of weights (Klassert et al., iScience 25, 2022).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from snnvae.families import registry
from snnvae.families.spins import observables
from snnvae.families.spins.config import Config
from snnvae.families.spins.evaluate import STATES, drawn_chains
from snnvae.families.spins.model import SpinSampler
from snnvae.families.spins.observables import Estimate
from snnvae.families.spins.sampler import Chains
from snnvae.families.spins.truth import ground_state
from snnvae.layers.grid_noise import LARGEST, STEP
from snnvae.plotting import BLUE, COLOURS, GREY, RED, png
from snnvae.progress import NoProgress
from snnvae.table import Table
from snnvae.train.chain import trained

SITES, FIELDS, BEYOND = (4, 6, 8, 10), (0.5, 1.0, 2.0), (16, 20)
HIDDEN = (2, 4, 8, 16, 32)
COUNTS = (1_000, 10_000, 100_000, 1_000_000)
BITS = (3, 4, 5, 6, 7, 8)
ENERGY_BAR, HISTOGRAM_BAR = 2e-4, 3e-3
"""What the errors are to stay below."""

Figures = Mapping[str, Estimate]


@dataclass(frozen=True)
class Point:
    """A trained sampler."""

    config: Config
    folder: Path

    @cached_property
    def model(self) -> SpinSampler:
        """Trained here, or earlier."""
        path = trained(self.config, self.folder, progress=NoProgress())
        model: SpinSampler = registry.load(path)[1]
        return model

    def deployed(self, count: int = STATES, bits: int = 8) -> Figures:
        """Of the fixed-point program, weights rounded to so many bits."""
        net = self.model.folded()
        step = STEP * 2 ** (8 - bits)
        net.weight.copy_(step * (net.weight.clamp(-LARGEST, LARGEST) / step).round())
        exact = ground_state(self.config)
        chains = drawn_chains(Chains(net, "fixed"), count, 0, NoProgress())
        found = observables.of_chains(self.config, net.machine(), chains, exact)
        return observables.with_energy_error(found, exact)

    def summed(self) -> Figures:
        """Of the amplitudes, over all states."""
        exact = ground_state(self.config)
        found = observables.of_machine(self.config, self.model.machine(), exact)
        return observables.with_energy_error(found, exact)


class Study:
    """All points, below one folder; figures are kept as JSON beside them."""

    def __init__(self, out: Path, quick: bool) -> None:
        self.out, self.quick, self.console = out, quick, Console()

    def point(self, n: int, h: float, hidden: int = 0) -> Point:
        """One training."""
        hidden = 0 if hidden == 2 * n else hidden  # which is what the settings have
        name = f"n{n}-h{h:g}" + (f"-m{hidden}" if hidden else "")
        short = {"epochs": 1, "batch": 16} if self.quick else {}
        config = Config.default("spins", n=n, h=h, hidden=hidden, **short)
        return Point(config, self.out / name)

    def kept(self, name: str, make: Callable[[], Figures]) -> dict[str, Any]:
        """Figures by name, made once."""
        path = self.out / f"{name}.json"
        if not path.exists():
            figures = {k: [e.value, e.error] for k, e in make().items()}
            path.write_text(json.dumps(figures))
        found: dict[str, Any] = json.loads(path.read_text())
        self.console.log(name, found.get("relative energy error"))
        return found

    def grid(self) -> dict[tuple[int, float], dict[str, Any]]:
        """Sites and fields: of the deployed sampler, and the model's infidelity."""
        found = {}
        for n in SITES[:1] if self.quick else SITES + BEYOND:
            for h in FIELDS if n in SITES else (1.0,):
                name, point = f"n{n}-h{h:g}", self.point(n, h)
                figures = self.kept(name, point.deployed)
                if n in SITES:
                    own = self.kept(f"{name}-model", point.summed)
                    figures["infidelity"] = own["infidelity"]
                estimates = {name: Estimate(*figure) for name, figure in figures.items()}
                exact = ground_state(point.config)
                figures["pull"] = observables.worst_pull(point.config, estimates, exact)
                found[n, h] = figures
        return found

    def over(self, name: str, values: Sequence[int], make: Callable[[int], Figures]) -> list[Any]:
        """Figures over one quantity."""
        some = values[:2] if self.quick else values
        return [self.kept(f"{name}{value}", lambda value=value: make(value)) for value in some]


def table(grid: Mapping[tuple[int, float], Mapping[str, Any]]) -> Table:
    """A row per point."""

    def short(found: Mapping[str, Any], name: str) -> str:
        return f"{found[name][0]:.1e}" if name in found else "–"

    rows = [
        (
            n, f"{h:g}", f"{found['energy'][0]:.5f}", short(found, "relative energy error"),
            f"{found['relative energy error'][1]:.0e}", short(found, "infidelity"),
            short(found, "histogram infidelity"), f"{found['pull']:.1f}",
            f"{found['sweeps per independent state'][0]:.0f}",
        )
        for (n, h), found in grid.items()
    ]  # fmt: skip
    names = (
        "N", "h/J", "energy, deployed", "(E − E₀)/|E₀|", "its standard error",
        "infidelity, model", "infidelity, histogram", "worst pull", "τ_int, sweeps",
    )  # fmt: skip
    return Table(names, rows)


def draw(path: Path, grid: Any, hidden: Any, counts: Any, bits: Any) -> None:
    """Five panels."""
    error, histogram = "relative energy error", "histogram infidelity"
    with png(path, 13, 7) as figure:
        axes = list(figure.subplots(2, 3).flat)
        for h, colour in zip(FIELDS, COLOURS):
            ns = [n for n, field in grid if field == h]
            values = [abs(grid[n, h][error][0]) for n in ns]
            axes[0].plot(ns, values, "o-", color=colour, label=f"h/J = {h:g}")
            known = [n for n in ns if histogram in grid[n, h]]
            values = [grid[n, h][histogram][0] for n in known]
            axes[1].plot(known, values, "o-", color=colour, label=f"h/J = {h:g}")
        for axis, bar, title in (
            (axes[0], ENERGY_BAR, "Energy error over sites"),
            (axes[1], HISTOGRAM_BAR, "Infidelity of 10⁵ samples over sites"),
        ):
            axis.axhline(bar, color=GREY, linestyle=":")
            axis.set(title=title, xlabel="sites N", yscale="log")
            axis.legend()
        for axis, values, found, title, scale in (
            (axes[2], HIDDEN, hidden, "Hidden neurons (N = 8, h/J = 1)", "log"),
            (axes[3], COUNTS, counts, "Samples (N = 8, h/J = 1)", "log"),
            (axes[4], BITS, bits, "Bits of weights (N = 8, h/J = 1)", "linear"),
        ):
            for name, colour in ((error, BLUE), (histogram, RED)):
                shown = [abs(f[name][0]) for f in found]
                axis.plot(values[: len(found)], shown, "o-", color=colour, label=name)
            axis.set(title=title, xscale=scale, yscale="log")
            axis.set_xticks(values, [f"{value:,}" for value in values])
            axis.xaxis.set_minor_formatter(lambda *_: "")
            axis.legend()
        for axis in axes[:5]:
            axis.yaxis.set_major_formatter(lambda value, _: f"{value:.0e}")
            axis.yaxis.set_minor_formatter(lambda *_: "")
        axes[5].axis("off")


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder.")
@click.option("--quick", is_flag=True, help="Two points of each, hardly trained: that it runs.")
def main(out: Path, quick: bool) -> None:
    """Train what is not trained yet, measure, and draw."""
    out.mkdir(parents=True, exist_ok=True)
    study = Study(out, quick)
    grid = study.grid()
    critical = study.point(4 if quick else 8, 1.0)
    n = critical.config.n
    hidden = study.over("hidden", HIDDEN, lambda m: study.point(n, 1.0, m).deployed())
    counts = study.over("samples", COUNTS, critical.deployed)
    bits = study.over("bits", BITS, lambda b: critical.deployed(bits=b))
    text = table(grid).as_markdown()
    (out / "spins.md").write_text(text)
    study.console.print(table(grid).as_text())
    draw(out / "spins.png", grid, hidden, counts, bits)


if __name__ == "__main__":
    main()
