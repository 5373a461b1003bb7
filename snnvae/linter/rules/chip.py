"""What 8-bit weights, the chip's arithmetic and its cores make of the network."""

from __future__ import annotations

from snnvae.deploy.chips.placement import place
from snnvae.deploy.lava.loihi2 import refusals
from snnvae.linter.rule import Found, rule
from snnvae.linter.subject import Subject

WEIGHT_ERROR, PARAMETER_ERROR = 0.1, 0.05
"""Relative errors of rounding from which on a result may change."""
LOIHI_2 = "loihi2"


@rule("error")
def fixed_point_refuses(subject: Subject) -> Found:
    """Fixed point cannot hold a layer, or could by taking the nearest values alone."""
    compiled, error = subject.fixed
    if error is not None:
        yield "", str(error), "mend the network"
    for row in compiled.report if compiled is not None else ():
        if row.beyond:
            remedy = "pass `saturate`, or `scale_per` channel; or train within 8 bits"
            yield row.layer, ", ".join(row.beyond), remedy


@rule("warning")
def rounds_coarsely(subject: Subject) -> Found:
    """Rounding to 8-bit weights, 17-bit thresholds and 12-bit decays moves a layer a lot."""
    compiled = subject.fixed[0]
    for row in compiled.report if compiled is not None else ():
        errors = {
            "weights": (row.weight_error, WEIGHT_ERROR),
            "threshold": (row.threshold_error, PARAMETER_ERROR),
            "bias": (row.bias_error, PARAMETER_ERROR),
            "decay": (row.decay_error, PARAMETER_ERROR),
        }
        said = [f"{name} by {error:.1%}" for name, (error, most) in errors.items() if error > most]
        if said:
            remedy = "pass `scale_per` channel, calibrate the scales, or train in 8 bits"
            yield row.layer, f"rounding moves {', '.join(said)}", remedy


@rule("note")
def fixed_point_notes(subject: Subject) -> Found:
    """What else the compiler remarks on a layer in fixed point."""
    compiled = subject.fixed[0]
    for row in compiled.report if compiled is not None else ():
        if row.notes and not row.beyond:
            yield row.layer, "; ".join(row.notes), "see docs/numerics.md"


@rule("error")
def chip_rules(subject: Subject) -> Found:
    """The network breaks a published limit of the chip."""
    compiled = subject.fixed[0]
    for broken in place(compiled.program, subject.chip).violations if compiled is not None else ():
        yield broken.where, f"{broken.rule} ({subject.chip.name}): {broken.text}", "see the text"


@rule("warning")
def no_stock_process(subject: Subject) -> Found:
    """No process of Lava's own, as a Loihi 2 would be given, does what a layer does."""
    compiled = subject.fixed[0]
    if compiled is not None and subject.chip.name == LOIHI_2:
        for text in refusals(compiled.program):
            yield "", text, "it runs in Lava's batched mode and in the emulator"
