"""Tables of counts: neurons, connections, memory, routes, and the host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from snnvae.energy import units
from snnvae.energy.result import EnergyReport
from snnvae.hardware_sim.counts import ConnectionCounts
from snnvae.table import Table


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
        ("population", "model", "neurons", "spikes", "mean rate", "silent", "updates driven",
         "updates idle", "updates fired"),
        tuple(rows),
        text={0, 1},
        caption=(
            "Neurons, means per sample. Silent: without a spike in any sample. Driven: a "
            "spike or an analog current arrived in that step; fired: the update gave a spike"
        ),
    )  # fmt: skip


def connections(report: EnergyReport) -> Table:
    """Synapses and their operations."""
    of_ann = {c.name: c.macs for c in report.twin.connections}
    active = report.measured.active
    rows = []
    for c in report.counts.connections:
        delay = f" (delay {c.delay})" if c.delay else ""
        fan_out = " / ".join(map(units.integer, c.fan_out))
        nonzero = _mean(active[c.name]) if active else ""
        rows.append(
            (
                f"{c.name}: {c.source} → {c.target}{delay}",
                c.drive,
                units.integer(c.synapses),
                units.integer(c.nonzero),
                fan_out,
                *(_mean(n) for n in (c.sop_dense, c.sop_event, c.sop_effective, c.macs)),
                units.integer(of_ann[c.name]) if c.name in of_ann else "",
                nonzero,
            )
        )
    return Table(
        ("connection", "driven by", "synapses", "non-zero", "fan-out min / mean / max",
         "SOP dense", "SOP event", "SOP effective", "MAC", "MAC of the ANN", "of these active"),
        tuple(rows),
        text={0, 1},
        caption=(
            "Connections, means per sample. SOP, synaptic operations; dense: every source at "
            "every step; event: every synapse that a spike reached; effective: those of "
            "non-zero weight. Active: the ANN's multiply-accumulates whose input is not zero"
        ),
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
        ("layer", "weights stored", "states stored", "weights read", "states read",
         "states written"),
        tuple(rows),
        text={0},
        caption="Words of memory, means per sample; the host's are not among them",
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
        ("connection", "spikes", "messages", "hops east-west", "hops north-south"),
        rows,
        text={0},
        caption=(
            "Spikes on the chip, means per sample: a message to each core that a spike "
            "reaches, and the tiles that these cross"
        ),
    )


def host(report: EnergyReport) -> Table:
    """What the host does around the network."""
    counts, host = report.counts, report.measured.host
    work = {
        "spikes sent in": sum((i.spikes for i in counts.inputs), np.zeros(counts.samples)),
        "multiply-accumulates of analog inputs": _analog(counts.connections, "macs"),
        "additions of analog inputs": _analog(counts.connections, "host_adds"),
        "membranes read out": sum((x.readouts for x in counts.layers), np.zeros(counts.samples)),
    }
    rows = [(name, _mean(n)) for name, n in work.items() if n.any()]
    if host:
        drawn = {
            f"random draws ({host.kind})": host.draws,
            "multiply-accumulates of the sampler": host.macs,
            "sigmoids of the sampler": host.sigmoids,
        }
        rows += [(name, units.integer(n)) for name, n in drawn.items() if n]
    return Table(("what", "count"), tuple(rows), text={0}, caption="Work of the host, per sample")


def _analog(connections: Sequence[ConnectionCounts], quantity: str) -> np.ndarray:
    driven = (c for c in connections if c.drive in ("cached", "recomputed"))
    found: Iterable[np.ndarray] = (getattr(c, quantity) for c in driven)
    return sum(found, np.zeros(1))


def _mean(values: np.ndarray) -> str:
    """Over the samples, as a count."""
    return units.integer(float(np.mean(values)))
