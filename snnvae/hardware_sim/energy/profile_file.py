"""Reading profiles: TOML files with prices, ours by name and a user's by path.

    format = 1
    name = "mychip"
    title = "One line for the report"
    summary = "what is and is not in the prices"
    node_nm = 28
    voltage_v = 0.9
    extends = "horowitz45"        # optional: start from another profile's prices (name or file)
    reference = "horowitz45"      # optional: the profile that prices the ANN

    [sources]
    me2026 = "who, where, which table"

    [price.any.sop]               # any | float | fixed | ann_fp32 | ann_int8
    low = 8.4                     # optional, like high: then equal to nominal
    nominal = 8.43
    high = 8.5
    unit = "pJ"                   # fJ | pJ | nJ | uJ
    grade = "measured, high"
    scope = "per_term"            # or all_in: leakage, routing and all else included
    source = "me2026"
    covers = ["sop_weight"]       # optional: terms that this price already contains
    minimum = true                # optional: published as "at least"

    [excluded]                    # left out on both sides of the comparison
    readout = "the ANN ends alike"
    [unpriced]                    # belongs here, but nobody published it
    static = "no leakage was published"

The terms are those of `terms.py`. A price that is missing makes its term unpriced, never free.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

from snnvae.errors import ConfigError
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.profile import GRADES, Price, Profile
from snnvae.hardware_sim.energy.terms import ANN_TERMS, SNN_TERMS
from snnvae.program import Precision

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FORMAT_VERSION = 1
UNITS_PJ = {"fJ": 1e-3, "pJ": 1.0, "nJ": 1e3, "uJ": 1e6}
SNN_GROUPS = ("any", "float", "fixed")
ANN_GROUPS = ("ann_fp32", "ann_int8")

_TOP = {
    "format", "name", "title", "summary", "node_nm", "voltage_v", "extends", "reference",
    "sources", "price", "excluded", "unpriced",
}  # fmt: skip
_PRICE = {
    "low", "nominal", "high", "unit", "grade", "scope", "source", "covers", "minimum",
    "node_nm", "voltage_v",
}  # fmt: skip


def builtin_profiles() -> tuple[str, ...]:
    """Names of the profiles that come with snnvae."""
    folder = files("snnvae.hardware_sim.energy") / "profiles"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def load_profile(name_or_path: str | Path) -> Profile:
    """A profile of ours by name, or a user's TOML file by path. ConfigError if it is not valid."""
    return _load(str(name_or_path), ())


