"""The Python API in one breath: a trained model from the zoo, on Lava, as images and energy."""

from __future__ import annotations

from pathlib import Path

from snnvae import zoo
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.export import read_nir
from snnvae.hardware_sim import energy
from snnvae.hardware_sim.energy.report import summary_text
from snnvae.hardware_sim.stimuli import build_stimulus
from snnvae.images import save_grid


def main(out: Path = Path("out/quickstart")) -> None:
    graph = read_nir(zoo.path("digits-esvae"))
    program = compile_graph(graph, "fixed").program
    stimulus = build_stimulus(program, samples=range(16), seed=0)
    recording = run(program, stimulus, "lava-batched")

    images = recording.outputs["output"]
    save_grid(images, out / "images.png")
    recording.save(out / "recording.h5", graph)
    print(f"images {images.shape} in {out / 'images.png'}")
    for layer, spikes in recording.spikes.items():
        print(f"  {layer:<20} {spikes.mean():6.1%} of its neurons fire in a step")

    report = energy.estimate(program, recording, energy.load_profile("horowitz45-memory"))
    print(summary_text(report))


if __name__ == "__main__":
    main()
