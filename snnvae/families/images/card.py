"""A model card: what a model was trained on and how, what it reaches, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.energy import units
from snnvae.energy.estimate import estimate
from snnvae.energy.profile_file import load_profile
from snnvae.energy.report import words
from snnvae.families.images.config import MIXTURE
from snnvae.families.images.metrics.metrics import names
from snnvae.families.images.metrics.words import IN_PARTS, figure
from snnvae.families.images.vae import SpikingVAE
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.table import Table
from snnvae.train.settings import command_of
from snnvae.train.to_nir import to_nir
from snnvae.typed import typed

PROFILES = ("horowitz45", "loihi1")
SAMPLES = 64


def model_card(
    name: str, model: SpikingVAE, figures: Mapping[str, Mapping[str, Any]], conditions: str
) -> str:
    """Writes a model's card in Markdown. figures: by metric and network,
    as `snnvae evaluate --json` has them; conditions: under which they were measured, in a line."""
    config = model.config
    labels = names()
    labels["mse"] += ", pixels in [−1, 1]"
    networks = list(dict.fromkeys(n for values in figures.values() for n in values))
    lines = [
        f"# {name}",
        "",
        f"A spiking variational autoencoder ({config.model.upper()}) of {config.dataset}, "
        f"{config.image_size}×{config.image_size}, {config.steps} time steps, "
        f"{config.latent} latents, {sum(p.numel() for p in model.parameters()):,} parameters.",
        "",
        "## How it was trained",
        "",
        "```sh",
        command_of(config, out=f"runs/{name}"),
        *_prior(name, model),
        "```",
        "",
        f"{config.epochs} epochs, seed {config.seed}, on the training images alone. The checkpoint "
        "holds all settings.",
        "",
        "## What it reaches",
        "",
        f"{conditions}",
        "",
    ]
    rows = []
    for metric, values in figures.items():
        if metric in IN_PARTS or any(isinstance(v, str) for v in values.values()):
            continue
        cells = [figure(values.get(network)) for network in networks]
        rows.append((labels.get(metric, metric), *cells))
    lines.append(Table(("", *networks), rows).as_markdown())
    if "rates" in figures:
        lines += ["", "## Firing rates", "", *_rates(figures["rates"])]
    lines += ["", "## What it costs", "", *_energy(model)]
    return "\n".join(lines) + "\n"


def _prior(name: str, model: SpikingVAE) -> list[str]:
    """The command that fitted a prior afterwards, if one did."""
    if model.config.prior != MIXTURE:
        return []
    trained, fitted = (f"runs/{name}/{file}.pt" for file in ("model", "fitted"))
    components, temperature = model.config.components, model.config.temperature
    own = None if temperature == 1 else temperature
    return [typed("train-prior", trained, components=components, temperature=own, out=fitted)]


def _rates(by_network: Mapping[str, Mapping[str, float]]) -> list[str]:
    network, rates = list(by_network.items())[-1]
    cells = ", ".join(f"{layer.removesuffix('.lif')} {rate:.3f}" for layer, rate in rates.items())
    return [f"Mean spikes per neuron and step ({network}): {cells}."]


def _energy(model: SpikingVAE) -> list[str]:
    """The generator's estimate, in fixed point, by each profile."""
    program = compile_graph(to_nir(model.folded(), "generator"), "fixed").program
    recording = run(program, build_stimulus(program, range(SAMPLES)))
    lines = [
        f"Generating, in fixed point, mean of {SAMPLES} samples; estimates, see docs/energy.md.",
        "",
    ]
    for profile in PROFILES:
        report = estimate(program, recording, load_profile(profile))
        total = report.total
        said = f"{units.energy(total.nominal)} a sample ({units.band(total)})"
        verdict = words.verdict(report.main, report.lower_bound) if report.main else ""
        lines.append(f"* `{profile}`: {said}. {verdict}".rstrip())
    return lines
