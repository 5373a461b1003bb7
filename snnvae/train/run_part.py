"""A part of a model in torch, as its deployed form runs: on what the host draws, in stages."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.draw import Draw
from snnvae.hardware_sim.make_stimulus import build_stimulus, next_stimulus
from snnvae.layers.activity import Activity, activity
from snnvae.layers.model import SpikingModel
from snnvae.layers.neuron import Readout
from snnvae.layers.wiring import Wiring
from snnvae.program import Input
from snnvae.stimulus import Stimulus
from snnvae.train.trace import batch_first, time_first


@dataclass(frozen=True, eq=False)
class Stage:
    """A part that is one network, with what a stimulus is made for."""

    model: SpikingModel
    part: str

    @cached_property
    def wiring(self) -> Wiring:
        """The wiring of the part."""
        return self.model.wiring(self.part)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The part's ports, as a program has them."""
        return tuple(
            Input(port.name, port.shape)
            if port.analog is None
            else Input(port.name, port.shape, True, True, *port.analog)
            for port in self.wiring.ports
        )

    @cached_property
    def draws(self) -> tuple[Draw, ...]:
        """The draws of the host, for the ports."""
        return self.model.draws(self.part)

    @property
    def steps(self) -> int:
        """T of the deployed network."""
        return int(self.model.config.steps)

    @property
    def classes(self) -> int:
        """The number of classes that a conditional model knows, else 0."""
        step = self.model.host_step(self.part)
        return max([0 if step is None else step.classes, *(draw.classes for draw in self.draws)])

    def run(self, stimulus: Stimulus) -> Activity:
        """Runs the part in the model's precision."""
        dtype = next(self.model.parameters()).dtype
        streams = {name: time_first(s, dtype) for name, s in stimulus.streams.items()}
        return activity(self.wiring, streams)


def deployable(model: Any) -> Any:
    """The model as it is run: folded and in float64 unless it is folded; an ANN in evaluation.

    One in fixed point runs as it is.
    """
    if isinstance(model, SpikingModel) and model.is_fixed:
        return copy.deepcopy(model).eval().double()
    if isinstance(model, SpikingModel) and not model.is_folded:
        return model.folded().double()
    return model.eval()


def run_part(
    model: SpikingModel,
    part: str,
    samples: Sequence[int],
    seed: int,
    data: Mapping[str, NDArray[Any]] | None = None,
    label: Sequence[int] = (),
) -> NDArray[np.float64]:
    """Returns what comes out of a part: membranes (B, …) of a readout as the host reads them, or
    spikes (B, T, …); data by port and label as of `build_stimulus`."""
    stages = [Stage(model, stage) for stage in model.stages(part)]
    stimulus = build_stimulus(stages[0], samples, seed=seed, data=data, classes=label or None)
    for stage, following in pairwise(stages):
        step = model.host_step(stage.part)
        assert step is not None
        spikes = batch_first(stage.run(stimulus).spikes[stage.wiring.output])
        drawn = {draw.port for draw in following.draws}
        (port,) = (p.name for p in following.inputs if p.name not in drawn)
        stimulus = next_stimulus(step, spikes, following, port, stimulus)
    last = stages[-1]
    return output_of(last.wiring, last.run(stimulus))


def output_of(wiring: Wiring, found: Activity) -> NDArray[np.float64]:
    """Returns what comes out of a part, in the form of `run_part`."""
    (neuron,) = (cell.neuron for cell in wiring.cells if cell.name == wiring.output)
    if not isinstance(neuron, Readout):
        return batch_first(found.spikes[wiring.output])
    value: NDArray[np.float64] = found.membranes[wiring.output][-1].double().numpy()
    return np.tanh(value) if wiring.tanh else value
