"""snnvae itself, on any of its backends."""

from __future__ import annotations

import numpy as np

from snnvae.conform.tools.question import Question, Rows
from snnvae.deploy.backends import Backend
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.errors import UnsupportedError
from snnvae.export.nir_file import read_nir
from snnvae.options import Options
from snnvae.stimulus import Stimulus


def ask(question: Question, backend: Backend = "emulator") -> Rows:
    """Compiles in float64 and runs."""
    rules = question.rules
    if rules.emission == "late":
        raise UnsupportedError("tells a spike in the step in which it comes")
    options = Options(
        dt=question.dt,
        reset=rules.reset,
        spike=rules.spike,
        integrator=rules.integrator,
        initial=rules.initial,
        if_gain=rules.if_gain,
        gain=rules.gain,
        loop_bias=rules.loop_bias,
        steps=question.steps,
        analog=tuple(n for n, rows in question.inputs.items() if not np.isin(rows, (0, 1)).all()),
    )
    program = compile_graph(read_nir(question.file), "float", options).program
    streams = {
        name: rows[None].astype(np.float64 if name in options.analog else bool)
        for name, rows in question.inputs.items()
    }
    recording = run(program, Stimulus(streams, (0,)), backend, membranes=True)
    rows = {}
    for output, name in program.outputs.items():
        if name in streams:
            rows[output] = streams[name][0]
        elif program.layer(name).neuron.spiking:
            rows[output] = recording.spikes[name][0]
        else:  # membranes are recorded as counted from v_reset
            start = program.layer(name).neuron.to_real(np.zeros(()), 1.0)
            rows[output] = recording.membranes[name][0] + start
    return rows
