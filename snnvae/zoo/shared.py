"""Models that others share: a folder, or an https address, with a `zoo.json` of checksums.

`zoo.json` is ``{"format": 1, "models": [{"name": …, "about": …, "files": {"a.nir": {"sha256": …,
"bytes": …}, …}}]}``; the files lie beside it. Nothing is used whose checksum is not the one that it
says, and files are read as any untrusted file is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from snnvae.errors import ConfigError, DataError
from snnvae.files import make_folder, no_folder, sha256_of, write_aside, write_text
from snnvae.plain_text import fault_of, one_line, words_of
from snnvae.text_file import read_text
from snnvae.typed import typed

INDEX = "zoo.json"
FORMAT = 1
VARIABLE = "SNNVAE_ZOO"
"""Further places, in a row, separated by blanks."""
SUFFIXES = (".nir", ".pt", ".md", ".html", ".svg")
LARGEST = 2 << 30
"""Bytes of a file."""
LARGEST_INDEX = 4 << 20
TIMEOUT = 30.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Shared:
    """A model of a place: its files by suffix, each (name, SHA-256, bytes)."""

    name: str
    about: str
    place: str
    files: Mapping[str, tuple[str, str, int]]


def places(given: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Where models are looked for besides the package: those given, else those of $SNNVAE_ZOO."""
    return given or tuple(_in_a_row(os.environ.get(VARIABLE, "")))


def _in_a_row(text: str) -> Iterator[str]:
    """Places between blanks, where a folder that is there may have blanks in its name."""
    parts = re.split(r"(\s+)", text.strip())  # a word, a blank, a word, …
    while parts[0]:
        ends = range(len(parts), 0, -2)
        end = next((n for n in ends if os.path.isdir("".join(parts[:n]))), 1)
        yield "".join(parts[:end])
        parts = parts[end + 1 :] or [""]


def models(place: str) -> list[Shared]:
    """What a folder or an https address offers; DataError where it is no zoo."""
    text = _index_text(place)
    at = _beside(place, INDEX)
    try:
        held = json.loads(text)
        if held["format"] != FORMAT:
            found = one_line(repr(held["format"]), 40)
            raise DataError(f"{at}: has format {found}, this snnvae reads {FORMAT}")
        return [_shared(place, each) for each in held["models"]]
    except DataError:
        raise
    except Exception as error:  # a file of anybody's
        raise DataError(f"{at}: not the index of a zoo ({fault_of(error)})") from None


def offers(where: Sequence[str], note: Callable[[str], None] | None = None) -> Iterator[Shared]:
    """The models of places, one place after another. note: is told of a place that is no zoo, and
    the next one is looked at; without it that is an error."""
    for place in where:
        try:
            yield from models(place)
        except (DataError, ConfigError) as error:
            if note is None:
                raise
            note(f"left out: {error}")


def find(
    name: str,
    where: Sequence[str],
    note: Callable[[str], None] | None = None,
    own: Sequence[str] = (),
) -> Shared:
    """The model of that name in the first place that has it; ConfigError where none has. note: as
    of `offers`; own: what the package has besides."""
    known = list(own)
    for model in offers(where, note):
        if model.name == name:
            return model
        known.append(model.name)
    raise ConfigError(
        f"no model '{one_line(name, 80)}' in {', '.join(where)}{' or the package' if own else ''}: "
        f"there is {', '.join(known) or 'none'}"
    )


def fetch(model: Shared, suffix: str) -> Path:
    """A file of the model, checked: a folder's own, an address's in the cache of this user.

    ConfigError where the model has no such file, DataError where its checksum is another, or it
    cannot be had.
    """
    if suffix not in model.files:
        raise ConfigError(
            f"{model.name} has no {suffix} in {model.place}: {', '.join(model.files)}"
        )
    name, sha256, size = model.files[suffix]
    if not _is_address(model.place):
        path = Path(_beside(model.place, name))
        if not path.is_file():
            raise DataError(f"{path}: no such file, though {INDEX} lists it")
        _check(str(path), sha256_of(path), sha256)
        return path
    path = cache() / sha256[:16] / name
    if path.is_file() and sha256_of(path) == sha256:
        return path
    url = _beside(model.place, name)
    make_folder(path.parent)
    with write_aside(path) as aside, aside.open("wb") as file:
        _check(url, _download(url, file, size), sha256)
    return path


