"""A stock Lava graph from our compiler, extended by hand with other Lava processes.

Behind the last spiking layer we hang four neurons, of Lava's own Dense and LIF: each watches one
quarter of the image and fires when much happens there.
"""

from __future__ import annotations

import numpy as np

from snnvae import zoo
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.lava import build_stock
from snnvae.export import read_nir
from snnvae.hardware_sim.host import readout
from snnvae.hardware_sim.make_stimulus import build_stimulus

WATCHED = "decoder.1.lif"
NAMES = ("top left", "top right", "bottom left", "bottom right")


def main() -> None:
    program = compile_graph(read_nir(zoo.path("digits-esvae")), "fixed").program
    stimulus = build_stimulus(program, samples=range(2), seed=0)
    graph = build_stock(program, stimulus)  # first: it makes `import lava` work

    from lava.magma.core.run_conditions import RunSteps
    from lava.proc.dense.process import Dense
    from lava.proc.io.sink import RingBuffer
    from lava.proc.lif.process import LIF

    channels, height, width = program.shape_of(WATCHED)
    weights = np.zeros((4, channels, height, width), int)
    for quarter, (y, x) in enumerate(np.ndindex(2, 2)):
        rows = slice(y * height // 2, (y + 1) * height // 2)
        columns = slice(x * width // 2, (x + 1) * width // 2)
        weights[quarter, :, rows, columns] = 2
    # The ports of a stock graph are flat, in C order.
    watch = Dense(weights=weights.reshape(4, -1))
    alarm = LIF(shape=(4,), du=4095, dv=4095, vth=100)
    record = RingBuffer(shape=(4,), buffer=graph.total)
    graph.outputs[WATCHED].connect(watch.s_in)
    watch.a_out.connect(alarm.a_in)
    alarm.s_out.connect(record.a_in)

    alarm.run(condition=RunSteps(num_steps=graph.total), run_cfg=graph.run_config)
    alarms = record.data.get().sum(axis=1).astype(int)
    images = readout(program, {"readout": graph.final("readout")})["output"]
    graph.stop()

    for name, count in zip(NAMES, alarms):
        print(f"{name:<13} alarmed in {count} of {graph.total} steps")
    print(f"and the network's own images are there as ever: {images.shape}")


if __name__ == "__main__":
    main()
