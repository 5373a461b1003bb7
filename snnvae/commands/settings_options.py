"""Options of the command line that are made from the settings of all families."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from difflib import get_close_matches
from typing import Any, TypeVar

import click

from snnvae.commands.options import numbers
from snnvae.commands.remedies import with_flags
from snnvae.errors import ConfigError
from snnvae.families import registry
from snnvae.train.settings import amount

Command = TypeVar("Command", bound=Callable[..., Any])

set_option = click.option(
    "--set", "others", multiple=True, metavar="NAME=VALUE",
    help="Any other setting of the model, as in a --config file.",
)  # fmt: skip


def _fields() -> dict[str, Field[Any]]:
    """Settings with a help, by name, those that all families share first."""
    found: dict[str, Field[Any]] = {}
    for kind in registry.settings().values():
        for each in fields(kind):
            if each.metadata.get("help"):
                found.setdefault(each.name, each)
    return found


def settings_options(only: Sequence[str] = (), **helps: str) -> Callable[[Command], Command]:
    """An option for each setting, or for those named; helps: other texts, by name."""

    def decorate(command: Command) -> Command:
        known = _fields()
        for name in reversed(list(only or known)):
            each = known[name]
            command = _option(each, helps.get(name, with_flags(each.metadata["help"])))(command)
        return command

    return decorate


def _option(each: Field[Any], text: str) -> Callable[[Command], Command]:
    flag, default, told = f"--{each.name.replace('_', '-')}", each.default, each.metadata
    if isinstance(default, bool):
        return click.option(f"{flag}/--no-{flag[2:]}", each.name, default=None, help=text)
    if told["choices"]:
        return click.option(flag, type=click.Choice(told["choices"]), help=text)
    kind = str if told["metavar"] else type(default)
    return click.option(flag, type=kind, metavar=told["metavar"] or None, help=text)


def given_settings(options: Mapping[str, Any], others: Sequence[str] = ()) -> dict[str, Any]:
    """The settings that a user gave, from the options and from NAME=VALUE."""
    known = _fields()
    found = {name: value for name, value in options.items() if value is not None}
    for text in others:
        name, value = _other(text)
        if name in found:
            raise ConfigError(f"--set {text}: {name} is given already; say it once")
        found[name] = value
    return {name: _value(known.get(name), name, value) for name, value in found.items()}


def _value(each: Field[Any] | None, name: str, value: Any) -> Any:
    if each is not None and isinstance(each.default, tuple) and isinstance(value, int):
        return (value,)
    if each is None or not isinstance(value, str) or isinstance(each.default, (str, bool)):
        return value
    flag = f"--{name.replace('_', '-')}"
    if isinstance(each.default, tuple):
        return numbers(flag, value)
    return 0.0 if value == "0" else amount(value, flag)


def _other(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"--set {text}: write NAME=VALUE, as in --set betas=0.9,0.99")
    known = {each.name for kind in registry.settings().values() for each in fields(kind)}
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"; do you mean {near[0]}?" if near else ""
        raise ConfigError(f"--set {text}: no such setting{hint}")
    parts = [_plain(part) for part in value.split(",")]
    return name, tuple(parts) if len(parts) > 1 else parts[0]


def _plain(text: str) -> Any:
    """A number, true or false, or text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)
