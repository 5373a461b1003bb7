"""`python -m benchmarks.curves`: how the emulator's time and memory grow, as plots in docs/."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from benchmarks import networks, plots, sparsity
from benchmarks.curve import Curve
from benchmarks.memory_probe import probe
from benchmarks.setup import Setup
from snnvae import zoo

DOCS = Path(__file__).parents[1] / "docs"
SAMPLES = tuple(2**i for i in range(13))
LARGE_SAMPLES = SAMPLES[:9]
STEPS = (4, 8, 16, 32, 64)
SIDES = (8, 14, 25, 45, 79, 141, 250, 445, 791)
"""Of 16 maps: 1 thousand to 10 million neurons."""
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5)


def over_samples(network: Path, label: str, samples: Sequence[int]) -> Curve:
    """One batch after another, each in a process of its own."""
    curve = Curve(label)
    for count in samples:
        _add(curve, count, probe(network, count))
    return curve


def over_steps(network: Path, label: str, steps: Sequence[int], samples: int) -> Curve:
    """Longer and longer samples."""
    curve = Curve(f"{label}, {samples} samples")
    for length in steps:
        _add(curve, length, probe(network, samples, steps=length))
    return curve


def over_neurons(sides: Sequence[int]) -> Curve:
    """One convolution with larger and larger maps, one sample."""
    curve = Curve("16 → 16 channels, 3×3, one sample, 10 % of inputs fire")
    for side in sides:
        found = probe(f"conv:{side}", 1, steps=16, rate=0.1)
        _add(curve, found["neurons"], found)
    return curve


def over_rates(rates: Sequence[float], samples: int, repeats: int) -> list[Curve]:
    """The emulator and torch on the same convolution."""
    curves: dict[str, Curve] = {}
    for rate in rates:
        times, _ = sparsity.at_rate(rate, samples, repeats)
        del times["bool to float"]
        for name, seconds in times.items():
            label = "emulator" if name == "ours" else f"torch, {name}"
            curve = curves.setdefault(name, Curve(label))
            curve.x.append(rate)
            curve.seconds.append(seconds)
    return list(curves.values())


def _add(curve: Curve, x: float, found: dict[str, float]) -> None:
    curve.x.append(x)
    curve.seconds.append(found["seconds"])
    curve.megabytes.append(max(found["megabytes"], 0.1))


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=DOCS, show_default=True)
@click.option("--quick", is_flag=True, help="Two points of each: to see that it runs.")
@click.option("--only", type=click.Choice(["scaling", "rates"]), help="One picture.")
def main(out: Path, quick: bool, only: str | None) -> None:
    """Measure and draw all curves."""
    out.mkdir(parents=True, exist_ok=True)
    if only != "rates":
        _scaling(out, quick)
    if only != "scaling":
        curves = over_rates(RATES[-2:] if quick else RATES, 1 if quick else 16, 1 if quick else 5)
        Console().log("rates", curves)
        plots.rates(curves, out / "performance-rates.png")


def _scaling(out: Path, quick: bool) -> None:
    console, most = Console(), 2 if quick else None
    setup = Setup.quick() if quick else Setup()
    small, large = Path(zoo.path("digits-fsvae")), networks.graph_file(setup)
    name = "FSVAE, 32×32"
    samples = [
        over_samples(small, "FSVAE of the digits, 8×8", SAMPLES[:most]),
        over_samples(large, name, LARGE_SAMPLES[:most]),
    ]
    console.log("samples", samples)
    steps = [over_steps(large, name, STEPS[:most], 1 if quick else 16)]
    console.log("steps", steps)
    neurons = [over_neurons(SIDES[:most])]
    console.log("neurons", neurons)
    plots.scaling(samples, steps, neurons, out / "performance-scaling.png")


if __name__ == "__main__":
    main()
