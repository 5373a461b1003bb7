"""One price, time or power of a profile, from its TOML table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Literal, cast, get_args

from snnvae.energy.interval import Interval
from snnvae.energy.profile import (
    BITS_OF_ACCESS,
    CONFIDENCE,
    EVIDENCE,
    Evidence,
    Price,
    Quantity,
    Scope,
    Source,
)
from snnvae.energy.terms import SNN_TERMS
from snnvae.hardware_sim.counts import Kind
from snnvae.toml_table import TomlTable

PICOJOULES = {"fJ": 1e-3, "pJ": 1.0, "nJ": 1e3, "uJ": 1e6}

READS_MEMORY = ("sop_weight", "sop_state", "update_state", "weight", "activation")
"""Terms whose items know the size of their memory."""

_BAND = {"low", "nominal", "high", "unit"}
_BACKING = {"evidence", "confidence", "source", "note"}
_PRICE = _BAND | _BACKING | {
    "scope", "covers", "minimum", "node_nm", "voltage_v", "moves_with", "by_kind", "by_bytes",
    "bits", "word_bits", "spread", "accumulate",
}  # fmt: skip


class PriceReader:
    """Reads what a profile says in numbers; process and voltage are those of the file."""

    def __init__(self, profile: TomlTable, node_nm: float, voltage_v: float) -> None:
        self._sources = profile.table("sources")
        self.node_nm, self.voltage_v = node_nm, voltage_v

    def price(self, table: TomlTable, group: str, term: str) -> Price:
        """The price of a term of a group."""
        table.only(_PRICE)
        size = PICOJOULES[table.choice("unit", PICOJOULES)]
        by_kind = self._by_kind(table, term, size) if "by_kind" in table else {}
        by_bytes = self._by_bytes(table, term, size) if "by_bytes" in table else ()
        several = [*by_kind.values(), *(energy for _, energy in by_bytes)]
        if several:
            for key in ("low", "nominal", "high"):
                if key in table:
                    table.fail(key, "has no place beside by_kind or by_bytes; give a spread")
            energy = Interval(
                min(e.low for e in several), several[0].nominal, max(e.high for e in several)
            )
        else:
            energy = _band(table, size)
        bits = table.number("bits", BITS_OF_ACCESS)
        accumulate = table.number("accumulate") * size if "accumulate" in table else None
        if accumulate is not None and not accumulate <= energy.low:
            table.fail("accumulate", "is more than the least price that it is a part of")
        covers = table.data.get("covers", [])
        if not isinstance(covers, list) or not set(map(str, covers)) <= set(SNN_TERMS):
            table.fail("covers", f"must be a list of terms: {', '.join(SNN_TERMS)}")
        return Price(
            energy=energy,
            backing=self._backing(table),
            scope=cast(Scope, table.choice("scope", get_args(Scope))),
            node_nm=table.number("node_nm", self.node_nm),
            voltage_v=table.number("voltage_v", self.voltage_v),
            label=table.text("moves_with", optional=True) or f"price of {term}",
            covers=tuple(covers),
            minimum=table.flag("minimum"),
            by_kind=by_kind,
            by_bytes=by_bytes,
            bits=bits,
            word_bits=table.number("word_bits", bits),
            accumulate=accumulate,
        )

    def quantity(
        self, parent: TomlTable, key: str, units: Mapping[str, float], per: Iterable[str] = ()
    ) -> Quantity | None:
        """A time or a power; None if the file does not give it."""
        parent.only({key})
        if key not in parent:
            return None
        table, per = parent.table(key), tuple(per)
        table.only(_BAND | _BACKING | ({"per"} if per else set()))
        value = _band(table, units[table.choice("unit", units)])
        if not value.low > 0:
            table.fail("low" if "low" in table else "nominal", "must be above 0")
        whole = cast(Literal["", "chip", "core"], table.choice("per", per) if per else "")
        return Quantity(value, self._backing(table), whole)

    def _backing(self, table: TomlTable) -> Evidence:
        key = table.text("source")
        if key not in self._sources:
            table.fail("source", f"is '{key}', which [sources] does not hold; cite it there")
        source = self._sources.table(key)
        source.only({"cite", "at", "doi", "url"})
        return Evidence(
            evidence=table.choice("evidence", EVIDENCE),
            confidence=table.choice("confidence", CONFIDENCE, ""),
            note=table.text("note", optional=True),
            source=Source(
                source.text("cite"),
                source.text("at"),
                source.text("doi", optional=True),
                source.text("url", optional=True),
            ),
        )

    def _by_kind(self, table: TomlTable, term: str, size: float) -> dict[str, Interval]:
        kinds = table.table("by_kind")
        if not term.startswith("sop") or set(kinds.data) != set(get_args(Kind)):
            table.fail("by_kind", f"is for sop alone and names {', '.join(get_args(Kind))}")
        return {kind: _spread(table, kinds.number(kind) * size) for kind in kinds.data}

    def _by_bytes(
        self, table: TomlTable, term: str, size: float
    ) -> tuple[tuple[float, Interval], ...]:
        rows = table.data["by_bytes"]
        if term not in READS_MEMORY:
            table.fail("by_bytes", f"is for what reads a memory: {', '.join(READS_MEMORY)}")
        good = isinstance(rows, list) and rows
        if not good or not all(isinstance(row, list) and len(row) == 2 for row in rows):
            table.fail("by_bytes", "must be a list of [bytes, energy per access]")
        points = [
            (table.amount("by_bytes", at), table.amount("by_bytes", energy)) for at, energy in rows
        ]
        if any(a >= b for (a, _), (b, _) in pairwise(points)):
            table.fail("by_bytes", "must be sorted by size")
        if any(a > b for (_, a), (_, b) in pairwise(points)):
            table.fail("by_bytes", "falls with the size; a larger memory costs no less")
        return tuple((at, _spread(table, energy * size)) for at, energy in points)


def _band(table: TomlTable, size: float) -> Interval:
    nominal = table.number("nominal")
    low, high = table.number("low", nominal), table.number("high", nominal)
    if not low <= nominal <= high:
        table.fail("nominal", f"{nominal:g} lies outside low {low:g} … high {high:g}")
    return Interval(low, nominal, high) * size


def _spread(table: TomlTable, nominal: float) -> Interval:
    """A number with the table's relative band around it."""
    spread = table.number("spread", 0.0)
    if spread > 1:
        table.fail("spread", f"is {spread:g}; give a share of 1, as in 0.1 for ten percent")
    return Interval(nominal * (1 - spread), nominal, nominal * (1 + spread))
