"""Placing a program on the cores of a chip, and what would not fit.

Each layer is cut into pieces of neurons, in C order or position by position (whichever takes fewer
cores), as large as a core's neurons, synaptic memory and axons allow; then pieces go, first fit, to
cores with room for them. An axon is counted once per source neuron on each piece that it reaches.
A limit that the chip does not publish is not checked and is named in `unchecked`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from snnvae.deploy.chips.chip import Chip
from snnvae.deploy.chips.cutting import Cutter, Piece, fits, loads, share
from snnvae.deploy.chips.demand import Inlet, Need, inlets
from snnvae.program import Layer, Program

ROUNDS = 20
"""How often pieces are cut again because the pieces that they reach became more."""


@dataclass(frozen=True)
class Row:
    """A layer: how many cores it is on, and the largest piece of it.

    memory: bytes on all cores. utilisation: the fullest resource of its fullest core, of 1.
    """

    layer: str
    neurons: int
    cores: int
    neurons_per_core: int
    synapses: int
    memory: int
    in_axons: int
    out_axons: int
    utilisation: float


@dataclass(frozen=True)
class Violation:
    """A rule of the chip that the program breaks, where, by how much, and the remedy."""

    rule: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where} {self.text}"


@dataclass(frozen=True)
class Placement:
    """A placement says where every neuron is, per layer and piece by piece."""

    chip: Chip
    rows: tuple[Row, ...]
    pieces: tuple[Piece, ...]
    cores: int
    chips: int
    violations: tuple[Violation, ...]
    unchecked: tuple[str, ...]


def place(program: Program, chip: Chip) -> Placement:
    """Place a program on a chip; what does not fit stands in `violations`."""
    demands = {layer.name: inlets(program, layer, chip) for layer in program.layers}
    reach = {layer.name: np.zeros(layer.size, np.int64) for layer in program.layers}
    cutters = [Cutter(layer, demands[layer.name], chip) for layer in program.layers]
    cut: list[Piece] = []
    for _ in range(ROUNDS):
        cut = [piece for cutter in cutters for piece in cutter.cut(reach[cutter.layer.name])]
        again = _reach(program, demands, cut)
        if all((again[name] == reach[name]).all() for name in reach):
            break
        reach = again
    pieces = tuple(
        _first_fit([replace(p, out_axons=int(reach[p.layer][p.neurons].sum())) for p in cut], chip)
    )
    cores = 1 + max((p.core for p in pieces), default=-1)
    per_chip = chip.limit("cores_per_chip") or cores
    chips = -(-cores // per_chip)
    return Placement(
        chip=chip,
        rows=tuple(_row(layer, pieces, chip) for layer in program.layers),
        pieces=pieces,
        cores=cores,
        chips=chips,
        violations=(*_violations(program, pieces, chip), *_too_many(cores, chips, chip)),
        unchecked=tuple(f"{name}: {reason}" for name, reason in chip.absent.items()),
    )


def _reach(
    program: Program, demands: dict[str, list[Inlet]], pieces: Sequence[Piece]
) -> dict[str, np.ndarray]:
    """Pieces that each neuron's spikes go to, by layer."""
    reach = {layer.name: np.zeros(layer.size, np.int64) for layer in program.layers}
    for piece in pieces:
        for connection, inlet in zip(program.into(piece.layer), demands[piece.layer]):
            if connection.source in reach:
                heard = np.unique(inlet.matrix[piece.neurons].indices)
                reach[connection.source][heard] += 1
    return reach


def _first_fit(pieces: Iterable[Piece], chip: Chip) -> list[Piece]:
    """Puts each piece on the first core with room for it, or on a new one."""
    cores: list[tuple[Need, int]] = []
    placed = []
    for piece in pieces:
        joint = [(_sum(need, piece.need), out + piece.out_axons) for need, out in cores]
        core = next((i for i, load in enumerate(joint) if fits(*load, chip)), len(cores))
        if core == len(cores):
            cores.append((piece.need, piece.out_axons))
        else:
            cores[core] = joint[core]
        placed.append(replace(piece, core=core))
    return placed


def _sum(one: Need, other: Need) -> Need:
    return Need(
        one.neurons + other.neurons,
        one.synapses + other.synapses,
        one.memory_bits + other.memory_bits,
        one.in_axons + other.in_axons,
    )


def _row(layer: Layer, pieces: Sequence[Piece], chip: Chip) -> Row:
    own = [p for p in pieces if p.layer == layer.name]
    cores = {p.core for p in own}
    full = [[p for p in pieces if p.core == core] for core in cores]
    return Row(
        layer=layer.name,
        neurons=sum(p.need.neurons for p in own),
        cores=len(cores),
        neurons_per_core=max(p.need.neurons for p in own),
        synapses=sum(p.need.synapses for p in own),
        memory=sum(-(-p.need.memory_bits // 8) for p in own),
        in_axons=max(p.need.in_axons for p in own),
        out_axons=max(p.out_axons for p in own),
        utilisation=max(_together(core, chip) for core in full),
    )


def _together(pieces: Sequence[Piece], chip: Chip) -> float:
    need = Need(0, 0, 0, 0)
    for piece in pieces:
        need = _sum(need, piece.need)
    return share(need, sum(p.out_axons for p in pieces), chip)


REMEDIES = {
    "memory_per_core": ("MEMORY", "bytes of synapses", "use fewer or sparser inputs"),
    "in_axons_per_core": ("FANIN", "axons", "split the layer's input or use groups"),
    "out_axons_per_core": ("FANOUT", "axons", "let each neuron reach fewer cores"),
    "neurons_per_core": ("NEURONS", "neurons", "split the layer"),
}


def _violations(program: Program, pieces: Sequence[Piece], chip: Chip) -> list[Violation]:
    """Finds what no cut mends: a neuron that fills a core, delays,
    values where spikes are events."""
    found: dict[tuple[str, str], Violation] = {}
    for piece in pieces:
        for name, load in loads(piece.need, piece.out_axons).items():
            limit = chip.limit(name)
            if limit is None or load <= limit:
                continue
            rule, unit, remedy = REMEDIES[name]
            text = f"needs {load:,} {unit} on a core, which has {limit:,}; {remedy}"
            rule = f"{chip.rules}-{rule}"
            found.setdefault((rule, piece.layer), Violation(rule, f"layer {piece.layer}", text))
    return [*found.values(), *_connections(program, chip)]


def _connections(program: Program, chip: Chip) -> list[Violation]:
    found = []
    longest, payload = chip.limit("max_delay"), chip.limit("payload_bits")
    silent = {layer.name for layer in program.layers if not layer.neuron.spiking}
    for c in program.connections:
        where = f"connection {c.name}"
        if longest is not None and c.delay > longest:
            text = (
                f"has a delay of {c.delay} steps, of which there are {longest}; put neurons between"
            )
            found.append(Violation(f"{chip.rules}-DELAY", where, text))
        if payload == 0 and (c.on_host or c.source in silent):
            text = f"carries values from {c.source}, but spikes carry none; encode them as spikes"
            found.append(Violation(f"{chip.rules}-PAYLOAD", where, text))
    return found


def _too_many(cores: int, chips: int, chip: Chip) -> list[Violation]:
    if chips <= 1:
        return []
    limit = chip.limit("cores_per_chip")
    text = f"needs {cores:,} cores, a chip has {limit}; use {chips} chips or a smaller network"
    return [Violation(f"{chip.rules}-CORES", "the network", text)]