def _load(name: str, seen: tuple[str, ...]) -> Profile:
    if name in seen:
        raise ConfigError(f"profile {name} extends itself; remove one 'extends'")
    known = builtin_profiles()
    if name in known:
        source = files("snnvae.hardware_sim.energy") / "profiles" / f"{name}.toml"
        text = source.read_text("utf8")
    elif not name.endswith(".toml"):
        raise ConfigError(
            f"no profile '{name}'; choose one of {', '.join(known)}, or give a .toml file"
        )
    else:
        try:
            text = Path(name).read_text("utf8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise ConfigError(f"cannot read profile {name}: {reason}") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"profile {name} is not TOML: {error}") from None
    return _Reader(name, data).profile((*seen, name))


class _Reader:
    """Turns a TOML table into a Profile and says what is wrong with it, and where."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name, self.data = name, data

    def profile(self, seen: tuple[str, ...]) -> Profile:
        data = self.data
        self._known(data, _TOP, "")
        if data.get("format") != FORMAT_VERSION:
            self._fail("format", f"is {data.get('format')!r}, this snnvae reads {FORMAT_VERSION}")
        extends = self._text(data, "extends", "", optional=True)
        if extends.endswith(".toml"):
            extends = str(Path(self.name).parent / extends)
        base = _load(extends, seen) if extends else None
        node, voltage = self._number(data, "node_nm", ""), self._number(data, "voltage_v", "")
        prices = self._prices(node, voltage)
        excluded, unpriced = self._reasons("excluded"), self._reasons("unpriced")
        if base is not None:
            groups = {*base.prices, *prices}
            prices = {g: {**base.prices.get(g, {}), **prices.get(g, {})} for g in sorted(groups)}
            priced = {t for g in SNN_GROUPS for t in prices.get(g, {})}
            priced |= {t for g in SNN_GROUPS for p in prices.get(g, {}).values() for t in p.covers}
            excluded = {t: r for t, r in base.excluded.items() if t not in priced} | excluded
            unpriced = {t: r for t, r in base.unpriced.items() if t not in priced} | unpriced
        profile = Profile(
            name=self._text(data, "name", ""),
            title=self._text(data, "title", ""),
            summary=self._text(data, "summary", ""),
            node_nm=node,
            voltage_v=voltage,
            prices=prices,
            excluded=excluded,
            unpriced=unpriced,
            reference=self._text(data, "reference", "", optional=True) or None,
        )
        self._check_once(profile)
        return profile

    def _prices(self, node: float, voltage: float) -> dict[str, dict[str, Price]]:
        groups = self._table(self.data, "price", "")
        self._known(groups, {*SNN_GROUPS, *ANN_GROUPS}, "price.")
        prices = {}
        for group in groups:
            terms = self._table(groups, group, "price.")
            self._known(
                terms, set(ANN_TERMS if group in ANN_GROUPS else SNN_TERMS), f"price.{group}."
            )
            prices[group] = {
                term: self._price(
                    self._table(terms, term, f"price.{group}."), group, term, node, voltage
                )
                for term in terms
            }
        return prices

    def _price(
        self, table: dict[str, Any], group: str, term: str, node: float, voltage: float
    ) -> Price:
        at = f"price.{group}.{term}."
        self._known(table, _PRICE, at)
        unit = self._choice(table, "unit", at, tuple(UNITS_PJ))
        nominal = self._number(table, "nominal", at)
        low = self._number(table, "low", at, nominal)
        high = self._number(table, "high", at, nominal)
        if not low <= nominal <= high:
            self._fail(at + "nominal", f"{nominal:g} lies outside low {low:g} … high {high:g}")
        grade = self._text(table, "grade", at)
        if not set(grade.split(", ")) <= set(GRADES):
            self._fail(at + "grade", f"is '{grade}'; use words of: {', '.join(GRADES)}")
        source = self._text(table, "source", at)
        sources = self._table(self.data, "sources", "")
        if source not in sources:
            self._fail(
                at + "source", f"is '{source}', which [sources] does not hold; cite it there"
            )
        covers = table.get("covers", [])
        if not isinstance(covers, list) or not set(map(str, covers)) <= set(SNN_TERMS):
            self._fail(at + "covers", f"must be a list of terms: {', '.join(SNN_TERMS)}")
        minimum = table.get("minimum", False)
        if not isinstance(minimum, bool):
            self._fail(at + "minimum", "must be true or false")
        return Price(
            energy=Interval(low, nominal, high) * UNITS_PJ[unit],
            grade=grade,
            scope=self._choice(table, "scope", at, ("per_term", "all_in")),
            source=self._text(sources, source, "sources."),
            node_nm=self._number(table, "node_nm", at, node),
            voltage_v=self._number(table, "voltage_v", at, voltage),
            covers=tuple(covers),
            minimum=minimum,
        )

    def _check_once(self, profile: Profile) -> None:
        """No term is paid twice, and none is both priced and left out."""
        precisions: tuple[Precision, ...] = ("float", "fixed")
        for precision in precisions:
            prices = profile.snn(precision)
            all_in = [term for term, price in prices.items() if price.scope == "all_in"]
            if all_in and len(prices) > 1:
                other = next(term for term in prices if term != all_in[0])
                self._fail(
                    f"price of '{all_in[0]}'",
                    f"is all-in, so nothing may be added to it; remove the price of '{other}'",
                )
            covered = {t for price in prices.values() for t in price.covers}
            for term in sorted(covered & set(prices)):
                self._fail(f"price of '{term}'", "is also covered by another price; remove one")
            for place, reasons in (("excluded", profile.excluded), ("unpriced", profile.unpriced)):
                for term in sorted((covered | set(prices)) & set(reasons)):
                    self._fail(f"{place}.{term}", "has a price as well; remove one")

    def _reasons(self, key: str) -> dict[str, str]:
        table = self._table(self.data, key, "") if key in self.data else {}
        self._known(table, set(SNN_TERMS), f"{key}.")
        return {term: self._text(table, term, f"{key}.") for term in table}

    def _table(self, parent: dict[str, Any], key: str, at: str) -> dict[str, Any]:
        table = parent.get(key, {})
        if not isinstance(table, dict):
            self._fail(at + key, "must be a table")
        return table

    def _text(self, table: dict[str, Any], key: str, at: str, optional: bool = False) -> str:
        value = table.get(key, "" if optional else None)
        if not isinstance(value, str) or not (value or optional):
            self._fail(at + key, "must be a text" if key in table else "is missing")
        return value

    def _choice(self, table: dict[str, Any], key: str, at: str, allowed: tuple[str, ...]) -> str:
        value = self._text(table, key, at)
        if value not in allowed:
            self._fail(at + key, f"is '{value}'; use one of: {', '.join(allowed)}")
        return value

    def _number(
        self, table: dict[str, Any], key: str, at: str, default: float | None = None
    ) -> float:
        value = table.get(key, default)
        if value is None:
            self._fail(at + key, "is missing")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e30:
            self._fail(at + key, f"is {value!r}; give a number that is 0 or more")
        return float(value)

    def _known(self, table: dict[str, Any], allowed: set[str], at: str) -> None:
        for key in table:
            if key not in allowed:
                self._fail(at + key, f"is not known; use one of: {', '.join(sorted(allowed))}")

    def _fail(self, at: str, problem: str) -> NoReturn:
        raise ConfigError(" ".join(f"profile {self.name}: {at} {problem}".split()))
