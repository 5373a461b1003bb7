"""Where the files of data sets lie: in the user's folder, or fetched once from their publisher."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from snnvae.errors import DataError
from snnvae.extras import require
from snnvae.plain_text import words_of
from snnvae.progress import NoProgress, Progress

FOLDER_VARIABLE = "SNNVAE_DATA"
TIMEOUT = 30
"""Seconds without an answer after which a download has failed."""
CHUNK = 1 << 16
"""Bytes between two signs of progress."""


@dataclass(frozen=True)
class Remote:
    """A file as its publisher offers it: address and MD5 sum, which downloads must have."""

    url: str
    md5: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rsplit("/", 1)[-1]


def default_folder() -> Path:
    """$SNNVAE_DATA, else `data` in the user's cache folder for snnvae."""
    require("pooch")
    import pooch

    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else Path(pooch.os_cache("snnvae")) / "data"


@dataclass(frozen=True)
class Store:
    """The user's folder of data sets, and whether it may be added to from the network."""

    folder: Path = field(default_factory=default_folder)
    download: bool = True
    progress: Progress = field(default_factory=NoProgress)

    def places(self, dataset: str, others: Sequence[str] = ()) -> list[Path]:
        """Returns where to look: in a folder named after the data set, then in `folder` itself,
        unless that bears the name of one of the `others`, whose files are called the same."""
        own = self.folder / dataset
        return [own] if self.folder.name in others else [own, self.folder]

    def find(
        self, dataset: str, remote: Remote, names: Sequence[str], others: Sequence[str] = ()
    ) -> Path:
        """The first of `names` that exists, else the downloaded file.

        Raises DataError, with what to fetch and where to put it, where there is neither.
        """
        places = self.places(dataset, others)
        for path in (place / name for place in places for name in names):
            if path.exists():
                return path
        if self.download:
            return fetch(remote, places[0], self.progress)
        raise DataError(
            f"{dataset}: no {' or '.join(names)} in {' or '.join(map(str, places))}; fetch "
            f"{remote.url} and put it into {places[0]}, or name your own folder by `data_dir` or "
            f"{FOLDER_VARIABLE}"
        )


def fetch(remote: Remote, folder: Path, progress: Progress) -> Path:
    """Download into `folder`, check the MD5 sum, then rename into place → the file's path."""
    require("pooch")
    import pooch

    downloader = pooch.HTTPDownloader(
        progressbar=_Bar(remote.name, progress),
        chunk_size=CHUNK,
        timeout=TIMEOUT,
        headers={"Accept-Encoding": "identity"},  # the sum is that of the packed file
    )
    try:
        with _quiet(pooch.get_logger()):
            path = pooch.retrieve(
                remote.url, f"md5:{remote.md5}", remote.name, folder, downloader=downloader
            )
    except ValueError:
        raise DataError(
            f"{remote.url} is not the file that was published (its MD5 sum is not {remote.md5}): "
            f"try later, or put {remote.name} from elsewhere into {folder}"
        ) from None
    except OSError as error:  # requests' errors are OSErrors as well
        answer = getattr(error, "response", None)
        if answer is not None:
            answer.close()  # Pooch leaves it open
        raise DataError(
            f"cannot download {remote.url} ({words_of(error)}): fetch it by hand and put it "
            f"into {folder}, or name your own folder by `data_dir` or {FOLDER_VARIABLE}"
        ) from None
    return Path(path)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Progress is shown by us alone."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


class _Bar:
    """Our Progress in the shape that Pooch asks for; it closes by a reset and a last update."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._name, self._progress, self._size, self._left = name, progress, 0, 0

    @property
    def total(self) -> int:
        return self._size

    @total.setter
    def total(self, size: int) -> None:
        """Bytes to come; a server that does not say states 0, and nothing is shown."""
        self._size = self._left = size
        if size:
            self._progress.start(f"download {self._name}", size)

    def update(self, size: int) -> None:
        size = min(size, self._left)
        self._left -= size
        if size:
            self._progress.advance(size)

    def reset(self) -> None:
        """Pooch would count from the start again; what is shown stays."""

    def close(self) -> None:
        if self._size:
            self._progress.finish()