def publish(folder: Path) -> Path:
    """Writes `zoo.json` for the models in a folder: those that have a .nir or a .pt.

    DataError where there is none, or a name is of no use to others.
    """
    if wrong := no_folder(folder):
        raise DataError(f"{folder}: {wrong}; name a folder that holds models, .nir or .pt")
    files = sorted(p for p in folder.glob("*") if p.suffix in SUFFIXES and p.is_file())
    names = sorted({p.stem for p in files if p.suffix in (".nir", ".pt")})
    if not names:
        raise DataError(f"{folder}: holds no .nir and no .pt to share")
    for name in names:
        if not _NAME.fullmatch(name):
            raise DataError(f"{folder}: '{one_line(name, 60)}' is no name of letters, digits, -_.")
    offered = [
        {
            "name": name,
            "about": _about(folder / f"{name}.md"),
            "files": {
                p.name: {"sha256": sha256_of(p), "bytes": p.stat().st_size}
                for p in files
                if p.stem == name
            },
        }
        for name in names
    ]
    path = folder / INDEX
    write_text(path, json.dumps({"format": FORMAT, "models": offered}, indent=1) + "\n")
    return path


def cache() -> Path:
    """The folder of what was fetched: ~/.cache/snnvae/zoo, or below $XDG_CACHE_HOME."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "snnvae" / "zoo"


def _about(card: Path) -> str:
    """The first line of a card, without its marks."""
    if not card.is_file():
        return ""
    lines = (
        line.strip("# ").strip() for line in read_text(card, str(card), DataError).splitlines()
    )
    return one_line(next(filter(None, lines), ""), 120)


def _shared(place: str, held: Mapping[str, Any]) -> Shared:
    name = held["name"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DataError(f"{place}/{INDEX}: {one_line(repr(name), 80)} is no name of a model")
    files = {}
    for file, told in held["files"].items():
        suffix = Path(file).suffix
        sound = file == f"{name}{suffix}" and suffix in SUFFIXES
        size, sha256 = told["bytes"], told["sha256"]
        if not sound or type(size) is not int or not 0 <= size <= LARGEST:
            raise DataError(f"{place}/{INDEX}: {one_line(repr(file), 80)} is no file of {name}")
        if not isinstance(sha256, str) or not _SHA.fullmatch(sha256):
            raise DataError(f"{place}/{INDEX}: {file} has no SHA-256")
        files[suffix] = (file, sha256, size)
    return Shared(name, one_line(str(held.get("about", "")), 120), place, files)


def _beside(place: str, name: str) -> str:
    """Where a file of a place is; an address keeps its query, which may be a key to it."""
    if not _is_address(place):
        return f"{place.removesuffix(f'/{INDEX}').rstrip('/')}/{name}"
    parts = urlsplit(place)
    path = parts.path.removesuffix(f"/{INDEX}").rstrip("/")
    return parts._replace(path=f"{path}/{name}", fragment="").geturl()


def _is_address(place: str) -> bool:
    if not place.strip():
        raise ConfigError(f"'{place}' is no place of models: give a folder or an https address")
    try:
        scheme = urlsplit(place).scheme
    except ValueError:
        raise ConfigError(f"{one_line(place, 80)}: no address, and no folder") from None
    if len(scheme) > 1 and scheme != "https":
        raise ConfigError(f"{place}: models come from a folder or an https address")
    return scheme == "https"


def _index_text(place: str) -> str:
    if not _is_address(place):
        path = Path(_beside(place, INDEX))
        if wrong := no_folder(path.parent):
            shown = one_line(place, 200)
            raise DataError(f"{shown}: {wrong}; give a folder that holds a {INDEX}, or an address")
        if not path.is_file():
            raise DataError(
                f"{path}: no such file; `{typed('zoo', publish=path.parent)}` writes it"
            )
        return read_text(path, str(path), DataError)
    from io import BytesIO

    held = BytesIO()
    _download(_beside(place, INDEX), held, LARGEST_INDEX)
    return held.getvalue().decode("utf-8", "replace")


class _HttpsOnly(HTTPRedirectHandler):
    """Follows redirections to https alone."""

    def redirect_request(
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any
    ) -> Any:
        """URLError for another scheme."""
        if urlsplit(newurl).scheme != "https":
            raise URLError("it leads away from https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str) -> Any:
    return build_opener(_HttpsOnly()).open(Request(url), timeout=TIMEOUT)


def _download(url: str, into: IO[bytes], most: int) -> str:
    """Copies at most so many bytes; their SHA-256."""
    digest, count = hashlib.sha256(), 0
    try:
        with _open(url) as answer:
            while block := answer.read(1 << 16):
                count += len(block)
                if count > most:
                    raise DataError(f"{url}: gives more than the {most} bytes that are stated")
                digest.update(block)
                into.write(block)
    except DataError:
        raise
    except Exception as error:  # sockets, TLS and HTTP raise what they like
        reason = words_of(getattr(error, "reason", None) or error)
        raise DataError(f"cannot fetch {url}: {reason}") from None
    return digest.hexdigest()


def _check(what: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise DataError(
            f"{what}: its SHA-256 is {found[:12]}…, not {wanted[:12]}… as {INDEX} says; "
            "it is damaged, or another file"
        )
