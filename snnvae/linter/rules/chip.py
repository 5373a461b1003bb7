"""What 8-bit weights, the chip's arithmetic and its cores make of the network."""

from __future__ import annotations

from snnvae.deploy.chips.placement import place
from snnvae.deploy.compile import Compiled
from snnvae.deploy.lava.loihi2 import refusals
from snnvae.linter.rule import Found, in_fixed_point, rule, said_of
from snnvae.linter.subject import Subject

WEIGHT_ERROR, PARAMETER_ERROR = 0.1, 0.05
"""Relative errors of rounding from which on a result may change."""
LOIHI_2 = "loihi2"


@rule("error")
def fixed_point_refuses(subject: Subject) -> Found:
    """Fixed point cannot hold a layer, or could by taking the nearest values alone."""
    compiled, error = subject.fixed
    if error is not None:
        yield "", *said_of(error, "mend the network")
    for row in compiled.report if compiled is not None else ():
        if row.beyond:
            remedy = "pass `saturate`, or `scale_per` channel; or train within 8 bits"
            yield row.layer, ", ".join(row.beyond), remedy


@rule("warning")
@in_fixed_point
def rounds_coarsely(_: Subject, compiled: Compiled) -> Found:
    """Rounding to 8-bit weights, 17-bit thresholds and 12-bit decays moves a layer a lot."""
    for row in compiled.report:
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
@in_fixed_point
def fixed_point_notes(_: Subject, compiled: Compiled) -> Found:
    """What else the compiler remarks on a layer in fixed point."""
    for row in compiled.report:
        if row.notes and not row.beyond:
            yield row.layer, "; ".join(row.notes), "see docs/numerics.md"


@rule("error")
@in_fixed_point
def chip_rules(subject: Subject, compiled: Compiled) -> Found:
    """The network breaks a published limit of the chip."""
    for broken in place(compiled.program, subject.chip).violations:
        yield broken.where, f"{broken.rule} ({subject.chip.name}): {broken.text}", "see the text"


@rule("warning")
@in_fixed_point
def no_stock_process(subject: Subject, compiled: Compiled) -> Found:
    """No process of Lava's own, as a Loihi 2 would be given, does what a layer does."""
    if subject.chip.name == LOIHI_2:
        for text in refusals(compiled.program):
            yield "", *said_of(text, "it runs in Lava's batched mode and in the emulator")
