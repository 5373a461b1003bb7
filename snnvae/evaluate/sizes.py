"""A network before and after it became smaller: sizes, cores, energy, quality."""

from __future__ import annotations

from dataclasses import dataclass

from snnvae.deploy.chips.chip import load_chip
from snnvae.deploy.chips.placement import place
from snnvae.deploy.compile import compile_graph
from snnvae.energy import units
from snnvae.evaluate.front.price import point_of
from snnvae.evaluate.front.result import PROFILES
from snnvae.layers.model import SpikingModel
from snnvae.train.family import Samples
from snnvae.train.to_nir import parts_for, to_nir

CHIP = "loihi2"
HEADERS = ("", "before", "after", "after / before")


@dataclass(frozen=True)
class Sizes:
    """The sizes of the deployed autoencoder in fixed point, per image; energies in pJ, nominal."""

    widths: str
    neurons: int
    synapses: int
    cores: int
    operations: float
    arithmetic: float
    memory: float
    mse: float


def sizes_of(model: SpikingModel, samples: Samples, priced: int) -> Sizes:
    """The error over all samples, energy over the first `priced`."""
    point = point_of("", model, samples, priced)
    folded = model.folded()
    programs = [
        compile_graph(to_nir(folded, part), "fixed").program
        for part in parts_for(model, model.config.family.judged)
    ]
    arithmetic, memory = (point.energy(profile).nominal for profile in PROFILES)
    return Sizes(
        widths=model.config.family.sizes_text(model.config),
        neurons=point.neurons,
        synapses=point.synapses,
        cores=sum(place(program, load_chip(CHIP)).cores for program in programs),
        operations=point.operations,
        arithmetic=arithmetic,
        memory=memory,
        mse=point.mse,
    )


def rows(before: Sizes, after: Sizes) -> list[tuple[str, ...]]:
    """Returns the rows of a table under HEADERS."""

    def row(name: str, a: float, b: float, form: str = ",.0f") -> tuple[str, ...]:
        return name, format(a, form), format(b, form), f"{b / a:.3f}" if a else "–"

    def energy(name: str, a: float, b: float) -> tuple[str, ...]:
        return name, units.energy(a), units.energy(b), f"{b / a:.3f}"

    return [
        ("encoder | latents | decoder | hidden", before.widths, after.widths, ""),
        row("neurons", before.neurons, after.neurons),
        row("synapses", before.synapses, after.synapses),
        row("cores of Loihi 2", before.cores, after.cores),
        row("synaptic operations per image", before.operations, after.operations),
        energy("energy per image, arithmetic", before.arithmetic, after.arithmetic),
        energy("energy per image, memory included", before.memory, after.memory),
        row("reconstruction MSE, fixed point", before.mse, after.mse, ".4f"),
    ]
