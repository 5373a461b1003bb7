"""Where results go: one rule for the outputs of all commands, checked before any work.

An output is no device, pipe or socket, no input of the command, and no other of its outputs; its
name fits, and its folder can be written.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click

from snnvae.errors import DataError, OutputError
from snnvae.files import obstacle
from snnvae.plain_text import shortened


class OutputFile(click.Path):
    """The type of an option that names a file to write."""

    is_folder = False

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A path; nothing is no path."""
        if value == "":
            self.fail("an empty name; give a path", param, ctx)
        return super().convert(value, param, ctx)

    def writes(self, path: Path, other: Path) -> bool:
        """Tells whether writing `path` would write over `other`."""
        return _same(path, other)

    def as_asked(self, ctx: click.Context) -> OutputFile:
        """The type that it is beside the other options given."""
        return self

    def obstacle(self, path: Path) -> str:
        """Why it cannot be written; "" where it can."""
        return obstacle(path, folder=self.is_folder)


class OutputFolder(OutputFile):
    """The type of an option that names a folder for results, files that match these names."""

    is_folder = True

    def __init__(self, *results: str) -> None:
        super().__init__()
        self._results = results

    def obstacle(self, path: Path) -> str:
        """That of the folder, or of a result in it."""
        for name in self._results:
            if os.path.exists(path / name) and not os.path.isfile(path / name):
                return f"its {name} is no file; move that away, or choose another folder"
        return super().obstacle(path)

    def writes(self, path: Path, other: Path) -> bool:
        """Tells whether a result in the folder `path` would be written over `other`."""
        real = Path(os.path.realpath(other))
        inside = os.path.realpath(path) == str(real.parent)
        return inside and any(fnmatch(real.name, result) for result in self._results)


class FileOrFolder(OutputFile):
    """A file, or, where the option `form` has one of these values, a folder for these results."""

    def __init__(self, folders: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self._folders = folders

    def as_asked(self, ctx: click.Context) -> OutputFile:
        """A folder for some forms."""
        results = self._folders.get(ctx.params.get("form", ""))
        return self if results is None else OutputFolder(*results)


class NameOrFile(click.ParamType):
    """The type of an option that names something built in, or a file to read."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is."""
        return str(value)


class Command(click.Command):
    """A command whose outputs are checked before it runs; OutputError names the option."""

    def invoke(self, ctx: click.Context) -> Any:
        """Checks, then runs."""
        inputs = list(_values(self, ctx, inputs=True))
        for option, _, path in inputs:
            _check_input(option, path)
        before: list[tuple[str, Path]] = []
        for option, kind, path in _values(self, ctx, inputs=False):
            problem = kind.obstacle(path)
            if problem:
                raise OutputError(f"cannot write {option} {path}: {problem}")
            for name, _, other in inputs:
                if kind.writes(path, other):
                    raise OutputError(
                        f"{option} {path}: {name} {other} itself would be written over; give the "
                        "output a name of its own"
                    )
            for name, other in before:
                if _same(path, other):
                    raise OutputError(
                        f"{path} would be written over: it is both {name} and {option}; give each "
                        "output a name of its own"
                    )
            before.append((option, path))
        return super().invoke(ctx)


def _values(
    command: click.Command, ctx: click.Context, *, inputs: bool
) -> Iterator[tuple[str, Any, Path]]:
    """(option, type, path) of each file that is given, to be read or to be written."""
    for parameter in command.params:
        kind, value = parameter.type, ctx.params.get(parameter.name or "")
        if isinstance(kind, OutputFile) is inputs or not isinstance(kind, (click.Path, NameOrFile)):
            continue
        if isinstance(kind, OutputFile):
            kind = kind.as_asked(ctx)
        option = parameter.opts[0] if isinstance(parameter, click.Option) else "the input"
        for each in value if isinstance(value, tuple) else (value,):
            if each is None:
                continue
            yield option, kind, Path(each)
            if isinstance(kind, NameOrFile):  # file.py:attribute
                yield option, kind, Path(each.partition(":")[0])


def _check_input(option: str, path: Path) -> None:
    """OutputError's counterpart: an input that the system cannot even look at."""
    try:
        path.stat()
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES):
            name = shortened(str(path), 100)
            raise DataError(
                f"cannot read {option} {name}: {error.strerror}; give another"
            ) from None
    except ValueError:  # a NUL in the name
        raise DataError(f"{option} {str(path)[:100]!r} is no name of a file") from None


def _same(path: Path, other: Path) -> bool:
    """Tells whether two paths lead to one file, also one that is not there yet."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)
