"""What NIR leaves open, by name. Imports nothing, so that the command line can list it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ResetMode = Literal["zero", "subtract", "subtract-delayed", "subtract-ahead"]
InitialState = Literal["v_reset", "v_leak", "zero"]
Integrator = Literal["euler", "exponential", "exponential-decay"]
SpikeRule = Literal["above", "reached"]
IfGain = Literal["dt", "one"]
Gain = Literal["stated", "one", "decayed"]
BY_DEFAULT = "by default"
"""The source of a value that nobody stated."""


@dataclass(frozen=True)
class Stated:
    """The value that holds for one convention, in words, and who said so."""

    value: str
    source: str

    def __str__(self) -> str:
        return f"{self.value} ({self.source})"


@dataclass(frozen=True)
class Conventions:
    """The conventions that NIR leaves open and a compiler must be told.

    dt: seconds per logical step. reset: after a spike the membrane goes to v_reset ("zero"), loses
    its threshold at once ("subtract"), or loses it in the next step, after the decay
    ("subtract-delayed"), or that is done ahead ("subtract-ahead": at once, but a membrane that is
    then above its threshold loses it in the next step too, and for a spike of that step nothing at
    once). initial: membrane before the first step, at v_reset, v_leak or 0; None where nobody said.
    integrator: a step forgets dt/τ of a state and takes dt/τ of its input
    ("euler"), 1 − exp(−dt/τ) of both ("exponential": exact for an input that is constant during the
    step), or forgets the latter and takes the former ("exponential-decay").
    spike: where v > v_threshold ("above") or v ≥ v_threshold ("reached").
    if_gain: by how much r a step of I and IF is: r·dt ("dt", NIR's equation) or r ("one"); None
    where nobody said. gain: what a leaky state takes of an input: what τ, r and w_in say
    ("stated"), all of it ("one"), or all of it but for a synaptic current, LI's too, which takes
    e^(−dt/τ) ("decayed": the input decays in the step in which it comes).
    """

    dt: float
    reset: ResetMode = "zero"
    initial: InitialState | None = None
    integrator: Integrator = "euler"
    spike: SpikeRule = "above"
    if_gain: IfGain | None = None
    gain: Gain = "stated"
