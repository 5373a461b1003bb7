"""Finding out what a module computes by running it once on stand-ins.

Why not torch.fx: its symbols have no shapes, cannot be unpacked as (output, state) in every Python,
and stop at `if state is None` and at loops over time, of which Norse's modules consist. Stand-ins
are real tensors, so any Python runs; and as a subclass they see every torch function that is
applied to them, with weights that are computed from parameters. What is unknown is refused there.

The module sees two time steps. The second must compute what the first does, each cell must be
given the state that it returned, and nothing else may pass from one step to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from inspect import Parameter, signature
from typing import Any

import nir
import numpy as np
import torch
from torch import nn

from snnvae.errors import GraphError, SnnvaeError, UnsupportedError
from snnvae.export.norse import populations
from snnvae.export.norse.cells import Neurons, norse_class
from snnvae.export.norse.network import INPUT, Network
from snnvae.export.norse.value import BATCH, STEPS, Value, find

Shape = tuple[int, ...]
LIFTED = "lifted_module"
"""What Lift calls its content, which has the Lift's name here."""


@dataclass
class Tracer:
    """Records nodes for each of the two time steps, under the name of the module that runs."""

    names: Mapping[nn.Module, tuple[str, ...]]
    steps: tuple[Network, ...] = field(
        default_factory=lambda: tuple(Network() for _ in range(STEPS))
    )
    running: list[nn.Module] = field(default_factory=list)

    def place(
        self, value: Value, node: nir.NIRNode, part: str = "", neurons: Neurons | None = None
    ) -> dict[int, tuple[int, ...]]:
        """A node that takes a value: its origin."""
        names = self.called(part)
        return {
            t: (self.steps[t].add(node, ids, names, neurons),) for t, ids in value.origin.items()
        }

    def called(self, part: str = "") -> tuple[str, ...]:
        """Returns what a node may be called: after the module that runs and its part."""
        module = self.running[-1]
        names = self.names[module]
        alone = names != ("",)
        if not part:
            return names if alone else (type(module).__name__.lower(),)
        return tuple(f"{name}.{part}" if name else part for name in names)

    def where(self) -> str:
        """The module that runs, for a message."""
        return describe(self.called()[0], self.running[-1])


def describe(name: str, module: nn.Module) -> str:
    """A module as messages name it."""
    return f"module '{name}' ({type(module).__name__})"


def trace(
    module: nn.Module, input_shape: Shape, *, over_time: bool, spikes: bool
) -> tuple[Network, dict[str, tuple[int, ...]]]:
    """Finds what a module computes in a step, and which nodes its outputs are.

    `over_time`: forward() takes (time, batch, …); `spikes`: its input is 0 or 1 everywhere.
    """
    named: dict[nn.Module, tuple[str, ...]] = {}
    for name, child in module.named_modules(remove_duplicate=False):
        shown = ".".join(part for part in name.split(".") if part != LIFTED)
        named[child] = (*named.get(child, ()), shown)
    tracer = Tracer(named, running=[module])
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
    lead = (STEPS, BATCH) if over_time else (BATCH,)
    zeros = torch.zeros((*lead, *input_shape), dtype=like.dtype, device=like.device)
    for network in tracer.steps:
        network.add(nir.Input({"input": np.array(input_shape)}), (), ("input",))

    def stand_in(*steps: int) -> Value:
        return Value.of(zeros, tracer, dict.fromkeys(steps, (INPUT,)), len(lead), spikes=spikes)

    with _instrumented(module, tracer), torch.no_grad():
        if over_time:
            outputs, _ = _step(module, stand_in(*range(STEPS)), None)
        else:
            outputs, state = _step(module, stand_in(0), None)
            _step(module, stand_in(1), state)
    first, second = tracer.steps
    first.check_repeats(second)
    first.check_length(second)
    return first, outputs


def _step(module: nn.Module, x: Value, state: Any) -> tuple[dict[str, tuple[int, ...]], Any]:
    """One time step (or all): its outputs and the state that it hands on."""
    last = max(x.origin)
    if not _takes_state(module):
        return _outputs(module(x), last), None
    result = module(x, state)
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        raise UnsupportedError(
            "forward(x, state) returns no state; return (output, state) so that the next step "
            "can go on from it"
        )
    *out, state = result
    if next(find(Value, state), None) is not None:
        raise UnsupportedError(
            "forward(x, state) hands a value to the next step in its state; only Norse's cells "
            "may remember: use a recurrent cell such as LIFRecurrentCell"
        )
    return _outputs(out, last), state


def _takes_state(module: nn.Module) -> bool:
    """Tells whether forward's second parameter is a state:
    one that is, or may be, None at first."""
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    positional = [p for p in signature(module.forward).parameters.values() if p.kind in kinds]
    return len(positional) > 1 and positional[1].default in (None, Parameter.empty)


def _outputs(result: Any, last: int) -> dict[str, tuple[int, ...]]:
    """The nodes of every value that comes out at each step, or after the last."""
    values = list(find(Value, result))
    if not values:
        raise UnsupportedError(
            "the output does not come from the input through torch functions that can be followed"
        )
    if any(last not in value.origin for value in values):
        raise UnsupportedError("the output leaves out the last time step; return all steps")
    names = ["output", *(f"output_{n}" for n in range(2, len(values) + 1))]
    return {name: value.origin[last] for name, value in zip(names, values)}


@contextmanager
def _instrumented(root: nn.Module, tracer: Tracer) -> Iterator[None]:
    """Instruments a module: while it runs, each module says so, evaluates,
    and Norse's cells record themselves.

    Afterwards every module is as it was, states that it keeps in attributes included.
    """
    modules = list(tracer.names)
    for module in modules:
        if isinstance(module, torch.jit.ScriptModule) or hasattr(module, "_orig_mod"):
            name = tracer.names[module][0]
            raise UnsupportedError(f"{describe(name, module)} is compiled; export the original")
    tables = ("_parameters", "_buffers", "_modules")
    saved = [(dict(vars(m)), [dict(vars(m)[table]) for table in tables]) for m in modules]
    try:
        for module in modules:
            own = populations.recorder(module, tracer) if norse_class(module) else module.forward
            vars(module).update(
                forward=_announced(own, module, tracer), training=False, _compiled_call_impl=None
            )
        yield
    finally:
        for module, (attributes, contents) in zip(modules, saved):
            vars(module).clear()
            vars(module).update(attributes)
            for table, content in zip(tables, contents):
                vars(module)[table].clear()
                vars(module)[table].update(content)


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
        except Exception as error:
            shapes = ", ".join(str(v.sample_shape) for v in find(Value, [args, kwargs]))
            told = " ".join(str(error).split())[:300]
            raise GraphError(
                f"{tracer.where()} does not fit its input {shapes}: {type(error).__name__}: {told}"
            ) from error
        finally:
            tracer.running.pop()

    return run
