"""Finding out what a module computes by running it once on stand-ins.

Why not torch.fx: its symbols have no shapes, cannot be unpacked as (output, state) in every Python,
and stop at `if state is None` and at loops over time, of which Norse's modules consist. Stand-ins
are real tensors, so any Python runs; and as a subclass they see every torch function that is
applied to them, with weights that are computed from parameters. What is unknown is refused there.

The module sees all time steps of a sample. Each must compute what the first does, each cell must be
given the state that it returned, and nothing else may pass from one step to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import nir
import numpy as np
import torch
from torch import nn

from snnvae.errors import GraphError, SnnvaeError, UnsupportedError
from snnvae.export.norse import functions, populations
from snnvae.export.norse.cells import Neurons, norse_class
from snnvae.export.norse.counters import Counters
from snnvae.export.norse.loan import on_loan
from snnvae.export.norse.protocol import StateProtocol, unwrapped
from snnvae.export.norse.traced_step import INPUT, TracedStep, differs
from snnvae.export.norse.tracer import Tracer, describe
from snnvae.export.norse.value import Value, find
from snnvae.export.user_module import RAISED
from snnvae.plain_text import words_of

Shape = tuple[int, ...]
WRAPPERS = ("lifted_module", "_orig_mod")
"""What Lift and torch.compile call their content, which has the wrapper's name here."""


@dataclass(frozen=True)
class Trace:
    """What a module was found to compute.

    network: of one step. outputs: the nodes whose sums come out, by name. populations: a mapping
    from time step to id for each call of a cell, in the order of the calls. states: how many of
    forward()'s results are states. steps, batch: of what it was given, (steps, batch, …) at once
    where it runs `over_time`. forgets: states that it kept from an earlier call do not matter.
    counting: an attribute that still took new values in the last step, if that was looked for.
    """

    network: TracedStep
    outputs: Mapping[str, tuple[int, ...]]
    populations: tuple[Mapping[int, int], ...]
    states: int | None
    steps: int
    batch: int
    over_time: bool
    forgets: bool
    counting: str | None

    def reached(self) -> set[int]:
        """The nodes that the outputs depend on."""
        return self.network.reached(self.outputs.values())

    def neurons(self) -> list[tuple[str, Neurons]]:
        """Names and neurons of the populations among them."""
        return self.network.neurons(self.reached())


def trace(
    module: nn.Module,
    input_shape: Shape,
    *,
    steps: int,
    over_time: bool,
    spikes: bool,
    dtype: torch.dtype | None = None,
    counters: bool = False,
) -> Trace:
    """Finds what a module computes in each of `steps` time steps.

    `over_time`: forward() takes (time, batch, …); `spikes`: its input is 0 or 1 everywhere;
    `dtype` of its weights meanwhile, where they have another; `counters`: look for numbers that
    forward(), called step by step, goes on changing.
    """
    names = module_names(module)
    for child in names:
        if isinstance(child, torch.jit.ScriptModule):
            raise UnsupportedError(
                f"{describe(names[child][0], child)} is compiled; export the original"
            )
    for forget in (True, False):
        tracer = _tracer(names, module, steps, over_time)
        with on_loan(names, partial(_own, tracer), dtype=dtype, forget=forget) as forgotten:
            found = _follow(
                module,
                tracer,
                input_shape,
                over_time=over_time,
                spikes=spikes,
                forgets=forget,
                counters=Counters(names) if counters and not over_time else None,
            )
            if forgotten():
                break
    first = tracer.steps[0]
    for step, network in enumerate(tracer.steps[1:], 1):
        first.check_repeats(network, step)
        first.check_length(network, step)
    return found


def module_names(root: nn.Module) -> dict[nn.Module, tuple[str, ...]]:
    """The names of every module, one for each place where it stands."""
    named: dict[nn.Module, tuple[str, ...]] = {}
    for name, child in root.named_modules(remove_duplicate=False):
        shown = ".".join(part for part in name.split(".") if part not in WRAPPERS)
        named[child] = (*named.get(child, ()), shown)
    return named


