"""An assessment as a page: self-contained, light or dark, printable."""

from __future__ import annotations

from snnvae import __version__
from snnvae.evaluate.task import words
from snnvae.evaluate.task.assessment import Assessment
from snnvae.evaluate.task.classification import Change
from snnvae.html_page import render


def to_html(found: Assessment, title: str) -> str:
    """The page of a network; MissingError without the extra `report`."""
    from snnvae.evaluate.task import plots

    return render(
        "snnvae.evaluate.task",
        "page.html.j2",
        {},
        title=title,
        cards=_cards(found),
        heading=words.heading(found),
        changed=words.changed(found),
        notes=words.notes(found),
        figures=words.figures(found),
        layers=words.layers(found) if found.layers else None,
        classes=words.classes(found, words.main_form(found)) if found.classified else None,
        flips=words.flips(found) if found.flips else None,
        traces=[(_told(found, n), plots.traces(trace)) for n, trace in enumerate(found.traces)],
        digest=found.digest,
        version=__version__,
    )


def _cards(found: Assessment) -> list[tuple[str, str, str]]:
    """Name, figure and what belongs to it."""
    cards = [
        (
            f"{'Accuracy' if found.classified else 'MSE'}, {form.name}",
            words.value(form),
            f"{words.interval(form)} (95 %)",
        )
        for form in found.forms
    ]
    change = found.change
    if isinstance(change, Change):
        p = f"{change.lost} lost, {change.gained} gained; McNemar p = {change.p_value:.3g}"
        cards.append(("Answers that flip", str(len(change.changed)), p))
    elif change is not None:
        cards.append(("Largest change", f"{change.largest:.4g}", f"{change.rms:.4g} RMS"))
    return cards


def _told(found: Assessment, n: int) -> str:
    """What a traced sample is, in a sentence."""
    trace = found.traces[n]
    said = f"Sample {trace.sample}"
    if found.classified:
        by_name = {form.name: form for form in found.classified}
        before, after = by_name["float"], by_name["fixed"]
        label, one, other = (
            found.classes[k]
            for k in (
                before.labels[trace.sample],
                before.answers[trace.sample],
                after.answers[trace.sample],
            )
        )
        said += f" of class {label}: float answers {one}, fixed {other}"
    if trace.first is None:
        return f"{said}. No spike differs, only membranes."
    first = trace.first
    return (
        f"{said}. The first spike that differs: step {first.step}, neuron {first.neuron} of "
        f"'{first.layer}'."
    )
