"""An assessment in tables and sentences, as a terminal and a page show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from snnvae.deploy.fixed.quantise import notes_text
from snnvae.evaluate.task.assessment import Assessment
from snnvae.evaluate.task.classification import Change, Classified
from snnvae.evaluate.task.module import NAME as MODULE
from snnvae.evaluate.task.regression import Regressed
from snnvae.plain_text import counted, one_line
from snnvae.table import Table

NONE = "–"
MOST_CLASSES = 20
"""Of a confusion matrix; of more, those of the least recall are listed."""
MOST_FLIPS = 20
"""Of a line."""
MOST_ROWS = 200
"""Of the table of flips."""
_WIDTH = 12
"""Cells of a class's name at the head of a column."""


def text(found: Assessment) -> str:
    """For people: figures, what changes, classes, layers."""
    shown = [heading(found), "", figures(found).as_text()]
    shown += [one_line(line) for line in notes(found)]
    change = changed(found)
    if change:
        shown += ["", *map(one_line, change)]
    if found.classified:
        shown += ["", classes(found, main_form(found)).as_text()]
    if found.layers:
        shown += ["", layers(found).as_text()]
    return "\n".join(shown)


def main_form(found: Assessment) -> Classified:
    """The form whose confusion is shown: fixed point if it was asked for."""
    by_name = {form.name: form for form in found.classified}
    return by_name.get("fixed", by_name.get("float", found.classified[0]))


def heading(found: Assessment) -> str:
    """Samples, steps, backend and readout."""
    return (
        f"{counted(found.samples, 'sample')} × {counted(found.steps, 'step')} on {found.backend}; "
        f"'{found.output}' read as {_READ[found.readout]}"
    )


_READ = {
    "count": "the spikes' count",
    "rate": "spikes per step",
    "first-spike": "the first spike",
    "last": "the membrane after the last step",
    "mean": "the mean membrane",
    "max": "the largest membrane",
}


def figures(found: Assessment) -> Table:
    """A row per form."""
    tail = ("spikes / sample", "syn. ops / sample")
    rows: list[Sequence[object]]
    head: Sequence[str]
    if found.classified:
        head = ("accuracy", "95 % interval", f"top {found.top_k}", "macro F1")
        rows = [
            (
                f.name, value(f), interval(f),
                percent(f.top(found.top_k)), f"{f.macro_f1:.4f}", *_work(f),
            )
            for f in found.classified
        ]  # fmt: skip
    else:
        head = ("MSE", "95 % interval", "MAE", "R²", "max |error|")
        rows = [
            (
                f.name, value(f), interval(f), f"{f.mae:.4g}",
                NONE if f.r2 is None else f"{f.r2:.4f}", f"{f.largest:.4g}", *_work(f),
            )
            for f in found.regressed
        ]  # fmt: skip
    return Table(("", *head, *tail), rows, text={0}, caption="Every form on the same samples")


def value(form: Classified | Regressed) -> str:
    """The accuracy, or the MSE."""
    return percent(form.accuracy) if isinstance(form, Classified) else f"{form.mse:.4g}"


def interval(form: Classified | Regressed) -> str:
    """Where that lies, 95 %."""
    ends = form.interval
    if ends is None:
        return NONE
    shown = map(percent, ends) if isinstance(form, Classified) else (f"{end:.4g}" for end in ends)
    return " … ".join(shown)


def _work(form: Any) -> tuple[str, str]:
    spikes, operations = form.outcome.spikes, form.outcome.operations
    return (
        NONE if spikes is None else f"{spikes:,.1f}",
        NONE if operations is None else f"{operations:,.0f}",
    )


def notes(found: Assessment) -> list[str]:
    """Ties, silence, what was left out, what rounding did."""
    said = []
    tied = {form.name: int(form.outcome.tied.sum()) for form in found.main}
    if any(tied.values()):
        rule = (
            "the higher membrane after the last step" if found.by_membrane else "the lower number"
        )
        said.append(f"equal best scores, decided by {rule}: {_samples(tied)}")
    silent = {f.name: f.outcome.silent for f in found.forms if f.outcome.silent}
    if silent:
        said.append(f"no output neuron fires: {_samples(silent)}")
    said += _beside(found)
    said += [f"left out: {reason}" for reason in found.left_out]
    rounding = notes_text(found.report)
    return [*said, *([f"rounding: {rounding}"] if rounding else [])]


def _samples(by_form: Mapping[str, int]) -> str:
    """As "float 3, fixed 4 samples", without those that have none."""
    many = [n for n in by_form.values() if n]
    said = ", ".join(f"{name} {n:,}" for name, n in by_form.items() if n)
    return f"{said} sample{'' if many == [1] else 's'}"


def _beside(found: Assessment) -> Iterator[str]:
    """Says of the module and of other backends how many answers are not the program's."""
    by_name = {form.name: form for form in found.classified}
    for name, form in by_name.items():
        own = "float" if name == MODULE else name.split(",")[0]
        if name == own or own not in by_name:
            continue
        differ = int((form.answers != by_name[own].answers).sum())
        said = f"{differ:,} answers differ" if differ > 1 else f"{differ or 'no'} answer differs"
        yield f"{name} beside {own}: {said}"


