"""The tool that wrote the file: what gives it away, and what its exporter loses without a word.

Each loss as docs/conventions.md tells it, found by running the tool's files beside the tool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import nir
import numpy as np

from snnvae.linter.rule import Found, rule
from snnvae.linter.subject import Subject

Loss = tuple[tuple[type[nir.NIRNode], ...], str, str]
"""Nodes at which it happens, what no trace is left of, and the remedy."""
_SPIKING = (nir.IF, nir.LIF, nir.CubaLIF)

LOSSES: Mapping[str, tuple[Loss, ...]] = {
    "snntorch": (
        (_SPIKING, 'reset_mechanism="zero" leaves no trace', "if it was used, pass `reset` zero"),
        (_SPIKING, "reset_delay=False leaves no trace", "if used, pass `reset` subtract-ahead"),
        (
            _SPIKING,
            "inhibition, state_quant, graded_spikes_factor and reset_mechanism='none' are lost",
            "NIR cannot say them: train without",
        ),
        ((nir.AvgPool2d,), "padding is written as 0", "write the padding into the file"),
    ),
    "sinabs": (
        (_SPIKING, "MultiSpike, its default, leaves no trace", "train with SingleSpike"),
        (_SPIKING, "reset_fn=MembraneReset() leaves no trace", "if used, pass `reset` zero"),
        (
            (nir.LI, nir.LIF),
            "norm_input=False, ExpLeak's default, leaves no trace: r is 1 either way",
            "train with norm_input=True",
        ),
        (_SPIKING, "min_v_mem and tau_syn leave no trace", "train without"),
    ),
    "spikingjelly": (
        (_SPIKING, "the step of export_to_nir(dt=…) is not in the file", "pass the same `dt`"),
    ),
    "rockpool": (
        (_SPIKING, "bias, w_rec and several synapses are lost", "write them as nodes"),
        (_SPIKING, "several spikes in a step are lost", "keep membranes below two thresholds"),
        (_SPIKING, "the step is not in the file", "pass the same `dt`, if it was not 1 ms"),
    ),
    "spyx": ((_SPIKING, "r is β in the file, and nothing in the tool", "pass `gain` one"),),
    "norse": (
        ((nir.LIF, nir.LI, nir.IF), "its own exporter writes τ by dt too small", "pass `dt` 1e-6"),
        ((nir.CubaLIF,), "LIFCell is written with w_in = 1", "write w_in = tau_syn/dt"),
        (_SPIKING, "v_reset and the reset method are lost", "use `snnvae export net.py:build`"),
    ),
}


@rule("note")
def looks_like(subject: Subject) -> Found:
    """Parameters are those that one tool's exporter writes, and nobody has named the tool."""
    if subject.options.conventions is not None or subject.metadata:
        return
    for tool, fits in _SIGNS.items():
        if fits(subject):
            yield "", f"τ and r are as {tool}'s exporter writes them", f"pass `conventions` {tool}"


@rule("note")
def lost_by_writer(subject: Subject) -> Found:
    """What the named tool's exporter leaves no trace of, in a file with nodes of that kind."""
    for kinds, what, remedy in LOSSES.get(subject.options.conventions or "", ()):
        names = [name for name, node in subject.flat.nodes.items() if isinstance(node, kinds)]
        if names:
            yield ", ".join(names), what, remedy


def _all(
    subject: Subject, kinds: tuple[type[nir.NIRNode], ...], holds: Callable[..., np.ndarray]
) -> bool:
    nodes = [node for _, node in subject.neurons(*kinds)]
    with np.errstate(all="ignore"):  # a τ of 0 is no tool's
        return bool(nodes) and all(bool(np.all(holds(node))) for node in nodes)


def _near(a: object, b: object) -> np.ndarray:
    return np.isclose(np.asarray(a, np.float64), np.asarray(b, np.float64), rtol=1e-5)


def _snntorch(subject: Subject) -> bool:
    return (
        _all(subject, (nir.LIF,), lambda n: _near(n.r, n.tau / 1e-4))
        or _all(subject, (nir.CubaLIF,), lambda n: _near(n.r, n.tau_mem / 1e-4))
    ) and not any(True for _ in subject.neurons(nir.IF))


def _spikingjelly(subject: Subject) -> bool:
    return _all(subject, (nir.IF,), lambda n: _near(n.r, 1e4))


def _sinabs(subject: Subject) -> bool:
    return _all(
        subject, (nir.LIF, nir.LI), lambda n: _near(n.r, 1) & (n.tau >= 1) & (n.v_leak == 0)
    )


def _rockpool(subject: Subject) -> bool:
    return _all(
        subject, (nir.LIF, nir.LI), lambda n: _near(n.r, np.exp(-1e-3 / n.tau) * n.tau / 1e-3)
    )


def _spyx(subject: Subject) -> bool:
    return _all(subject, (nir.LIF,), lambda n: _near(n.r, 1 - 1 / n.tau) & (np.asarray(n.tau) > 1))


def _norse(subject: Subject) -> bool:
    return _all(subject, (nir.LIF, nir.LI), lambda n: (np.asarray(n.tau) < 1e-4) & _near(n.r, 1))


_SIGNS: Mapping[str, Callable[[Subject], bool]] = {
    "snntorch": _snntorch,
    "spikingjelly": _spikingjelly,
    "sinabs": _sinabs,
    "rockpool": _rockpool,
    "spyx": _spyx,
    "norse": _norse,
}
