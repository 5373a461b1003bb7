"""What the host draws for a program, and does after it: counted, and never priced."""

from __future__ import annotations

from snnvae.draws.draw import HostWork
from snnvae.program import Program


def host_work(program: Program, steps: int) -> HostWork | None:
    """Of one sample of `steps` steps; None if there is none."""
    work = [draw.work(steps) for draw in program.draws]
    if program.host_step is not None:
        spiking = {n for n in program.outputs.values() if program.layer(n).neuron.spiking}
        size = sum(program.layer(name).size for name in spiking)
        work.append(program.host_step.work(steps, size))
    work = [each for each in work if each.operations]
    if not work:
        return None
    return HostWork(
        ", ".join(each.kind for each in work),
        draws=sum(each.draws for each in work),
        macs=sum(each.macs for each in work),
        sigmoids=sum(each.sigmoids for each in work),
    )
