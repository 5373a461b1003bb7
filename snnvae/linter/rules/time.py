"""Steps and time constants: NIR is in seconds, and says nothing of a step."""

from __future__ import annotations

import numpy as np

from snnvae.linter.rule import Found, rule, share_of
from snnvae.linter.subject import SLACK, Subject

LONGEST = 1.0
"""Seconds: time constants of neurons are milliseconds; what is longer may be a count of steps."""
SHORTEST = 1e-4
"""Seconds, of a time constant that anybody means."""
MOST_STEPS = 10_000
"""Steps in a time constant: in longer ones a step changes a membrane by less than fixed point."""


@rule("error")
def dt_unstated(subject: Subject) -> Found:
    """Nobody says how long a step is."""
    if subject.dt is None:
        yield "", "nobody says how long a step is", "pass `dt`, or `conventions` with the tool"


@rule("warning")
def tau_in_steps(subject: Subject) -> Found:
    """Time constants are so long that they may count steps, where NIR means seconds."""
    if subject.dt is not None and subject.dt >= 0.1:
        return
    for name, tau in subject.taus.items():
        if tau.min() >= LONGEST:
            yield name, f"is {_span(tau)} s: it may count steps", "pass `dt` 1, or write seconds"


@rule("warning")
def tau_tiny(subject: Subject) -> Found:
    """Time constants are so short that they may have been multiplied by dt once too often, as
    Norse 1.1.0's exporter does."""
    for name, tau in subject.taus.items():
        if tau.min() <= 0 or tau.max() >= SHORTEST:
            continue
        if subject.dt is None or subject.dt > tau.max() / 2:
            remedy = "pass `dt` 1e-6 for a file of Norse's exporter (its dt²)"
            yield name, f"is {_span(tau)} s: shorter than any neuron's", remedy


@rule("error")
def tau_below_dt(subject: Subject) -> Found:
    """A time constant is shorter than a step: by Euler a membrane then overshoots its rest."""
    if subject.dt is not None:
        for name, below in subject.too_short.items():
            what = f"is shorter than dt = {subject.dt:g} s in {share_of(below)}"
            yield name, what, "pass a shorter `dt`, or `integrator` exponential"


@rule("note")
def tau_is_dt(subject: Subject) -> Found:
    """A time constant is one step: by Euler a neuron then remembers nothing."""
    for name, tau in subject.taus.items():
        if subject.dt is None:
            return
        one = np.abs(tau / subject.dt - 1) < SLACK
        if one.any():
            yield (
                name,
                f"is one step in {share_of(one)}: nothing is remembered",
                "a Threshold may do",
            )


@rule("warning")
def tau_very_long(subject: Subject) -> Found:
    """A time constant is so many steps that a step changes hardly a bit of a membrane."""
    for name, tau in subject.taus.items():
        if subject.dt is None:
            return
        long = tau > subject.dt * MOST_STEPS
        if long.any():
            what = f"is over {MOST_STEPS:,} steps in {share_of(long)}"
            yield name, what, "check the unit; an IF, which does not leak, may be meant"


@rule("error")
def delay_off_grid(subject: Subject) -> Found:
    """A delay is no multiple of a step."""
    if subject.dt is not None:
        for name, off in subject.off_grid.items():
            span = _span(np.asarray(subject.flat.nodes[name].delay))
            what = f"{span} s is no multiple of dt in {share_of(off)}"
            yield name, what, "pass another `dt`, or mend the delays"


def _span(values: np.ndarray) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:g}" if low == high else f"{low:g} … {high:g}"
