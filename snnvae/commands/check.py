"""``snnvae check``: parity of all backends, layer by layer."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.options import (
    as_json,
    class_option,
    compile_options,
    model_argument,
    options_from,
    samples_option,
    seed_option,
)
from snnvae.commands.remedies import with_flags
from snnvae.commands.result import Result
from snnvae.deploy.backends import CHECKED, PEERS, Peer
from snnvae.plain_text import one_line
from snnvae.progress import Progress
from snnvae.table import Table

if TYPE_CHECKING:
    from snnvae.evaluate.check import Check

DISAGREES = 1


@click.command(epilog="Example: snnvae check model.nir --checkpoint runs/a/model.pt --samples 64")
@model_argument
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    help="The checkpoint that the file was exported from: compares with Norse too.",
)
@samples_option
@seed_option
@class_option
@click.option(
    "--input",
    "input_file",
    type=click.Path(path_type=Path),
    help="Data, as for simulate; without it the file's own data set, or seeded noise.",
)
@click.option(
    "--backend",
    "backends",
    multiple=True,
    type=click.Choice(CHECKED),
    help="Only this backend (repeatable; default: all).",
)
@click.option(
    "--peer",
    "peers",
    multiple=True,
    type=click.Choice(PEERS),
    help="Compare with another interpreter of NIR too (repeatable).",
)
@compile_options
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    model: Path,
    checkpoint: Path | None,
    samples: int | None,
    seed: int,
    classes: tuple[int, ...] | None,
    input_file: Path | None,
    backends: tuple[str, ...],
    peers: tuple[Peer, ...],
    as_json: bool,
    **flags: Any,
) -> Result:
    """Run one seeded stimulus on every backend and compare with the reference, layer by layer.

    Exit code 1 if a spike differs, or in fixed point any bit of a membrane, or if nothing could be
    compared.
    """
    from snnvae.evaluate.check import check
    from snnvae.evaluate.parity import all_agree
    from snnvae.export.nir_file import read_nir
    from snnvae.families import registry

    found = check(
        read_nir(model),
        samples=samples,
        seed=seed,
        options=options_from(**flags),
        file=input_file,
        classes=classes,
        model=None if checkpoint is None else registry.load_spiking(checkpoint)[1],
        checkpoint=checkpoint,
        backends=tuple(name for name in CHECKED if not backends or name in backends),
        peers=tuple(name for name in PEERS if name in peers),
        held_out=registry.held_out,
        progress=progress,
    )
    good = all_agree(found.rows)
    data = {
        "agrees": good,
        "complete": not found.left_out,
        "rows": [asdict(row) for row in found.rows],
        "left_out": [with_flags(text) for text in found.left_out],
        "silent": list(found.silent),
    }
    return Result(parity_text(found), data, 0 if good else DISAGREES, as_json)


def parity_text(found: Check) -> str:
    """The table of a check and its verdict."""
    rows = [
        (
            row.precision,
            row.peer,
            row.layer,
            row.spikes,
            row.mismatches,
            "–" if row.membrane is None else f"{row.membrane:.1e}" if row.membrane else "0",
            "" if row.agrees() else "DIFFERS",
        )
        for row in found.rows
    ]
    headers = ("precision", "peer", "layer", "spikes", "mismatching", "max |Δ membrane|", "")
    wrong = sum(not row.agrees() for row in found.rows)
    if not found.rows:
        verdict = "nothing could be compared"
    elif wrong:
        verdict = f"{wrong} of {len(found.rows)} rows differ from the reference"
    else:
        verdict = f"all {len(found.rows)} rows agree with the reference: 0 mismatching spikes"
    if found.left_out:
        verdict += f"; {len(found.left_out)} comparisons were left out"
    said = [
        *(f"loop, one process of ours in either Lava mode: {', '.join(g)}" for g in found.loops),
        *(f"left out: {with_flags(text)}" for text in found.left_out),
        *(f"no spike of '{name}' to compare: give other --input" for name in found.silent),
        verdict,
    ]
    return "\n".join([Table(headers, rows).as_text(), *map(one_line, said)])
