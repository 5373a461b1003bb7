"""What NIR leaves open, and the ways in which the tools of the field settle it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Rules:
    """One reading of NIR; the defaults are NIR's own equations, where it has them.

    reset: after a spike v becomes v_reset ("zero"), or loses the threshold at once ("subtract") or
    one step later, behind the decay ("subtract-delayed"). spike: where v > v_threshold ("above") or
    v ≥ v_threshold ("reached"). integrator: a step forgets dt/τ of a state and takes dt/τ of its
    input ("euler"), 1 − e^(−dt/τ) of both ("exponential"), or forgets the latter and takes the
    former ("exponential-decay"). initial: what v is before the first step. if_gain: what I and IF
    take of an input, r·dt ("dt") or r ("one"). gain: what leaky states take, as the file says
    ("stated"), all of it ("one"), or all of it but for a synaptic current, of which e^(−dt/τ)
    ("decayed"). loop_bias: a bias in a loop is there at once, or late as the loop's spikes are
    ("delayed"). emission: a spike is told in the step in which v passes its threshold ("at-once")
    or in the next one ("late").
    """

    reset: str = "zero"
    spike: str = "above"
    integrator: str = "euler"
    initial: str = "v_reset"
    if_gain: str = "dt"
    gain: str = "stated"
    loop_bias: str = "at-once"
    emission: str = "at-once"

    def as_dict(self) -> dict[str, str]:
        """For files."""
        return asdict(self)


CHOICES: Mapping[str, tuple[str, ...]] = {
    "reset": ("zero", "subtract", "subtract-delayed"),
    "spike": ("above", "reached"),
    "integrator": ("euler", "exponential", "exponential-decay"),
    "initial": ("v_reset", "v_leak", "zero"),
    "if_gain": ("dt", "one"),
    "loop_bias": ("at-once", "delayed"),
}
"""What a case may turn on, each by itself. The first is NIR's, or what stands for it."""

NIR = Rules()
TOOLS: Mapping[str, Rules] = {
    "norse": Rules(initial="v_leak", if_gain="one"),
    "snntorch": Rules(initial="zero", if_gain="one"),
    "sinabs": Rules(
        reset="subtract", spike="reached", integrator="exponential-decay", initial="zero",
        if_gain="one", gain="one", loop_bias="delayed",
    ),
    "spikingjelly": Rules(spike="reached"),
    "rockpool": Rules(
        reset="subtract", spike="reached", integrator="exponential-decay", initial="zero",
        if_gain="one", gain="decayed",
    ),
    "spyx": Rules(
        reset="subtract-delayed", initial="zero", if_gain="one", gain="one", emission="late",
    ),
}  # fmt: skip
"""What a tool's reader of NIR makes of a file, as its source says; its own files may mean more."""


def profiles() -> dict[str, Rules]:
    """Every reading for which the suite has outcomes: NIR's, one convention changed, the tools'."""
    changed = {
        f"{key}={value}": replace(NIR, **{key: value})
        for key, values in CHOICES.items()
        for value in values[1:]
    }
    return {"nir": NIR, **changed, **TOOLS}
