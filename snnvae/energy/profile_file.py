"""Reading profiles: TOML files with prices, ours by name and a user's by path.

docs/energy.md shows one in full. The terms are those of `terms.py`. A price that is missing makes
its term unpriced, never free.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import cast

from snnvae.energy.conventions import COUNTINGS, Counting
from snnvae.energy.price_table import PriceReader
from snnvae.energy.profile import Price, Profile
from snnvae.energy.terms import ANN_TERMS, SNN_TERMS
from snnvae.errors import ConfigError
from snnvae.program import Precision
from snnvae.toml_table import TomlTable

FORMAT_VERSION = 1
SNN_GROUPS = ("any", "float", "fixed")
ANN_GROUPS = ("ann_fp32", "ann_int8")
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
WATTS = {"uW": 1e-6, "mW": 1e-3, "W": 1.0}

_TOP = {
    "format", "name", "title", "summary", "node_nm", "voltage_v", "extends", "reference", "chip",
    "counting", "sources", "price", "time", "power", "excluded", "unpriced",
}  # fmt: skip


def builtin_profiles() -> tuple[str, ...]:
    """Names of the profiles that come with snnvae: published prices, each with its citation.

    >>> import snnvae as sv
    >>> "horowitz45" in sv.profiles()
    True
    """
    folder = files("snnvae.energy") / "profiles"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def load_profile(name_or_path: str | Path) -> Profile:
    """A profile of ours by name, or a user's TOML file by path. ConfigError if it is not valid."""
    return _load(str(name_or_path), ())


def _load(name: str, seen: tuple[str, ...]) -> Profile:
    if name in seen:
        raise ConfigError(f"profile {name} extends itself; remove one 'extends'")
    known = builtin_profiles()
    if name in known:
        source = files("snnvae.energy") / "profiles" / f"{name}.toml"
        table = TomlTable.parse(f"profile {name}", source.read_text("utf8"))
    elif not name.endswith(".toml"):
        raise ConfigError(
            f"no profile '{name}'; choose one of {', '.join(known)}, or give a .toml file"
        )
    else:
        table = TomlTable.read(f"profile {name}", Path(name))
    return _profile(table, Path(name).parent, (*seen, name))


def _profile(table: TomlTable, folder: Path, seen: tuple[str, ...]) -> Profile:
    table.only(_TOP)
    if table.data.get("format") != FORMAT_VERSION:
        table.fail("format", f"is {table.data.get('format')!r}, this snnvae reads {FORMAT_VERSION}")
    extends = table.text("extends", optional=True)
    if extends.endswith(".toml"):
        extends = str(folder / extends)
    base = _load(extends, seen) if extends else None
    reader = PriceReader(table, table.number("node_nm"), table.number("voltage_v"))
    profile = Profile(
        name=table.text("name"),
        title=table.text("title"),
        summary=table.text("summary"),
        node_nm=reader.node_nm,
        voltage_v=reader.voltage_v,
        prices=_prices(table, reader),
        excluded=_reasons(table, "excluded"),
        unpriced=_reasons(table, "unpriced"),
        reference=table.text("reference", optional=True) or None,
        chip=table.text("chip", optional=True) or None,
        counting=cast(Counting, table.choice("counting", COUNTINGS, "exact")),
        step=reader.quantity(table.table("time"), "step", SECONDS),
        static=reader.quantity(table.table("power"), "static", WATTS, ("chip", "core")),
    )
    if base is not None:
        profile = _extended(base, profile)
    _check_once(table, profile)
    return profile


def _prices(table: TomlTable, reader: PriceReader) -> dict[str, dict[str, Price]]:
    groups = table.table("price")
    groups.only({*SNN_GROUPS, *ANN_GROUPS})
    prices = {}
    for group in groups.data:
        terms = groups.table(group)
        terms.only(set(ANN_TERMS if group in ANN_GROUPS else SNN_TERMS))
        prices[group] = {term: reader.price(terms.table(term), group, term) for term in terms.data}
    return prices


def _reasons(table: TomlTable, key: str) -> dict[str, str]:
    reasons = table.table(key)
    reasons.only(set(SNN_TERMS))
    return reasons.texts()


def _extended(base: Profile, own: Profile) -> Profile:
    """`own`, with what it does not say taken from `base`."""
    groups = {*base.prices, *own.prices}
    prices = {g: {**base.prices.get(g, {}), **own.prices.get(g, {})} for g in sorted(groups)}
    paid = [p for g in SNN_GROUPS for p in prices.get(g, {}).items()]
    priced = {term for term, _ in paid} | {t for _, price in paid for t in price.covers}
    excluded = {t: r for t, r in base.excluded.items() if t not in priced | {*own.unpriced}}
    unpriced = {t: r for t, r in base.unpriced.items() if t not in priced | {*own.excluded}}
    return Profile(
        name=own.name,
        title=own.title,
        summary=own.summary,
        node_nm=own.node_nm,
        voltage_v=own.voltage_v,
        prices=prices,
        excluded=excluded | dict(own.excluded),
        unpriced=unpriced | dict(own.unpriced),
        reference=own.reference or base.reference,
        chip=own.chip or base.chip,
        counting=own.counting if own.counting != "exact" else base.counting,
        step=own.step or base.step,
        static=own.static or base.static,
    )


def _check_once(table: TomlTable, profile: Profile) -> None:
    """No term is paid twice, and none is both priced and left out."""
    precisions: tuple[Precision, ...] = ("float", "fixed")
    for precision in precisions:
        prices = profile.snn(precision)
        all_in = [term for term, price in prices.items() if price.scope == "all_in"]
        if all_in and len(prices) > 1:
            other = next(term for term in prices if term != all_in[0])
            table.fail(
                f"price of '{all_in[0]}'",
                f"is all-in, so nothing may be added to it; remove the price of '{other}'",
            )
        covered = {t for price in prices.values() for t in price.covers}
        for term in sorted(covered & set(prices)):
            table.fail(f"price of '{term}'", "is also covered by another price; remove one")
        for place, reasons in (("excluded", profile.excluded), ("unpriced", profile.unpriced)):
            for term in sorted((covered | set(prices)) & set(reasons)):
                table.fail(f"{place}.{term}", "has a price as well; remove one")
    if profile.scope == "all_in" and profile.static is not None:
        table.fail("power.static", "is in the all-in price already; remove it")
    for term in sorted({*profile.excluded} & {*profile.unpriced}):
        table.fail(f"excluded.{term}", "is unpriced as well; remove one")
