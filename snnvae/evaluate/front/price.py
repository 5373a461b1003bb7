"""The costs of a point and of an ANN: the exact estimator on the deployed autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from snnvae.deploy.compile import compile_graph
from snnvae.energy.ann.baselines import ann_energies
from snnvae.energy.ann.twin import ann_twin
from snnvae.energy.estimate import price
from snnvae.energy.measure import Measured, measure
from snnvae.energy.profile_file import load_profile
from snnvae.energy.result import EnergyReport
from snnvae.evaluate.deployed import DeployedModel
from snnvae.evaluate.front.result import CASES, PROFILES, Ann, Point, sums
from snnvae.layers.model import SpikingModel
from snnvae.program import Precision
from snnvae.progress import Progress
from snnvae.train.family import Samples
from snnvae.train.settings import Settings
from snnvae.train.to_nir import parts_for, to_nir

INT8 = "int8"
PRECISIONS: tuple[Precision, Precision] = ("float", "fixed")


def point_of(
    name: str,
    model: SpikingModel,
    samples: Samples,
    priced: int,
    progress: Progress | None = None,
) -> Point:
    """The error over all samples, energy over the first `priced`."""
    exact, fixed = (DeployedModel(model, p, progress=progress) for p in PRECISIONS)
    float_mse, fixed_mse = (deployed.error(samples) for deployed in (exact, fixed))
    some = fixed.run(samples.take(slice(priced)))
    measured = [
        measure(fixed.programs[part], recording) for part, (_, recording) in some.parts.items()
    ]
    programs = [m.program for m in measured]
    reports = {profile: [price(m, load_profile(profile)) for m in measured] for profile in PROFILES}
    return Point(
        name=name,
        steps=model.config.steps,
        budget=model.config.spike_budget,
        mse=fixed_mse,
        float_mse=float_mse,
        operations=sum(_operations(m) for m in measured),
        synapses=sum(c.synapse.macs() for p in programs for c in p.connections if not c.on_host),
        neurons=sum(layer.size for p in programs for layer in p.layers),
        labels={p: sums(r.bill.labels for r in found) for p, found in reports.items()},
        still={p: sum(_still(r) for r in found) for p, found in reports.items()},
        parts={p: _parts(found) for p, found in reports.items()},
    )


def _operations(measured: Measured) -> float:
    return float(sum(c.sop.mean() for c in measured.counts.connections))


def _parts(reports: Sequence[EnergyReport]) -> dict[str, float]:
    found: dict[str, float] = {}
    for report in reports:
        for group, energy in report.groups.items():
            found[group] = found.get(group, 0.0) + energy.nominal
    return found


def _still(report: EnergyReport) -> float:
    """The energy that is left at a rate of 0, pJ."""
    return float(report.comparisons[0].break_even.fixed.nominal)


def ann_of(name: str, config: Settings, error: float) -> Ann:
    """The int8 energies of the ANN of these settings, by the spiking model of its topology."""
    spiking = config.family.same_topology(config)
    folded = spiking.folded()
    parts = parts_for(spiking, config.family.judged)
    twins = [ann_twin(compile_graph(to_nir(folded, part)).program) for part in parts]
    labels: dict[str, dict[str, Any]] = {}
    for profile, reuse in CASES:
        reference = load_profile(profile)
        bills = [
            ann.bill.labels
            for twin in twins
            for ann in ann_energies(twin, reference, 1, None)
            if (ann.arithmetic, ann.reuse) == (INT8, reuse)
        ]
        labels.setdefault(profile, {})[reuse] = sums(bills)
    return Ann(name, error, sum(twin.macs for twin in twins), labels)