def changed(found: Assessment) -> list[str]:
    """What fixed point changes of the answers."""
    change = found.change
    if change is None:
        return []
    if not isinstance(change, Change):
        return [
            f"fixed beside float: values change by {change.rms:.4g} (RMS), at most "
            f"{change.largest:.4g}" + (f", of sample {change.changed[0]}" if change.changed else "")
        ]
    flips = change.changed
    if not flips:
        return ["fixed beside float: no answer flips"]
    more = f" and {len(flips) - MOST_FLIPS} more" if len(flips) > MOST_FLIPS else ""
    return [
        f"fixed beside float: {len(flips)} of {counted(found.samples, 'answer')} "
        f"flip{'s' * (len(flips) == 1)}, {change.lost} from right to wrong, {change.gained} from "
        f"wrong to right (McNemar's exact test: p = {change.p_value:.3g})",
        f"flipped samples: {', '.join(map(str, flips[:MOST_FLIPS]))}{more}",
        *_where(found),
    ]


def _where(found: Assessment) -> list[str]:
    """Where the flipped samples first go another way."""
    places: dict[str, list[int]] = {}
    quiet = 0
    for n in found.flips:
        first = found.first[n]
        if first is None:
            quiet += 1
        else:
            places.setdefault(first.layer, []).append(first.step)
    said = [
        f"'{layer}' ({len(steps)}, the earliest at step {min(steps)})"
        for layer, steps in places.items()
    ]
    if quiet:
        said.append(f"no spike, only membranes ({quiet})")
    return [f"the first spike that differs is in {', '.join(said)}"] if said else []


def classes(found: Assessment, form: Classified) -> Table:
    """The confusion matrix and every form's recall; of many classes those that are known least."""
    names = [one_line(name, _WIDTH) for name in found.classes]
    recalls = [f.recall for f in found.main]
    head = tuple(f"recall {f.name}" for f in found.main)
    there = form.confusion.sum(1)
    order = list(range(len(names)))
    matrix = len(names) <= MOST_CLASSES
    if not matrix:
        least = [1.0 if r is None else r for r in form.recall]
        order = sorted(order, key=least.__getitem__)[:MOST_CLASSES]
    rows = [
        (
            names[n],
            *((form.confusion[n].tolist()) if matrix else (int(there[n]), _taken(form, names, n))),
            *(percent(recall[n]) for recall in recalls),
        )
        for n in order
    ]
    middle = names if matrix else ("samples", "taken for")
    title = (
        f"{form.name}: class \\ answer" if matrix else f"{form.name}: least known of {len(names)}"
    )
    columns = (title, *middle, *head)
    return Table(columns, rows, text={0} if matrix else {0, 2}, caption="Classes and answers")


def _taken(form: Classified, names: Sequence[str], n: int) -> str:
    """The other class that a class is taken for most."""
    others = form.confusion[n].copy()
    others[n] = 0
    most = int(others.argmax())
    return f"{names[most]} ({others[most]})" if others[most] else NONE


def layers(found: Assessment) -> Table:
    """A row per layer: how far fixed point is from float."""
    rounding = {row.layer: row for row in found.report}
    flipping = isinstance(found.change, Change)
    shown = [found.first[n] for n in found.flips] if flipping else found.first
    begin = Counter(first.layer for first in shown if first is not None)
    rows = [
        (
            layer.layer,
            *((NONE, NONE) if layer.rates is None else map(rate, layer.rates)),
            percent(layer.differing),
            NONE if layer.error is None else f"{layer.error:.2g}",
            percent(rounding[layer.layer].weight_error),
            rounding[layer.layer].clipped,
            layer.saturated,
            begin[layer.layer],
        )
        for layer in found.layers
    ]
    columns = (
        "layer", "rate float", "rate fixed", "spikes differ", "membrane error", "weight error",
        "weights clipped", "saturated", "flips begin" if flipping else "samples begin",
    )  # fmt: skip
    return Table(
        columns, rows, text={0},
        caption="Fixed point beside float, over all samples and steps. Rates: spikes per neuron "
        "and step. Membrane error: RMS, in units of the threshold, or of NIR where nothing spikes. "
        "Begin: whose first spike that differs is here.",
    )  # fmt: skip


def flips(found: Assessment) -> Table:
    """The samples whose answer flips, the first of them, and where each first differs."""
    by_name = {form.name: form for form in found.classified}
    before, after = by_name["float"], by_name["fixed"]
    rows, count = list[tuple[object, ...]](), len(found.flips)
    for n in found.flips[:MOST_ROWS]:
        first = found.first[n]
        place = ("no spike differs", NONE, NONE) if first is None else (
            first.layer, first.step, first.neuron
        )  # fmt: skip
        labels = (before.labels[n], before.answers[n], after.answers[n])
        rows.append((n, *(found.classes[k] for k in labels), *place))
    columns = ("sample", "class", "float", "fixed", "first differs in", "at step", "in neuron")
    some = f"The first {len(rows)} of " if count > MOST_ROWS else ""
    caption = f"{some}{counted(count, 'answer')} that flip{'s' * (count == 1)}"
    return Table(columns, rows, text={1, 2, 3, 4}, caption=caption)


def percent(share: float | None) -> str:
    """As 96.63 %."""
    return NONE if share is None else f"{100 * share:.2f} %"


def rate(value: float) -> str:
    """Spikes per neuron and step."""
    return f"{value:.4f}"
