"""The tables of a report, as rows of text: one source for the page, for Markdown and for print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from snnvae.hardware_sim.counts import ConnectionCounts
from snnvae.hardware_sim.energy.compare import KNOWN_BREAK_EVENS
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.profile import Price
from snnvae.hardware_sim.energy.report import units, words
from snnvae.hardware_sim.energy.result import EnergyReport
from snnvae.hardware_sim.energy.terms import ANN_TERMS, HOST_TERMS, SNN_TERMS


@dataclass(frozen=True)
class Table:
    """Rows of cells; those of the first column name the row. text: columns that are not numbers.

    foot: a last row that sums up.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: frozenset[int] = frozenset({0})
    foot: tuple[str, ...] = ()


def comparisons(report: EnergyReport) -> Table:
    """The spiking network and every ANN."""
    least = ", at least" if report.lower_bound else ""
    own = ("Spiking network" + least, units.energy(report.total.nominal), units.band(report.total))
    rows = [(*own, "", "", "")]
    compared = {c.ann.name: c for c in report.comparisons}
    for ann in report.ann:
        cells = (ann.name, units.energy(ann.total.nominal), units.band(ann.total))
        c = compared.get(ann.name)
        if c is None:
            rows.append((*cells, "other scope", "", ""))
            continue
        rows.append(
            (*cells, ratio(c.ratio), words.VERDICTS[c.verdict], words.breaking_even(c.break_even))
        )
    prices = f"; prices: {report.reference.title}" if report.reference else ""
    return Table(
        "The ANN has the same topology, runs once, exact at the borders, with BatchNorm folded"
        + prices,
        ("network", "energy", "low to high", "spiking / ANN", "spiking network", "break-even"),
        tuple(rows),
        frozenset({0, 4, 5}),
    )


def ratio(interval: Interval) -> str:
    """A ratio and its band."""
    low, middle, high = (
        units.significant(x) for x in (interval.low, interval.nominal, interval.high)
    )
    return middle if low == high else f"{middle} ({low} to {high})"


def thresholds(report: EnergyReport) -> Table:
    """Published break-even points, beside this run."""
    point = report.comparisons[0].break_even
    now = f"{units.significant(point.per_synapse)} spikes per synapse and sample"
    rows = [("this run", f"{now}, mean rate {units.percent(point.rate)}, T = {point.steps}")]
    rows += [(source, value) for value, source in KNOWN_BREAK_EVENS]
    return Table(
        "Spikes per synapse and inference below which others found a spiking network cheaper",
        ("source", "break-even"),
        tuple(rows),
        frozenset({0, 1}),
    )


def swings(report: EnergyReport) -> Table:
    """What moves the answer."""
    what = "ratio, spiking to ANN" if report.headline else "energy per sample"
    write = units.significant if report.headline else units.energy
    rows = tuple(
        (s.unknown, write(s.answer.low), write(s.answer.nominal), write(s.answer.high))
        for s in report.swings
    )
    return Table(
        f"The {what} where one unknown goes from its low to its high end, the others nominal",
        ("unknown", "at its low end", "nominal", "at its high end"),
        rows,
    )


def layers(report: EnergyReport) -> Table:
    """Energy of each layer by group of terms."""
    groups = report.groups
    rows = []
    for layer in report.layers:
        if layer.terms:
            parts = [report.group(layer, group) for group in groups]
            rows.append((layer.name, *_energies(layer.total), *map(_energy, parts)))
    sums = (energy.nominal for energy in groups.values())
    return Table(
        "Per sample; connections count for the layer they end at",
        ("layer", "total", "low to high", *groups),
        tuple(rows),
        foot=("total", *_energies(report.total), *map(_energy, sums)),
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
        "Per sample",
        ("term", "is", "count", "price", "energy", "low to high", "share"),
        tuple(rows),
        frozenset({0, 1}),
    )


def populations(report: EnergyReport) -> Table:
    """Neurons and their updates."""
    counts, firing, rows = report.counts, report.measured.firing, []
    for port in counts.inputs:
        silent = units.integer(firing[port.name].silent)
        spikes = (_mean(port.spikes), units.percent(counts.rate(port)), silent)
        rows.append((port.name, "input", units.integer(port.neurons), *spikes, "", "", ""))
    for layer in counts.layers:
        fired = firing.get(layer.name)
        spiking = ("", "", "")
        if fired is not None:
            spiking = (
                _mean(layer.spikes),
                units.percent(counts.rate(layer)),
                units.integer(fired.silent),
            )
        updates = (_mean(layer.driven), _mean(layer.idle), _mean(layer.spikes) if fired else "")
        rows.append((layer.name, layer.kind, units.integer(layer.neurons), *spiking, *updates))
    return Table(
        "Neurons, means per sample. Silent: without a spike in any sample. Driven: a spike or an "
        "analog current arrived in that step; fired: the update gave a spike",
        ("population", "model", "neurons", "spikes", "mean rate", "silent", "updates driven",
         "updates idle", "updates fired"),
        tuple(rows),
        frozenset({0, 1}),
    )  # fmt: skip


