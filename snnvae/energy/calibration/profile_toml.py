"""A profile file out of a calibration, in the format that `load_profile` reads.

Every term of a spiking network is priced, covered by a price, or unpriced with its reason: what
the figures do not resolve is never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from snnvae.energy.calibration.found import METHOD, Calibration, FittedPrice
from snnvae.energy.interval import Interval
from snnvae.energy.terms import SNN_TERMS

CHIP = "loihi2"
REFERENCE = "horowitz45-memory"
_PRICED: Mapping[str, tuple[str, ...]] = {
    "sop": ("sop",),
    "update": ("update_driven", "update_idle"),
    "message": ("message",),
}
"""Terms of the profile that a fitted price is the price of."""
_COVERS: Mapping[str, tuple[str, ...]] = {
    "sop": ("sop_weight", "sop_state", "address_mul", "address_add"),
    "update": ("neuron_mul", "neuron_add", "bias", "update_state", "host_add"),
    "message": ("spike", "hop_x", "hop_y"),
}
"""Terms that it contains: their energy is in the power that was measured."""
_NOTES: Mapping[str, str] = {
    "sop": "A synaptic operation, its memory and addressing included.",
    "update": "A neuron update, its memory included; driven and idle ones are not told apart.",
    "message": "A message, its sending and its way included, as long as those of the figures.",
}
_UNPRICED: Mapping[str, str] = {
    "mac": "the counters do not tell graded spikes from binary ones",
    "host_mac": "done on the host, whose energy was not measured",
    "input_event": "bringing a spike in from the host was not measured apart",
    "readout": "reading a membrane and the host's work were not measured",
}
_COUNTERS: Mapping[str, str] = {
    "sop": "syn_ops",
    "update": "dendrite_updates",
    "message": "axon_out",
}


def to_toml(
    calibration: Calibration, *, name: str, node_nm: float, voltage_v: float, command: str
) -> str:
    """The profile's text. command: how it was made, to stand in its source."""
    figures = calibration.figures
    header = {
        "format": 1,
        "name": name,
        "title": f"{name}, calibrated from {figures.name}",
        "summary": "prices per event fitted to measured dynamic power: " + calibration.quality,
        "node_nm": node_nm,
        "voltage_v": voltage_v,
        "reference": REFERENCE,
        "chip": CHIP,
    }
    cite = f"measured figures {figures.name}, SHA-256 {figures.sha256}"
    tables = [
        _table("", header),
        _table("sources.figures", {"cite": cite, "at": command}),
    ]
    for price in calibration.prices:
        if price.resolved:
            tables += _price(price, calibration)
    tables.append(_quantity("time.step", calibration.step_us, "us", {}, "steps of the figures"))
    static = calibration.static_w
    if static is not None:
        note = "static power of the board by its number of chips"
        tables.append(_quantity("power.static", static, "W", {"per": "chip"}, note))
    tables.append(_table("unpriced", _unpriced(calibration)))
    return "\n\n".join(tables) + "\n"


def _price(price: FittedPrice, calibration: Calibration) -> Iterable[str]:
    terms = _PRICED[price.term]
    for term in terms:
        more: dict[str, object] = {"scope": "per_term"}
        if term == terms[0]:
            more["covers"] = list(_COVERS[price.term])
        if len(terms) > 1:
            more["moves_with"] = price.term
        note = " ".join(
            [
                _NOTES[price.term],
                f"Fitted to '{price.counter}' ({METHOD}): {calibration.quality}.",
                *(f"But {note}." for note in calibration.notes[:1] if calibration.misfit),
            ]
        )
        yield _quantity(f"price.any.{term}", price.energy, "pJ", more, note)


def _unpriced(calibration: Calibration) -> dict[str, str]:
    """The reason of every term that has no price, in the order of the terms."""
    fitted = {p.term: p for p in calibration.prices}
    reasons = dict(_UNPRICED)
    for term, counter in _COUNTERS.items():
        price = fitted.get(term)
        if price is None:
            reason = f"not fitted: the figures have no column '{counter}'"
        elif not price.resolved:
            reason = f"not resolved: the 95 % interval of '{price.counter}', {price.band}, has 0"
        else:
            continue
        reasons.update(dict.fromkeys((*_PRICED[term], *_COVERS[term]), reason))
    reasons["static"] = (
        "not per chip: the figures have no column 'chips'; give the power itself"
        if calibration.static_w is None
        else "known per chip, but not how many chips; name one"
    )
    return {term: reasons[term] for term in SNN_TERMS if term in reasons}


def _quantity(at: str, value: Interval, unit: str, more: Mapping[str, object], note: str) -> str:
    band = {"low": value.low, "nominal": value.nominal, "high": value.high, "unit": unit}
    backing = {"evidence": "measured", "source": "figures", "note": note}
    return _table(at, {**band, **more, **backing})


def _table(at: str, entries: Mapping[str, object]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in entries.items()]
    return "\n".join([f"[{at}]", *lines] if at else lines)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    # Seven digits keep low ≤ nominal ≤ high, as rounding keeps order.
    return f"{value:.7g}" if isinstance(value, (int, float)) else f'"{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    """For between double quotes. A file's name may hold bytes that are no text; they show as �."""
    return "".join(
        f"\\u{ord(c):04x}" if c in '"\\\x7f' or c < " " else "�" if "\ud800" <= c < "\ue000" else c
        for c in text
    )
