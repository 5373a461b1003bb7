"""A diagnosis in words: tables and sentences, as Markdown or for a terminal."""

from __future__ import annotations

from snnvae.families.images.diagnosis.result import Diagnosis
from snnvae.table import Table

CAUSE = {
    "encoder": "encoder: against the image's own best rates",
    "draws": "draws: against the best spikes found",
    "decoder": "decoder: error of the best spikes (upper bound)",
}


def headline(found: Diagnosis) -> str:
    """Says what was examined, in a line."""
    return (
        f"{found.model} of {found.dataset}, T = {found.steps}, {found.latent} latents: "
        f"{found.loss.images} held-out images, {found.draws} draws each, seed {found.seed}"
    )


def losses(found: Diagnosis) -> Table:
    """The loss and its parts."""
    rows = [
        (CAUSE[name], f"{part.loss:.4f}", f"{part.error:.4f}", f"{part.share:.0%}")
        for name, part in found.loss.parts.items()
    ]
    total = ("the whole loss", f"{found.loss.total:.4f}", "", "100%")
    return Table(("mean squared error per pixel", "loss", "±", "share"), [*rows, total], {0})


def sentences(found: Diagnosis) -> tuple[str, ...]:
    """Returns the sentences that stand beside the table of losses."""
    return (
        f"On as many training images the loss is {found.training_loss:.4f}.",
        f"{found.loss.spread:.0%} of the loss is spread between the encoder's draws.",
    )


def classes(found: Diagnosis) -> Table:
    """A row for each class."""
    rows = []
    for c in found.classes:
        shares = [f"{part.share:.0%}" for part in c.loss.parts.values()]
        crowd = (f"{c.data_share:.1%}", f"{c.prior_share:.1%}")
        rows.append((str(c.label), str(c.loss.images), f"{c.loss.total:.4f}", *shares, *crowd))
    names = ("class", "images", "loss", *found.loss.parts, "share of data", "share of prior")
    return Table(names, rows, {0})


def prior(found: Diagnosis) -> Table:
    """Returns a table of how the prior fits."""
    fit = found.prior
    rows = [
        ("AUC of a classifier, 0.5 if they are the same", f"{fit.auc:.3f}"),
        ("its accuracy", f"{fit.accuracy:.3f}"),
        ("KL(posterior‖prior), estimate in nats, from below", f"{fit.kl_nats:.2f}"),
        ("MMD²; of equal crowds", f"{fit.mmd2:.4f}; {fit.mmd2_if_same:.4f}"),
        ("active latents", f"{fit.active} of {fit.latents}"),
        ("latents that never fire; always fire", f"{fit.silent}; {fit.always_on}"),
    ]
    if found.class_accuracy is not None:
        rows.append(("accuracy of the classes read from latents", f"{found.class_accuracy:.3f}"))
    return Table((f"prior against posterior, {fit.samples} draws each", "figure"), rows, {0})


def differences(found: Diagnosis) -> str:
    """The latents whose mean rates differ most."""
    worst = (f"{d.latent} ({d.posterior:.2f}, {d.prior:.2f})" for d in found.prior.differences)
    return f"Mean rates differ most in these latents (posterior, prior): {', '.join(worst)}."


def text(found: Diagnosis) -> str:
    """Writes a diagnosis for a terminal."""
    tables = [losses(found), *([classes(found)] if found.classes else []), prior(found)]
    first, *others = [table.as_text() for table in tables]
    advice = [f"* {s.text}{f' Try: {s.command}' if s.command else ''}" for s in found.suggestions]
    parts = [
        headline(found),
        first,
        "\n".join(sentences(found)),
        *others,
        differences(found),
        "\n".join(["What follows:", *(advice or ["* Nothing stands out."])]),
        "\n".join(found.notes),
    ]
    return "\n\n".join(parts)


def markdown(found: Diagnosis, picture: str) -> str:
    """Writes a diagnosis as a page, with the picture of that name beside it."""
    advice = [
        f"* {s.text}" + (f"\n\n  ```sh\n  {s.command}\n  ```" if s.command else "")
        for s in found.suggestions
    ]
    parts = [
        f"# Diagnosis\n\n{headline(found)}.",
        f"![Loss by cause, and the prior's classes]({picture})",
        f"## What the loss is made of\n\n{losses(found).as_markdown()}",
        " ".join(sentences(found)),
        *([f"## By class\n\n{classes(found).as_markdown()}"] if found.classes else []),
        f"## The prior\n\n{prior(found).as_markdown()}\n\n{differences(found)}",
        "\n".join(["## What follows\n", *(advice or ["* Nothing stands out."])]),
        "## To bear in mind\n\n" + "\n".join(f"* {note}" for note in found.notes),
    ]
    return "\n\n".join(parts) + "\n"
