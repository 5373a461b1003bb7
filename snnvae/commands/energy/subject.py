"""A recording, counted: the program behind it, its place on a chip, its files' hashes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from snnvae.commands.energy.options import NO_CHIP
from snnvae.commands.run_network import program_of
from snnvae.deploy.chips.chip import load_chip
from snnvae.deploy.chips.placement import place
from snnvae.deploy.chips.routing import summary_of
from snnvae.deploy.timing import schedule
from snnvae.energy import Measured, Profile, measure
from snnvae.errors import UnsupportedError
from snnvae.export.nir_file import read_nir
from snnvae.files import sha256_of
from snnvae.hardware_sim.placement_summary import PlacementSummary
from snnvae.program import Program, digest_of
from snnvae.progress import Progress
from snnvae.recording import Recording


def measured(path: Path, chip: str | None, *, cache_constant: bool, progress: Progress) -> Measured:
    """A recorded run in numbers; read in blocks, so that it may be larger than memory."""
    blocks = Recording.blocks(path)
    first = next(blocks)
    program = program_of(path, first)
    return measure(
        program,
        chain((first,), blocks),
        cache_constant=cache_constant,
        placement=placement_of(program, chip),
        hashes={"recording": sha256_of(path), "graph": digest_of(read_nir(path))},
        progress=progress,
    )


def chip_of(given: str | None, profiles: Sequence[Profile]) -> str | None:
    """The chip to place on: as given, else that of the profiles, if they agree on one."""
    if given is not None:
        return None if given == NO_CHIP else given
    named = {profile.chip for profile in profiles if profile.chip}
    return named.pop() if len(named) == 1 else None


def placement_of(program: Program, chip: str | None) -> PlacementSummary | None:
    """Returns where a program lies on a chip; None without a chip."""
    return None if chip is None else summary_of(program, place(program, load_chip(chip)))


def depth_of(program: Program) -> int:
    """Hardware steps by which the deepest layer lags; 0 where stock hardware has no such order."""
    try:
        return schedule(program).latency
    except UnsupportedError:
        return 0
