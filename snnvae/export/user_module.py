"""A user's own module by name, `package.module:attribute` or `file.py:attribute`, and its weights.

The named file is run, as the user asks for; a file of weights is only read.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from snnvae.errors import CheckpointError, ConfigError
from snnvae.export.state_dict import names_in, state_dict_in
from snnvae.export.torch_file import read_torch

EXAMPLE = "give module:attribute or file.py:attribute, such as net.py:build"
Made = TypeVar("Made")
RAISED = (Exception, SystemExit)
"""What a user's code may raise when it fails; a script that ends itself would end us, with 0."""
SAVE = "write it by torch.save(module.state_dict(), 'w.pt')"


def is_spec(source: str) -> bool:
    """Tells whether a source names a module's attribute rather than a file that is there."""
    return ":" in source and not Path(source).exists()


def build_module(spec: str) -> Any:
    """The torch module that the named function or class makes, called without arguments.

    The attribute may also be a module itself. ConfigError says what is missing or fails.
    """
    from torch import nn

    def made(found: Any) -> Any:
        if isinstance(found, nn.Module):
            return found
        if not callable(found):
            raise ConfigError(
                f"{spec} is of type {type(found).__name__}; name a function or class that "
                "makes a torch module"
            )
        return called(found, spec)

    found = named(spec, made)
    if not isinstance(found, nn.Module):
        raise ConfigError(f"{spec} makes a {type(found).__name__}, not a torch.nn.Module")
    return found


def named(
    spec: str,
    use: Callable[[Any], Made],
    example: str = EXAMPLE,
    shown: Callable[[Any], bool] = callable,
) -> Made:
    """What `use` makes of the named attribute, while its file's folder can be imported from.

    ConfigError says what is missing or fails. shown: of which kind attributes are that could be
    meant.
    """
    place, _, attribute = spec.rpartition(":")
    if not place or not attribute:
        raise ConfigError(f"{spec}: {example}")
    is_file = place.endswith(".py")
    with _importable(Path(place).resolve().parent if is_file else Path.cwd()):
        source = _run_file(Path(place), example) if is_file else _import(place, example)
        try:
            found = reduce(getattr, attribute.split("."), source)
        except AttributeError:
            known = [n for n, v in vars(source).items() if shown(v) and not n.startswith("_")]
            raise ConfigError(
                f"{spec}: {place} has no '{attribute}'; it has {', '.join(known[:10]) or 'nothing'}"
            ) from None
        return use(found)


def called(function: Callable[[], Any], spec: str) -> Any:
    """What the named function or class makes; ConfigError with its own words if it raises."""
    return guarded(function, f"{spec} cannot be called without arguments or fails")


def load_weights(module: Any, path: Path) -> None:
    """Copy a file's state_dict into a module; CheckpointError unless they fit entirely.

    The file holds the state_dict in any form that `state_dict_in` finds.
    """
    own = module.state_dict()
    given = state_dict_in(read_torch(path, SAVE), own)
    if given is None or not all(hasattr(value, "shape") for value in given.values()):
        raise CheckpointError(f"{path} holds no state_dict; {SAVE}")
    shapes = {name: tuple(value.shape) for name, value in own.items()}
    wrong = [
        *(f"'{name}' is missing" for name in own if name not in given),
        *(f"'{name}' is unknown to the module" for name in given if name not in own),
        *(
            f"'{name}' is {tuple(given[name].shape)}, {shape} in the module"
            for name, shape in shapes.items()
            if name in given and tuple(given[name].shape) != shape
        ),
    ]
    if wrong:
        more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""
        raise CheckpointError(
            f"{path} does not fit the module: {', '.join(wrong[:3])}{more}; "
            f"give the weights of this very module; the file has {names_in(given)}"
        )
    module.load_state_dict(dict(given))


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """A folder's modules can be imported meanwhile."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))


def _run_file(path: Path, example: str) -> ModuleType:
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; {example}")
    name = f"snnvae_user_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    loader = spec.loader
    guarded(lambda: loader.exec_module(module), f"{path} fails when it is run")
    return module


def _import(name: str, example: str) -> ModuleType:
    try:
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError
    except (ModuleNotFoundError, ValueError):
        raise ConfigError(
            f"there is no module '{name}' in {Path.cwd()} or among the installed; {example}"
        ) from None
    module: ModuleType = guarded(
        lambda: importlib.import_module(name), f"'{name}' fails when it is imported"
    )
    return module


def guarded(run: Callable[[], Any], failure: str) -> Any:
    """Returns what the user's code returns; ConfigError with its own words if it raises."""
    try:
        return run()
    except RAISED as error:
        raise ConfigError(f"{failure}: {_line(error)}") from error


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