def _tracer(
    names: Mapping[nn.Module, tuple[str, ...]], module: nn.Module, steps: int, over_time: bool
) -> Tracer:
    """Two steps at least: one by itself does not show what it hands on."""
    first = TracedStep()
    networks = (first, *(TracedStep(first) for _ in range(max(steps, 2) - 1)))
    return Tracer(names, networks, functions.call, [module], alone=steps == 1, over_time=over_time)


def _follow(
    module: nn.Module,
    tracer: Tracer,
    input_shape: Shape,
    *,
    over_time: bool,
    spikes: bool,
    forgets: bool,
    counters: Counters | None,
) -> Trace:
    steps = len(tracer.steps)
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
    lead = (steps, tracer.batch) if over_time else (tracer.batch,)
    zeros = torch.zeros((*lead, *input_shape), dtype=like.dtype, device=like.device)
    for network in tracer.steps:
        network.add(nir.Input({"input": np.array(input_shape)}), (), ("input",))

    def stand_in(*of: int) -> Value:
        return Value.of(zeros, tracer, dict.fromkeys(of, (INPUT,)), len(lead), spikes=spikes)

    inputs = [stand_in(*range(steps))] if over_time else map(stand_in, range(steps))
    protocol = StateProtocol(module)
    outputs: dict[int, dict[str, tuple[int, ...]]] = {}
    with torch.no_grad():
        for step, result in enumerate(protocol.outputs(inputs)):
            outputs |= _outputs(result, steps - 1 if over_time else step)
            if counters is not None:
                counters.look()
    known: dict[str, tuple[int, ...]] = {}
    for step, found in sorted(outputs.items()):
        for name, ids in found.items():
            if ids != known.setdefault(name, ids):
                raise UnsupportedError(differs(step, f"its output '{name}'"))
    first, last = tracer.steps[0], outputs[steps - 1]
    return Trace(
        first,
        last,
        tuple(tracer.populations),
        protocol.count,
        steps,
        tracer.batch,
        over_time,
        forgets,
        None if counters is None else counters.changing(),
    )


def _outputs(result: Any, last: int) -> dict[int, dict[str, tuple[int, ...]]]:
    """For each step, the nodes of every value that comes out then; some come out only at last."""
    values = list(find(Value, result))
    if not values:
        raise UnsupportedError(
            "the output does not come from the input through torch functions that can be followed"
        )
    if any(last not in value.origin for value in values):
        raise UnsupportedError("the output leaves out the last time step; return all steps")
    names = ["output", *(f"output_{n}" for n in range(2, len(values) + 1))]
    found: dict[int, dict[str, tuple[int, ...]]] = {}
    for name, value in zip(names, values):
        for step, ids in value.origin.items():
            found.setdefault(step, {})[name] = ids
    return found


def _own(tracer: Tracer, module: nn.Module) -> Callable[..., Any]:
    """What a module does while it is traced: it says that it runs, and Norse's cells record."""
    if norse_class(module):
        own: Callable[..., Any] = populations.recorder(module, tracer)
    else:
        inner = unwrapped(module)
        own = module.forward if inner is module else inner.__call__
    return _announced(own, module, tracer)


def _announced(
    forward: Callable[..., Any], module: nn.Module, tracer: Tracer
) -> Callable[..., Any]:
    """`forward`, whose failures name the module and what it was given."""

    @wraps(forward)
    def run(*args: Any, **kwargs: Any) -> Any:
        tracer.running.append(module)
        try:
            return forward(*args, **kwargs)
        except SnnvaeError:
            raise
        except RAISED as error:
            shapes = ", ".join(str(v.sample_shape) for v in find(Value, [args, kwargs]))
            told = words_of(error, 300)
            raise GraphError(
                f"{tracer.where()} does not fit its input {shapes}: {type(error).__name__}: {told}"
            ) from error
        finally:
            tracer.running.pop()

    return run
