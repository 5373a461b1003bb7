"""The Python API in one breath: a trained model from the zoo, on Lava, as images and energy."""

from __future__ import annotations

from pathlib import Path

import snnvae as sv
from snnvae.images import save_grid


def main(out: Path = Path("out/quickstart")) -> None:
    graph = sv.read(sv.zoo.path("digits-esvae"))
    program = sv.compile(graph, "fixed")
    stimulus = sv.make_stimulus(program, samples=16, seed=0)
    recording = sv.run(program, stimulus, "lava")

    images = recording.outputs["output"]
    save_grid(images, out / "images.png")
    recording.save(out / "recording.h5", graph)
    print(f"images {images.shape} in {out / 'images.png'}")
    for layer, spikes in recording.spikes.items():
        print(f"  {layer:<20} {spikes.mean():6.1%} of its neurons fire in a step")

    report = sv.price(program, recording, "horowitz45-memory")
    print(report)
    for layer in report.layers:
        print(f"  {layer.name:<20} {layer.total.nominal:12,.0f} pJ")


if __name__ == "__main__":
    main()
