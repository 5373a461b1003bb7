"""``snnvae train --from net.nir`` or ``net.py:build``: anybody's network, fine-tuned."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.common import given
from snnvae.commands.finite import FiniteRange
from snnvae.commands.options import as_json, convention_options, seed_option
from snnvae.commands.outputs import Command, NameOrFile, OutputFolder
from snnvae.commands.remedies import with_flags
from snnvae.commands.result import Result
from snnvae.commands.sample_options import SOURCES, check_sources, pairs_of, sample_options
from snnvae.commands.traced_module import traced_module
from snnvae.errors import ConfigError
from snnvae.evaluate.task.readout import Readout
from snnvae.options import CALIBRATIONS
from snnvae.plain_text import counted, one_line
from snnvae.progress import Progress
from snnvae.table import Table
from snnvae.train.network.readouts import TRAINED_READOUTS
from snnvae.train.network.run_folder import METRICS, NETWORK, RESULTS, WEIGHTS
from snnvae.train.settings import QAT_TARGETS

if TYPE_CHECKING:
    import nir

    from snnvae.evaluate.task.fine_tuned import FineTuned, Judged

REPEATED = (
    "input_file",
    "labels",
    "targets",
    "labelled",
    "class_names",
    "output",
    "readout",
    "scale",
)
"""Parameters that `evaluate` takes too, to repeat the figures."""


@click.command(
    cls=Command,
    epilog="Example: snnvae train --from net.nir --input x.npy --labels y.npy --qat loihi2 "
    "--out runs/mine; or snnvae train --from net.py:build --weights w.pt --input-shape 64 "
    "--data samples/ --qat loihi2 --out runs/mine",
)
@click.option(
    "--from", "source", type=NameOrFile(), required=True, metavar="NET",
    help="A .nir file; or module:attribute or file.py:attribute, which makes a torch module.",
)  # fmt: skip
@click.option(
    "-o", "--out", type=OutputFolder(*RESULTS), required=True,
    help="Run folder.",
)  # fmt: skip
@sample_options(TRAINED_READOUTS)
@click.option(
    "--validation", type=FiniteRange(0, 1, min_open=True, max_open=True), default=0.2,
    show_default=True, help="Part of the samples that is held out, to tell before and after by.",
)  # fmt: skip
@click.option(
    "--qat", type=click.Choice(QAT_TARGETS),
    help="Train in this chip's integers, as deployed (default: in floating point).",
)  # fmt: skip
@click.option(
    "--calibrate", "method", type=click.Choice(CALIBRATIONS),
    help="With --qat: scales from the samples (default: every weight fits), so that a few large "
    "weights are cut and the others keep their bits.",
)  # fmt: skip
@click.option("--epochs", type=click.IntRange(1, 10**6), default=3, show_default=True)
@click.option(
    "--lr", type=FiniteRange(0, 1e3, min_open=True), default=1e-3, show_default=True,
    help="Adam's rate; it falls to 0 along a cosine.",
)  # fmt: skip
@click.option("--batch", type=click.IntRange(1, 10**9), default=64, show_default=True)
@seed_option
@click.option("--weights", type=click.Path(path_type=Path), help="A module's, by torch.save.")
@click.option("--input-shape", metavar="N,N,…", help="A module's input without batch and time.")
@click.option("--over-time", is_flag=True, help="A module's forward() takes (time, batch, …).")
@click.option("--steps", type=click.IntRange(1), help="Per sample (default: those of the samples).")
@click.option("--analog", multiple=True, metavar="INPUT", help="This input carries currents.")
@convention_options
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    source: str,
    out: Path,
    input_file: Path | None,
    labels: Path | None,
    targets: Path | None,
    labelled: str | None,
    class_names: str | None,
    output: str | None,
    readout: Readout | None,
    scale: float | None,
    validation: float,
    qat: str | None,
    method: str | None,
    epochs: int,
    lr: float,
    batch: int,
    seed: int,
    weights: Path | None,
    input_shape: str | None,
    over_time: bool,
    steps: int | None,
    analog: tuple[str, ...],
    as_json: bool,
    **conventions: Any,
) -> Result:
    """Fine-tune a network of yours on your samples, so that 8 bits cost it less.

    With --qat it is trained in the integers that it is deployed in, spike for spike: weights as the
    compiler rounds them, with gradients that pass through. What is exactly 0 stays 0, and so does
    what a module does not train (requires_grad).

    The folder gets model.nir, which states its conventions and scales; weights.pt, the state_dict
    of a module; metrics.jsonl, a line per epoch; metrics.json: settings, which samples were held
    out, and how these went before and, at the end, after, in the emulator. What an earlier run left
    goes with the first epoch. All are written anew after each, so Ctrl-C leaves the last one's.
    """
    from snnvae.extras import require
    from snnvae.options import Options

    require("torch")
    from snnvae.evaluate.task.assess import Question
    from snnvae.evaluate.task.fine_tuned import Plan, fine_tune
    from snnvae.train.network.fine_tune import Course

    ctx = click.get_current_context()
    named = given(ctx)
    if len(named & {*SOURCES}) != 1:
        raise ConfigError("give your samples, either --input with --labels or --targets, or --data")
    check_sources(named)
    if method is not None and qat is None:
        raise ConfigError("--calibrate chooses the scales of fixed point; add --qat")
    module, graph = _network(source, weights, input_shape, steps, bool(analog), over_time)
    asked = Question(
        output=output,
        readout=readout,
        scale=scale,
        class_names=tuple(class_names.split(",")) if class_names else (),
        seed=seed,
    )
    tuned = fine_tune(
        graph,
        partial(pairs_of, input_file=input_file, labels=labels, targets=targets, labelled=labelled),
        out,
        Plan(asked, Course(epochs, lr, batch, seed), validation, qat, method, module, source),
        Options(steps=steps, analog=analog, **conventions),
        progress,
    )
    again = _again(tuned, ctx)
    data = {
        "source": source,
        "qat": qat,
        **tuned.data,
        "note": tuned.folder.no_weights,
        "refusals": [with_flags(each) for each in tuned.refusals],
        "again": again,
        "files": [str(path) for path in tuned.folder.files],
    }
    data["notes"] = {when: [*map(with_flags, said)] for when, said in data["notes"].items()}
    return Result(with_flags(_text(tuned, qat, again)), data, as_json=as_json)


def _again(tuned: FineTuned, ctx: click.Context) -> str:
    """The command that tells `after` again."""
    flags = {p.name: p.opts[-1] for p in ctx.command.params}
    words = ["snnvae", "evaluate", str(tuned.folder.folder / NETWORK)]
    for name in REPEATED:
        if ctx.params[name] is not None:
            words += [flags[name], str(ctx.params[name])]
    words += ["--held-out", str(tuned.folder.folder / METRICS)]
    return shlex.join([*words, *(["--saturate"] if tuned.after.refused else [])])


def _text(tuned: FineTuned, qat: str | None, again: str) -> str:
    """For people: figures, what is to be said of them, files."""
    said = [
        f"{when}: {one_line(note)}"
        for when, judged in (("before", tuned.before), ("after", tuned.after))
        for note in judged.notes
    ]
    said += [
        f"not for --target {qat} as it was trained: {refusal} (to train what it takes, change "
        "the graph before, as in docs/tutorials/braille.md)"
        for refusal in tuned.refusals
    ]
    if tuned.folder.no_weights:
        said.append(f"no {WEIGHTS}: {tuned.folder.no_weights}")
    return "\n".join(
        [
            f"trained on {counted(len(tuned.training), 'sample')} × {counted(tuned.steps, 'step')} "
            f"in {f'integers of {qat}' if qat else 'floating point'}; {len(tuned.held_out):,} held "
            "out",
            "",
            _table(tuned.before, tuned.after).as_text(),
            *said,
            f"again: {again}",
            *(f"wrote {path}" for path in tuned.folder.files),
        ]
    )


def _network(
    source: str,
    weights: Path | None,
    input_shape: str | None,
    steps: int | None,
    analog: bool,
    over_time: bool,
) -> tuple[Any, nir.NIRGraph]:
    """The module, if it is one, and the graph."""
    from snnvae.export.nir_file import read_nir
    from snnvae.export.user_module import is_spec

    if is_spec(source):
        return traced_module(
            source, weights, input_shape, steps=steps, analog=analog, over_time=over_time
        )
    for flag, value in (("--weights", weights), ("--input-shape", input_shape)):
        if value is not None:
            raise ConfigError(
                f"{flag} is for a module such as net.py:build; {source} says it itself"
            )
    if over_time:
        raise ConfigError("--over-time is for a module such as net.py:build; leave it out")
    return None, read_nir(Path(source))


def _table(before: Judged, after: Judged) -> Table:
    """A row per form, before and after."""
    from snnvae.evaluate.task.words import interval, value

    kind = "accuracy" if before.found.classified else "MSE"
    afterwards = {form.name: form for form in after.found.forms}
    rows = []
    for form in before.found.forms:
        both = (form, afterwards[form.name])
        rows.append([form.name, *(told(one) for one in both for told in (value, interval))])
    head = ("", f"{kind} before", "95 % interval", "after", "95 % interval")
    return Table(head, rows, text={0}, caption="Held-out samples, as deployed on the emulator")
