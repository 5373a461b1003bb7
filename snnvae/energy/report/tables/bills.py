"""Tables of energy: by layer, by term, what is missing, and the prices behind it."""

from __future__ import annotations

import numpy as np

from snnvae.energy import units
from snnvae.energy.interval import Interval
from snnvae.energy.profile import Price
from snnvae.energy.result import EnergyReport
from snnvae.energy.terms import ANN_TERMS, HOST_TERMS, SNN_TERMS
from snnvae.table import Table


def layers(report: EnergyReport) -> Table:
    """Energy of each layer by group of terms."""
    groups = report.groups
    rows = []
    for layer in report.layers:
        if layer.terms:
            parts = [report.group(layer, group) for group in groups]
            rows.append((layer.name, *_energies(layer.total), *map(units.energy, parts)))
    sums = (energy.nominal for energy in groups.values())
    return Table(
        ("layer", "total", "low to high", *groups),
        tuple(rows),
        foot=("total", *_energies(report.total), *map(units.energy, sums)),
        text={0},
        caption="Per sample; connections count for the layer they end at",
    )


def terms(report: EnergyReport) -> Table:
    """Energy by term, with what was counted and its price."""
    whole, rows = report.total.nominal, []
    for term, energy in report.terms.items():
        count = sum(float(np.mean(x.count)) for x in report.bill.only([term]).lines)
        price = report.prices.get(term)
        each = _nominal(price) if price else ""
        share = units.percent(energy.nominal / whole) if whole else ""
        cells = (units.integer(count) if price else "", each, *_energies(energy), share)
        rows.append((term, SNN_TERMS[term], *cells))
    return Table(
        ("term", "is", "count", "price", "energy", "low to high", "share"),
        tuple(rows),
        text={0, 1},
        caption="Energy by term, per sample",
    )


def missing(report: EnergyReport) -> Table:
    """What is not in the total, and why."""
    names, rows = {**SNN_TERMS, **HOST_TERMS}, []
    for u in report.unpriced:
        count = units.integer(u.count) if u.count is not None else "not counted"
        matters = ", matters" if u.material else ""
        rows.append((u.term, names[u.term], count, f"unpriced{matters}: {u.reason}"))
    for term, reason in report.profile.excluded.items():
        rows.append((term, names[term], "", f"excluded on both sides: {reason}"))
    return Table(
        ("term", "is", "per sample", "why it is missing"),
        tuple(rows),
        text={0, 1, 3},
        caption=(
            "Excluded terms are left out on both sides of the comparison; unpriced ones "
            "belong in it"
        ),
    )


def prices(report: EnergyReport) -> Table:
    """Every price in use, of the spiking network and of the ANN; sources by number."""
    cited = sources(report)
    rows = []
    for name, what, price in _prices(report):
        scope = ", all-in" if price.scope == "all_in" else ""
        backing = price.backing
        number = f"[{cited.index(str(backing.source)) + 1}]"
        amounts = (_nominal(price), units.band(price.energy))
        rows.append((name, what, *amounts, backing.grade + scope, number, backing.note))
    return Table(
        ("term", "is", "nominal", "low to high", "evidence", "source", "note"),
        tuple(rows),
        text={0, 1, 4, 5, 6},
        caption="For one occurrence; a band that depends on the layer is given from least to most",
    )


def sources(report: EnergyReport) -> list[str]:
    """Citations of the prices in use, each once."""
    return list(dict.fromkeys(str(price.backing.source) for _, _, price in _prices(report)))


def _prices(report: EnergyReport) -> list[tuple[str, str, Price]]:
    """(name, what it is the price of, price)."""
    own, reference = report.prices, report.reference
    found = [(term, SNN_TERMS[term], own[term]) for term in report.terms if term in own]
    for arithmetic in ("fp32", "int8"):
        of_ann = reference.ann(arithmetic) if reference else {}
        found += [(f"ANN {arithmetic}: {term}", ANN_TERMS[term], p) for term, p in of_ann.items()]
    return found


def _nominal(price: Price) -> str:
    if price.by_kind or price.by_bytes:
        return "by layer"
    return ("≥ " if price.minimum else "") + units.energy(price.energy.nominal)


def _energies(interval: Interval) -> tuple[str, str]:
    return units.energy(interval.nominal), units.band(interval)
