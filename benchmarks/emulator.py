"""The emulator beside the reference, in fixed point beside float, and beside a matrix product."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from benchmarks import networks
from benchmarks.result import Aim, Result, same_spikes
from benchmarks.setup import Setup
from benchmarks.timing import best_of
from snnvae.deploy.run import run
from snnvae.hardware_sim import reference
from snnvae.program import Program
from snnvae.recording import Recording

SIZE = 2048
"""Rows and columns of the matrices of the peak."""


def emulator_reference(setup: Setup) -> Result:
    """The emulator beside the definition in NumPy."""
    program = networks.program(setup)
    stimulus = networks.stimulus(program, setup.samples)
    expected = reference.run(program, stimulus)
    same = same_spikes(run(program, stimulus).spikes, expected.spikes)
    jobs = {
        "ours": partial(run, program, stimulus),
        "reference": partial(reference.run, program, stimulus),
    }
    times = best_of(jobs, min(2, setup.repeats), warm=False)
    return Result(
        "emulator_reference",
        f"emulator, {setup.samples} samples",
        times["ours"],
        "reference engine (NumPy)",
        times["reference"],
        "s",
        times["reference"] / times["ours"],
        Aim(5),
        same,
    )


def fixed_float(setup: Setup) -> Result:
    """Fixed point beside float."""
    jobs, same = {}, ""
    for precision in ("float", "fixed"):
        program = networks.program(setup, precision)
        jobs[precision] = partial(run, program, networks.stimulus(program, setup.samples))
        few = networks.stimulus(program, 4)
        same = same_spikes(run(program, few).spikes, reference.run(program, few).spikes)
    times = best_of(jobs, 2 * setup.repeats)
    return Result(
        "fixed_float",
        "emulator, fixed point",
        times["fixed"],
        "emulator, float",
        times["float"],
        "s",
        times["fixed"] / times["float"],
        Aim(1.5, at_least=False),
        f"{same}, each as the reference",
    )


def decode_peak(setup: Setup) -> Result:
    """What the decoder would be as dense products, per second, beside torch's matrix product."""
    program = networks.program(setup, "float", "decoder")
    stimulus = networks.decoder_stimulus(setup)
    a, b = torch.rand(2, SIZE, SIZE)
    jobs = {"ours": partial(run, program, stimulus), "gemm": partial(torch.mm, a, b)}
    times = best_of(jobs, 2 * setup.repeats)
    recording = run(program, stimulus)
    few = stimulus.select(slice(0, 4))
    same = same_spikes(run(program, few).spikes, reference.run(program, few).spikes)
    dense = sum(c.synapse.macs() for c in program.connections) * stimulus.steps * stimulus.batch
    ours, peak = dense / times["ours"], SIZE**3 / times["gemm"]
    return Result(
        "decode_peak",
        "decoder in the emulator, dense-equivalent",
        ours / 1e9,
        f"torch.mm, float32, {SIZE}³",
        peak / 1e9,
        "GMAC/s",
        100 * ours / peak,
        Aim(35, at_least=True, unit="%"),
        f"{same}, as the reference",
        {
            "synaptic operations per second, 1e9": synaptic_operations(program, recording)
            / times["ours"]
            / 1e9,
            "share of neurons that fire in a step": firing(recording),
            "seconds": times["ours"],
            "threads of torch": torch.get_num_threads(),
        },
    )


def firing(recording: Recording) -> float:
    """The share of all neurons and steps."""
    sizes = [s.size for s in recording.spikes.values()]
    return sum(int(np.count_nonzero(s)) for s in recording.spikes.values()) / sum(sizes)


def synaptic_operations(program: Program, recording: Recording) -> int:
    """Spikes times the synapses that each reaches."""
    total = 0
    for c in program.connections:
        per_neuron = recording.spikes[c.source].sum(axis=(0, 1), dtype=np.int64)
        total += int((per_neuron * c.synapse.fan_out()).sum())
    return total
