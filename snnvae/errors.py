"""Errors that a user can cause and mend.

Each carries one line that names what is wrong, where, and the remedy. The command line prints that
line and exits with code 2; every other exception is a bug of ours, whose traceback it prints before
it exits with code 70.
"""

from __future__ import annotations


class SnnvaeError(Exception):
    """Base class: something the user can mend, in one line that names what and where.

    >>> import snnvae as sv
    >>> try:
    ...     sv.read("missing.nir")
    ... except sv.SnnvaeError as error:
    ...     print(type(error).__name__)
    GraphError
    """


class ConfigError(SnnvaeError):
    """A setting that cannot be honoured."""


class LoopError(ConfigError):
    """A loop of which nothing says which edge carries its step."""


class DataError(SnnvaeError):
    """A data set or stimulus that is missing or does not fit."""


class CheckpointError(SnnvaeError):
    """A file that is not a usable snnvae checkpoint."""


class GraphError(SnnvaeError):
    """A NIR file or graph that is malformed, hostile or inconsistent."""


class UnsupportedError(SnnvaeError):
    """A valid graph that asks for something the chosen path cannot do."""


class BackendError(SnnvaeError):
    """A backend (Lava, Loihi) that is missing, failed or was stopped."""


class MissingError(SnnvaeError, ImportError):
    """A package that an extra of snnvae would bring is not installed."""


class OutputError(SnnvaeError):
    """A result that cannot be written where the user asked."""
