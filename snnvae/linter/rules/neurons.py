"""Parameters of neurons: what nobody states, and what cannot be meant so."""

from __future__ import annotations

from collections.abc import Iterator

import nir
import numpy as np

from snnvae.linter.rule import Found, rule, share_of, with_program
from snnvae.linter.subject import Subject
from snnvae.primitives.of_layer import float_neuron
from snnvae.program import Layer, Program

SPIKING = (nir.IF, nir.LIF, nir.CubaLIF)
MOST = 0.5
"""Share of a layer from which on its silence is no detail."""


@rule("warning")
def reset_missing(subject: Subject) -> Found:
    """The file holds no v_reset, which nir then reads as 0."""
    for name, node in subject.neurons(*SPIKING):
        held = subject.stored.get(name)
        if held is not None and "v_reset" not in held.shapes:
            leak = getattr(node, "v_leak", None)
            rests = "" if leak is None or not np.any(leak) else ", while it rests at v_leak"
            yield name, f"no v_reset is written: it is taken for 0{rests}", "write v_reset"


@rule("note")
def conventions_unstated(subject: Subject) -> Found:
    """Reset, spike rule or integrator are nowhere stated, so that NIR's own hold."""
    kinds = [type(node) for _, node in subject.neurons()]
    asks = {
        "reset": any(issubclass(kind, SPIKING) for kind in kinds),
        "spike": any(issubclass(kind, (*SPIKING, nir.Threshold)) for kind in kinds),
        "integrator": bool(subject.taus),
    }
    unstated = [key for key, asked in asks.items() if asked and subject.unstated(key)]
    if unstated and not subject.metadata:  # what we wrote means NIR's own where it says nothing
        named = ", ".join(f"`{key}`" for key in unstated)
        yield "", f"{named}: nobody says; NIR's own hold", "pass `conventions` with the tool's name"


@rule("error")
def initial_unstated(subject: Subject) -> Found:
    """Nobody says where membranes start, and it matters."""
    if subject.unstated("initial") and subject.matters("initial"):
        names = [
            name
            for name, node in subject.neurons()
            if np.any(getattr(node, "v_leak", 0)) or np.any(getattr(node, "v_reset", 0))
        ]
        remedy = "pass `initial` v_leak (as Norse), v_reset or zero"
        yield ", ".join(names), "a membrane could start at v_leak, v_reset or 0", remedy


@rule("error")
def if_gain_unstated(subject: Subject) -> Found:
    """Nobody says whether IF and I take r·dt of their input, as NIR has it, or r, as many tools."""
    if subject.unstated("if_gain") and subject.dt != 1:
        names = [name for name, _ in subject.neurons(nir.IF, nir.I)]
        if names:
            remedy = "pass `if_gain` dt or one"
            yield ", ".join(names), "takes r·dt of its input, or r: nobody says", remedy


@rule("error")
def reset_above_threshold(subject: Subject) -> Found:
    """A neuron is reset above its threshold: once it fires, it fires at every step."""
    if subject.choice("reset") != "zero":
        return
    for name, node in subject.neurons(*SPIKING):
        over = np.asarray(node.v_reset) > np.asarray(node.v_threshold)
        if over.any():
            yield name, f"v_reset is above v_threshold in {share_of(over)}", "mend v_reset"


@rule("warning")
def threshold_not_positive(subject: Subject) -> Found:
    """A threshold is 0 or below: a neuron at rest fires."""
    for name, node in subject.neurons(*SPIKING):
        low = np.asarray(node.v_threshold) <= 0
        if low.any():
            yield name, f"v_threshold is not above 0 in {share_of(low)}", "check its sign"


@rule("note")
def tonic(subject: Subject) -> Found:
    """v_leak is above the threshold: neurons fire without input."""
    for name, node in subject.neurons(nir.LIF, nir.CubaLIF):
        over = np.asarray(node.v_leak) > np.asarray(node.v_threshold)
        if over.any():
            what = f"v_leak is above v_threshold in {share_of(over)}: it fires without input"
            yield name, what, "check v_leak"


@rule("warning")
def cannot_fire(subject: Subject) -> Found:
    """Most of a layer has thresholds beyond what all spikes at once, for ever, could reach."""
    for name, silent in _silent(subject):
        if silent.mean() > MOST:
            what = f"no input can bring {share_of(silent)} to the threshold"
            yield name, what, "check the scale of weights, r and v_threshold"


@rule("note")
def some_cannot_fire(subject: Subject) -> Found:
    """Some neurons have thresholds beyond what all spikes at once, for ever, could reach."""
    for name, silent in _silent(subject):
        if 0 < silent.mean() <= MOST:
            what = f"no input can bring {share_of(silent)} to the threshold"
            yield name, what, "they cost and say nothing: prune them"


@with_program
def _silent(_: Subject, program: Program) -> Iterator[tuple[str, np.ndarray]]:
    """Which neurons of layers that get spikes alone cannot fire."""
    for layer in program.layers:
        into = program.into(layer.name)
        graded = any(c.on_host or program.carries_membranes(c) for c in into)
        if layer.neuron.spiking and into and not graded:
            neuron = float_neuron(layer)
            assert neuron.threshold is not None
            short = np.less if neuron.fires_at_threshold else np.less_equal
            yield layer.name, short(_highest(program, layer), neuron.threshold)


def _highest(program: Program, layer: Layer) -> np.ndarray:
    """The membranes if all spikes that excite came for ever; infinite where nothing leaks."""
    neuron, excited = float_neuron(layer), np.zeros(layer.size)
    for c in program.into(layer.name):
        excited += np.asarray(c.synapse.matrix().maximum(0).sum(axis=1)).reshape(-1)
    current = excited.reshape(layer.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        held = current if neuron.du is None else current / neuron.du
        high = (held + neuron.bias) / neuron.dv
    high = np.where(held + neuron.bias > 0, high, 0.0)
    return np.maximum(high, neuron.start)


@rule("note")
def ignored_by_readers(subject: Subject) -> Found:
    """Parameters that other tools' readers drop or refuse, as `snnvae conform` finds."""
    for name, node in subject.neurons(*SPIKING):
        said = []
        if np.any(node.v_reset):
            said.append("v_reset (Norse, snnTorch, Sinabs, Spyx drop it)")
        if np.any(getattr(node, "v_leak", 0)):
            said.append("v_leak (Spyx drops it; snnTorch, Sinabs, SpikingJelly refuse it)")
        if isinstance(node, (nir.LIF, nir.IF)) and np.any(np.asarray(node.r) != 1):
            said.append("r (Norse, Sinabs, Spyx drop it)")
        if np.unique(node.v_threshold).size > 1:
            said.append("a threshold per neuron (snnTorch, SpikingJelly refuse it)")
        if said:
            yield name, "; ".join(said), "fold r and v_leak into weights and thresholds"