def connections(report: EnergyReport) -> Table:
    """Synapses and their operations."""
    of_ann = {c.name: c.macs for c in report.twin.connections}
    active = report.measured.active
    rows = []
    for c in report.counts.connections:
        delay = f" (delay {c.delay})" if c.delay else ""
        least, mean, most = c.fan_out
        nonzero = _mean(active[c.name]) if active else ""
        rows.append(
            (
                f"{c.name}: {c.source} → {c.target}{delay}",
                c.drive,
                units.integer(c.synapses),
                units.integer(c.nonzero),
                f"{units.integer(least)} / {units.integer(mean)} / {units.integer(most)}",
                *(_mean(n) for n in (c.sop_dense, c.sop_event, c.sop_effective, c.macs)),
                units.integer(of_ann[c.name]),
                nonzero,
            )
        )
    return Table(
        "Connections, means per sample. SOP, synaptic operations; dense: every source at every "
        "step; event: every synapse that a spike reached; effective: those of non-zero weight. "
        "Active: the ANN's multiply-accumulates whose input is not zero",
        ("connection", "driven by", "synapses", "non-zero", "fan-out min / mean / max",
         "SOP dense", "SOP event", "SOP effective", "MAC", "MAC of the ANN", "of these active"),
        tuple(rows),
        frozenset({0, 1}),
    )  # fmt: skip


def memory(report: EnergyReport) -> Table:
    """Words that are read and written."""
    counts, rows = report.counts, []
    for layer in counts.layers:
        words_of = counts.memory(layer)
        incoming = sum(c.weights for c in counts.into(layer.name))
        moved = (words_of.weights_read, words_of.states_read, words_of.states_written)
        stored = (units.integer(incoming), units.integer(layer.neurons * layer.state_words))
        rows.append((layer.name, *stored, *map(_mean, moved)))
    return Table(
        "Words of memory, means per sample; the host's are not among them",
        ("layer", "weights stored", "states stored", "weights read", "states read",
         "states written"),
        tuple(rows),
    )  # fmt: skip


def routes(report: EnergyReport) -> Table:
    """Spikes on their way over the chip; no rows without a placement."""
    rows = tuple(
        (
            f"{c.name}: {c.source} → {c.target}",
            _mean(c.spikes),
            _mean(c.messages),
            *(_mean(n) if n is not None else "not known" for n in (c.hops_x, c.hops_y)),
        )
        for c in report.counts.connections
        if c.messages is not None
    )
    return Table(
        "Spikes on the chip, means per sample: a message to each core that a spike reaches, and "
        "the tiles that these cross",
        ("connection", "spikes", "messages", "hops east-west", "hops north-south"),
        rows,
    )


def host(report: EnergyReport) -> Table:
    """What the host does around the network."""
    counts, sampler = report.counts, report.measured.sampler
    work = {
        "spikes sent in": sum((i.spikes for i in counts.inputs), np.zeros(counts.samples)),
        "multiply-accumulates of analog inputs": _analog(counts.connections, "macs"),
        "additions of analog inputs": _analog(counts.connections, "host_adds"),
        "membranes read out": sum((x.readouts for x in counts.layers), np.zeros(counts.samples)),
    }
    rows = [(name, _mean(n)) for name, n in work.items() if n.any()]
    if sampler:
        drawn = {
            f"random draws ({sampler.kind})": sampler.draws,
            "multiply-accumulates of the sampler": sampler.macs,
            "sigmoids of the sampler": sampler.sigmoids,
        }
        rows += [(name, units.integer(n)) for name, n in drawn.items() if n]
    return Table("Work of the host, per sample", ("what", "count"), tuple(rows))


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
        "Excluded terms are left out on both sides of the comparison; unpriced ones belong in it",
        ("term", "is", "per sample", "why it is missing"),
        tuple(rows),
        frozenset({0, 1, 3}),
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
        "For one occurrence; a band that depends on the layer is given from least to most",
        ("term", "is", "nominal", "low to high", "evidence", "source", "note"),
        tuple(rows),
        frozenset({0, 1, 4, 5, 6}),
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


def _analog(connections: Sequence[ConnectionCounts], quantity: str) -> np.ndarray:
    driven = (c for c in connections if c.drive in ("cached", "recomputed"))
    found: Iterable[np.ndarray] = (getattr(c, quantity) for c in driven)
    return sum(found, np.zeros(1))


def _energies(interval: Interval) -> tuple[str, str]:
    return units.energy(interval.nominal), units.band(interval)


def _energy(picojoules: float) -> str:
    return units.energy(picojoules)


def _mean(values: np.ndarray) -> str:
    return units.integer(float(np.mean(values)))
