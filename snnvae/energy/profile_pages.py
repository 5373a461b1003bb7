"""The built-in profiles as a page with every price and its source: docs/energy-profiles.md.

``python -m snnvae.energy.profile_pages docs/energy-profiles.md`` writes it; a test
holds the two together.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from snnvae.energy import units
from snnvae.energy.profile import Evidence, Price, Profile
from snnvae.energy.profile_file import builtin_profiles, load_profile
from snnvae.files import write_text
from snnvae.plain_text import one_line
from snnvae.table import Table

START = """# Energy profiles

Made by `python -m snnvae.energy.profile_pages docs/energy-profiles.md` from the files
in `snnvae/energy/profiles/`. The terms are those of [energy.md](energy.md#the-model).

"""
COLUMNS = ("term", "low", "nominal", "high", "evidence", "source", "")
GROUPS = {
    "any": "",
    "float": "float",
    "fixed": "fixed point",
    "ann_fp32": "ANN fp32",
    "ann_int8": "ANN int8",
}


def markdown() -> str:
    """The page."""
    profiles = [load_profile(name) for name in builtin_profiles()]
    rows = [
        (
            f"[{p.name}](#{p.name})",
            p.process,
            p.scope.replace("_", "-"),
            ", ".join(p.evidence),
            p.title,
        )
        for p in profiles
    ]
    table = Table(("profile", "process", "scope", "evidence", ""), rows).as_markdown(marked=True)
    return START + "\n".join([table, "", *map(_section, profiles)])


def _section(profile: Profile) -> str:
    lines = [f"## {profile.name}", "", f"{profile.title}: {profile.summary}."]
    if profile.reference:
        lines.append(f"The ANN beside it is priced by `{profile.reference}`.")
    if profile.counting != "exact":
        lines.append(f"Operations are counted as `{profile.counting}`, see energy.md.")
    sources = list(dict.fromkeys(str(backing.source) for _, _, backing, _ in _numbers(profile)))
    rows = []
    for name, amounts, backing, note in _numbers(profile):
        number = f"[{sources.index(str(backing.source)) + 1}]"
        rows.append((name, *amounts, backing.grade, number, note))
    lines += ["", Table(COLUMNS, rows).as_markdown(marked=True)]
    lines += ["", *(f"{n}. {one_line(source)}" for n, source in enumerate(sources, 1))]
    lines += _reasons("Excluded on both sides", profile.excluded)
    lines += _reasons("Unpriced", profile.unpriced)
    return "\n".join(lines) + "\n"


def _reasons(what: str, reasons: Mapping[str, str]) -> list[str]:
    """Terms with the same reason together."""
    terms: dict[str, list[str]] = {}
    for term, reason in reasons.items():
        terms.setdefault(reason, []).append(f"`{term}`")
    found = [f"- {', '.join(names)}: {one_line(reason)}" for reason, names in terms.items()]
    return ["", f"{what}:", "", *found] if found else []


Number = tuple[str, tuple[str, ...], Evidence, str]
"""What it is the price of; low, nominal, high; why it is believed; what else there is to say."""


def _numbers(profile: Profile) -> list[Number]:
    found: list[Number] = [
        (f"{GROUPS[group]} `{term}`".strip(), _amounts(price), price.backing, _extra(price))
        for group, terms in profile.prices.items()
        for term, price in terms.items()
    ]
    for name, quantity, write in (
        ("time per step", profile.step, units.seconds),
        ("static power", profile.static, _watts),
    ):
        if quantity is not None:
            per = f"per {quantity.per}. " if quantity.per else ""
            amounts = tuple(map(write, quantity.value.ends))
            found.append((name, amounts, quantity.backing, per + quantity.backing.note))
    return found


def _amounts(price: Price) -> tuple[str, str, str]:
    if price.by_kind:
        parts = (f"{kind} {units.energy(e.nominal)}" for kind, e in price.by_kind.items())
        return units.energy(price.energy.low), ", ".join(parts), units.energy(price.energy.high)
    if price.by_bytes:
        points = (f"{_bytes(at)} {units.energy(e.nominal)}" for at, e in price.by_bytes)
        share = f" per {price.bits:g} bits" if price.bits != price.word_bits else ""
        return "", "; ".join(points) + share, ""
    low, nominal, high = map(units.energy, price.energy.ends)
    return low, ("≥ " if price.minimum else "") + nominal, high


def _extra(price: Price) -> str:
    covers = ", ".join(f"`{term}`" for term in price.covers)
    parts = ["all-in" if price.scope == "all_in" else "", f"contains {covers}" if covers else ""]
    return ". ".join(part for part in (*parts, price.backing.note.rstrip(".")) if part)


def _watts(watts: float) -> str:
    return f"{1e3 * watts:g} mW"


def _bytes(size: float) -> str:
    return f"{size / 1024:g} KiB" if size < 1 << 20 else f"{size / (1 << 20):g} MiB"


if __name__ == "__main__":
    write_text(Path(sys.argv[1]), markdown())
