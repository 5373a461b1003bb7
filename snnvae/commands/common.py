"""What every command has besides its own options: --quiet, and --config where there are many."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from snnvae.errors import ConfigError

MANY = 10
"""Options of a command from which on a file of them is worth while."""


def complete(command: click.Command) -> click.Command:
    """The command with the options that all have, and those of its own commands alike."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            complete(inner)
        return command
    names = {name for parameter in command.params for name in parameter.opts}
    if "--quiet" in names:
        return command
    options = [each for each in command.params if isinstance(each, click.Option)]
    if len(options) > MANY and "--config" not in names:
        command.params.append(_config())
    command.params.append(_quiet())
    return command


def given(ctx: click.Context) -> set[str]:
    """The parameters that the user gave, typed or in a file of options."""
    by_default = click.core.ParameterSource.DEFAULT
    return {name for name in ctx.params if ctx.get_parameter_source(name) is not by_default}


def _config() -> click.Option:
    return click.Option(
        ["--config"],
        type=click.Path(path_type=Path),
        metavar="FILE.toml",
        is_eager=True,
        expose_value=False,
        callback=_read,
        help="Options from a file, by their names; those given here come first.",
    )


def _quiet() -> click.Option:
    return click.Option(
        ["--quiet"],
        is_flag=True,
        expose_value=False,
        callback=_hush,
        help="No progress, no notes: results and errors only.",
    )


def _hush(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and ctx.obj is not None:
        ctx.obj.quiet = True


def _read(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Options of the file become the command's defaults, checked as if they had been typed."""
    if path is None:
        return
    from snnvae.toml_table import TomlTable

    table = TomlTable.read(f"--config {path}", path)
    known = {
        flag.lstrip("-").replace("-", "_"): each
        for each in ctx.command.params
        if isinstance(each, click.Option) and not each.is_eager  # --quiet too, --config not
        for flag in each.opts
    }
    found = {}
    for key, value in table.data.items():
        name = key.replace("-", "_")
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; do you mean {near[0]}?" if near else ""
            raise ConfigError(f"--config {path}: {ctx.command_path} has no option '{key}'{hint}")
        option = known[name]
        found[str(option.name)] = _typed(option, key, value, path)
    ctx.default_map = {**(ctx.default_map or {}), **found}


def _typed(option: click.Option, key: str, value: Any, path: Path) -> Any:
    """The value as click takes it: text is what would be typed, a list what would be repeated."""
    if option.is_flag:
        if not isinstance(value, bool):
            raise ConfigError(f"--config {path}: {key} = {value!r}: write true or false")
        return value
    if isinstance(value, (dict, bool)):
        raise ConfigError(
            f"--config {path}: {key} is no value of an option; write a number or text"
        )
    if not isinstance(value, list):
        return [str(value)] if option.multiple else str(value)
    if not option.multiple and option.nargs == 1:
        return ",".join(map(str, value))
    if option.multiple and option.nargs > 1:
        return [[str(part) for part in each] for each in value]
    return [str(each) for each in value]
