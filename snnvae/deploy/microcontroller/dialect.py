"""A language that a fixed-point program is written in, for chips and for a run on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snnvae.deploy.backends import Backend
from snnvae.deploy.microcontroller.draws import drawn
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.sizes import Code, Sizes
from snnvae.errors import BackendError
from snnvae.files import make_folder, write_text


@dataclass(frozen=True)
class Dialect:
    """What is the language's own; all else is shared.

    title: as texts call it. flags: of its compiler, for a run. taken: what its code takes. files:
    all that a folder may get.

    command: of its compiler here; BackendError, with the remedy, without one. build: writes a
    network and its harness into a folder, compiles them with a command and flags, and returns the
    program. texts: the files of a folder, by name, of sizes, measured additions of a mean step by
    layer, and what run these are of.
    """

    backend: Backend
    title: str
    flags: tuple[str, ...]
    taken: Code
    files: tuple[str, ...]
    command: Callable[[], tuple[str, ...]]
    build: Callable[[Path, Network, Sequence[str], Sequence[str]], Path]
    texts: Callable[[Sizes, Mapping[str, float], str], Mapping[str, str]]

    def lacking(self) -> str | None:
        """What is wrong, and the remedy, where there is no compiler; else None."""
        try:
            self.command()
        except BackendError as error:
            return str(error)
        return None

    def sizes(self, network: Network) -> Sizes:
        """What a network takes, with all draws that a chip can make."""
        return Sizes(network, self.title, self.taken, drawn=bool(drawn(network)))

    def write(
        self,
        sizes: Sizes,
        folder: Path,
        measured: Mapping[str, float] | None = None,
        told: str = "nothing",
    ) -> list[Path]:
        """Writes the folder, each file aside and renamed; what was written.

        measured: additions of a mean step by layer; told: of what run.
        """
        made = self.texts(sizes, measured or {}, told)
        make_folder(folder)
        for name, text in made.items():
            if not (folder / name).parent.is_dir():
                make_folder((folder / name).parent)
            write_text(folder / name, text)
        for name in {*self.files} - {*made}:  # of a network that was written here before
            (folder / name).unlink(missing_ok=True)
        return [folder / name for name in made]
