"""A program of its own: convolutions as Lava's Conv and LIFReset, one sample after another.

    python -m benchmarks.lava_conv_net job.npz made.npz

Lava's ports are (W, H, C), its Conv convolves where torch correlates, and each delivers a step
late.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from snnvae.deploy.lava.importing import require_lava


def main(job_file: str, made_file: str) -> None:
    """Run the job: the first sample by itself, the rest on the clock."""
    require_lava()
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg

    job = dict(np.load(job_file))
    spikes = job["spikes"]
    samples, steps = spikes.shape[:2]
    depth = sum(name.startswith("weight") for name in job)
    total = samples * steps + depth
    source, sinks = _build(job, total)
    config = Loihi2SimCfg(select_tag="floating_pt")
    source.run(RunSteps(num_steps=steps), config)
    began = time.perf_counter()
    source.run(RunSteps(num_steps=total - steps), config)
    took = time.perf_counter() - began
    made: dict[str, Any] = {"seconds": took * steps / (total - steps)}
    for i, sink in enumerate(sinks):
        rows = np.transpose(sink.data.get(), (3, 2, 1, 0))[i + 1 : i + 1 + samples * steps]
        made[str(i)] = rows.reshape(samples, steps, *rows.shape[1:]).astype(bool)
    source.stop()
    np.savez(made_file, **made)


def _build(job: dict[str, np.ndarray], total: int) -> tuple[Any, list[Any]]:
    """The source of spikes and a sink for each layer."""
    from lava.proc.conv.process import Conv
    from lava.proc.io import sink, source
    from lava.proc.lif.process import LIFReset

    spikes = job["spikes"]
    samples, steps = spikes.shape[:2]
    stream = spikes.reshape(samples * steps, *spikes.shape[2:]).transpose(3, 2, 1, 0)
    late = total - samples * steps
    first = source.RingBuffer(data=np.pad(stream, ((0, 0),) * 3 + ((0, late),)).astype(float))
    port, sinks = first.s_out, []
    for i in range(sum(name.startswith("weight") for name in job)):
        weight = job[f"weight {i}"][:, :, ::-1, ::-1].transpose(0, 3, 2, 1)
        conv = Conv(weight=weight.copy(), input_shape=port.shape, padding=1)
        lif = LIFReset(
            shape=conv.a_out.shape,
            du=1,
            dv=float(job[f"dv {i}"]),
            vth=float(job[f"vth {i}"]),
            reset_interval=steps,
            reset_offset=(i + 2) % steps,
        )
        seen = sink.RingBuffer(shape=lif.s_out.shape, buffer=total)
        port.connect(conv.s_in)
        conv.a_out.connect(lif.a_in)
        lif.s_out.connect(seen.a_in)
        port = lif.s_out
        sinks.append(seen)
    return first, sinks


if __name__ == "__main__":
    main(*sys.argv[1:])
