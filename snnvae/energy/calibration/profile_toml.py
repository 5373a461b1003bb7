"""A profile file out of a calibration, in the format that `load_profile` reads.

Every term of a spiking network is priced, covered by a price, or unpriced with its reason: what
the figures do not resolve is never 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from snnvae.energy.calibration.found import METHOD, Calibration, FittedPrice
from snnvae.energy.interval import Interval
from snnvae.energy.terms import SNN_TERMS


class _Meaning(NamedTuple):
    """What a fitted price is: the profile's terms that it is the price of, those that it contains
    (their energy is in the power that was measured), the counter that it needs, a note."""

    priced: tuple[str, ...]
    covers: tuple[str, ...]
    counter: str
    note: str


_MEANINGS = {
    "sop": _Meaning(
        ("sop",),
        ("sop_weight", "sop_state", "address_mul", "address_add"),
        "syn_ops",
        "A synaptic operation, its memory and addressing included.",
    ),
    "update": _Meaning(
        ("update_driven", "update_idle"),
        ("neuron_mul", "neuron_add", "bias", "update_state", "host_add"),
        "dendrite_updates",
        "A neuron update, its memory included; driven and idle ones are not told apart.",
    ),
    "message": _Meaning(
        ("message",),
        ("spike", "hop_x", "hop_y"),
        "axon_out",
        "A message, its sending and its way included, as long as those of the figures.",
    ),
}
_UNPRICED = {
    "mac": "the counters do not tell graded spikes from binary ones",
    "host_mac": "done on the host, whose energy was not measured",
    "input_event": "bringing a spike in from the host was not measured apart",
    "readout": "reading a membrane and the host's work were not measured",
}


def to_toml(
    found: Calibration, *, name: str, node_nm: float, voltage_v: float, command: str
) -> str:
    """The profile's text. command: how it was made, to stand in its source."""
    figures = found.figures
    header = {
        "format": 1,
        "name": name,
        "title": f"{name}, calibrated from {figures.name}",
        "summary": "prices per event fitted to measured dynamic power: " + found.quality,
        "node_nm": node_nm,
        "voltage_v": voltage_v,
        "reference": "horowitz45-memory",
        "chip": "loihi2",
    }
    cite = f"measured figures {figures.name}, SHA-256 {figures.sha256}"
    tables = [_table("", header), _table("sources.figures", {"cite": cite, "at": command})]
    for price in found.prices:
        if price.resolved:
            tables += _price(price, found)
    tables.append(_quantity("time.step", found.step_us, "us", {}, "steps of the figures"))
    if found.static_w is not None:
        note = "static power of the board by its number of chips"
        tables.append(_quantity("power.static", found.static_w, "W", {"per": "chip"}, note))
    tables.append(_table("unpriced", _unpriced(found)))
    return "\n\n".join(tables) + "\n"


def _price(price: FittedPrice, found: Calibration) -> Iterator[str]:
    meaning = _MEANINGS[price.term]
    note = f"{meaning.note} Fitted to '{price.counter}' ({METHOD}): {found.quality}."
    if found.misfit:
        note += f" But {found.notes[0]}."
    for i, term in enumerate(meaning.priced):
        covers = {} if i else {"covers": list(meaning.covers)}
        together = {"moves_with": price.term} if len(meaning.priced) > 1 else {}
        more = {"scope": "per_term", **covers, **together}
        yield _quantity(f"price.any.{term}", price.energy, "pJ", more, note)


def _unpriced(found: Calibration) -> dict[str, str]:
    """The reason of every term that has no price, in the order of the terms."""
    reasons = {
        **_UNPRICED,
        "static": "known per chip, but not how many chips; name one"
        if found.static_w
        else "not per chip: the figures have no column 'chips'; give the power itself",
    }
    prices = {price.term: price for price in found.prices}
    for term, meaning in _MEANINGS.items():
        price = prices.get(term)
        if price is None:
            reason = f"not fitted: the figures have no column '{meaning.counter}'"
        elif not price.resolved:
            reason = f"not resolved: the 95 % interval of '{price.counter}', {price.band}, has 0"
        else:
            continue
        reasons |= dict.fromkeys((*meaning.priced, *meaning.covers), reason)
    return {term: reasons[term] for term in SNN_TERMS if term in reasons}


def _quantity(at: str, value: Interval, unit: str, more: Mapping[str, object], note: str) -> str:
    low, nominal, high = value.ends
    band = {"low": low, "nominal": nominal, "high": high, "unit": unit}
    backing = {"evidence": "measured", "source": "figures", "note": note}
    return _table(at, {**band, **more, **backing})


def _table(at: str, entries: Mapping[str, object]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in entries.items()]
    return "\n".join([f"[{at}]", *lines] if at else lines)


def _value(value: object) -> str:
    # Seven digits keep low ≤ nominal ≤ high, as rounding keeps order.
    if isinstance(value, (int, float)):
        return f"{value:.7g}"
    # JSON's texts and lists are TOML's, but for DEL; a file's name may hold bytes that are no text.
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return "".join("�" if "\ud800" <= c < "\ue000" else c for c in text)
