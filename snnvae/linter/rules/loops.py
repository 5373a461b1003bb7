"""Loops: which edge carries the step that NIR leaves out, and what hardware makes of it."""

from __future__ import annotations

import nir

from snnvae.deploy.graph import successors
from snnvae.deploy.latency import shortest_loop
from snnvae.errors import LoopError
from snnvae.linter.rule import Found, rule, said_of, with_program
from snnvae.linter.subject import Subject
from snnvae.plain_text import counted
from snnvae.primitives import neuron_for
from snnvae.program import Program


@rule("error")
def loop_ambiguous(subject: Subject) -> Found:
    """Several populations in a loop are as near to the inputs: which edge carries its step is for
    the user to say."""
    error = subject.compiled[1]
    if isinstance(error, LoopError):
        yield "", *said_of(error, "see docs/timing.md")


@rule("error")
def loop_bias_unstated(subject: Subject) -> Found:
    """Nobody says whether a bias in a loop is there from the first step on, and it matters."""
    if subject.unstated("loop_bias") and subject.matters("loop_bias"):
        what = "a loop's weights have a bias: it could be there at once, or come with the loop"
        yield "", what, "pass `loop_bias` at-once or delayed, or `conventions`"


@rule("note")
@with_program
def loop_without_delay(subject: Subject, program: Program) -> Found:
    """A loop without a Delay: where NIR says nothing, what comes back takes one step."""
    for c in program.connections:
        looped = {c.source, c.target} <= program.looped
        if looped and c.delay == 1 and _leads_at_once(subject, c.source, c.target):
            what = f"what '{c.source}' sends to '{c.target}' takes one step"
            yield c.name, what, "put a Delay of dt into the loop if all readers are to agree"


def _leads_at_once(subject: Subject, source: str, target: str) -> bool:
    """Tells whether a way without a Delay, and without neurons between, leads from one to other."""
    follow, seen = successors(subject.flat), set[str]()
    ahead = list(follow.get(source, ()))
    while ahead:
        name = ahead.pop()
        if name == target:
            return True
        node = subject.flat.nodes[name]
        if name not in seen and not isinstance(node, nir.Delay) and neuron_for(node) is None:
            seen.add(name)
            ahead += follow[name]
    return False


@rule("warning")
@with_program
def loop_too_short(_: Subject, program: Program) -> Found:
    """A loop is shorter than a chip's steps allow."""
    for group in program.groups:
        loop = shortest_loop(group, program.connections)
        yield (
            ", ".join(loop.layers),
            f"the loop has {counted(loop.steps, 'step')}, where hardware takes {loop.needed}",
            "pass `loop_latency` accept and train with it, or run it in one process",
        )
