"""A classifier of your own, trained in Norse: accuracy and energy as deployed, in one table.

scikit-learn's digits, as spikes whose rate is a pixel's brightness, or with --latency one spike per
pixel, the brighter the earlier; beside an ANN of the same size in 8 bits. With --save folder the
network and the held-out samples are there for `snnvae evaluate` (docs/your-network.md).
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse

import snnvae as sv
from snnvae.energy.units import energy
from snnvae.table import Table

STEPS, HIDDEN, TRAINED_ON = 16, 64, 1_200
EPOCHS = {"rate": 12, "latency": 25}
TAU_INVERSE = {"rate": 200.0, "latency": 400.0}
"""1/τ of the membranes in 1/s; a step is 1 ms."""
PROFILE = "horowitz45-memory"


def rate_code(pixels: np.ndarray) -> np.ndarray:
    """(B, 64) of [0, 1] → (B, T, 64): at each step a spike with that probability."""
    return np.random.default_rng(0).random((len(pixels), STEPS, 64)) < pixels[:, None]


def latency_code(pixels: np.ndarray) -> np.ndarray:
    """(B, 64) of [0, 1] → (B, T, 64): one spike, at step (1 − pixel)·T; none of a black pixel."""
    return np.floor((1 - pixels) * STEPS)[:, None] == np.arange(STEPS)[None, :, None]


def network(code: str = "rate") -> nn.Module:
    """64 – 64 – 10: the count of the last layer's spikes tells the class, or its last membrane."""
    p = norse.LIFBoxParameters(tau_mem_inv=torch.as_tensor(TAU_INVERSE[code]))
    last = norse.LIFBoxCell(p) if code == "rate" else norse.LIBoxCell()
    module = norse.SequentialState(
        nn.Linear(64, HIDDEN), norse.LIFBoxCell(p), nn.Linear(HIDDEN, 10), last
    )
    with torch.no_grad():
        for layer in (module[0], module[2]):
            layer.weight *= 8  # dt/τ is below 1: at torch's own scale hardly anything fires
    return module


def latency_network() -> nn.Module:
    """The network of the other code, for `snnvae evaluate --module`."""
    return network("latency")


def scores(module: nn.Module, spikes: torch.Tensor, code: str) -> torch.Tensor:
    """(B, T, 64) → (B, 10)."""
    state, out = None, []
    for step in spikes.unbind(1):
        y, state = module(step, state)
        out.append(y)
    return torch.stack(out).sum(0) if code == "rate" else out[-1]


def train(
    module: nn.Module,
    forward: Callable[..., torch.Tensor],
    x: np.ndarray,
    y: np.ndarray,
    epochs: int,
) -> None:
    """Adam on cross-entropy, with Norse's surrogate gradients where there are spikes."""
    inputs, labels = torch.from_numpy(x).float(), torch.from_numpy(y)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(epochs):
        for rows in torch.randperm(len(y)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(forward(inputs[rows]), labels[rows]).backward()
            optimiser.step()
    module.eval()


def int8(values: torch.Tensor) -> torch.Tensor:
    """Rounded to 255 levels around 0."""
    scale = values.abs().max() / 127
    return torch.round(values / scale) * scale


def int8_accuracy(ann: nn.Sequential, x: np.ndarray, y: np.ndarray) -> float:
    """The ANN's, with weights and activations of 8 bits."""
    with torch.no_grad():
        for layer in (ann[0], ann[2]):
            layer.weight.copy_(int8(layer.weight))
        hidden = int8(ann[:2](int8(torch.from_numpy(x).float())))
        return float((ann[2](hidden).argmax(1).numpy() == y).mean())


def save(folder: Path, module: nn.Module, graph: object, x: np.ndarray, y: np.ndarray) -> None:
    """net.nir, weights.pt, and the samples with their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    sv.write(graph, folder / "net.nir")
    torch.save(module.state_dict(), folder / "weights.pt")
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)


def main(code: str = "rate", folder: Path | None = None) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    pixels, labels = pixels[order] / 16, labels[order]
    spikes = rate_code(pixels) if code == "rate" else latency_code(pixels)
    known, new = slice(TRAINED_ON), slice(TRAINED_ON, None)

    module = network(code)
    train(module, lambda x: scores(module, x, code), spikes[known], labels[known], EPOCHS[code])
    ann = nn.Sequential(nn.Linear(64, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    train(ann, ann, pixels[known], labels[known], 30)

    graph = sv.from_norse(module, (64,), steps=STEPS)
    if folder is not None:
        save(folder, module, graph, spikes[new], labels[new])
    found = sv.assess(graph, spikes[new], labels[new], module=module, backends=("emulator", "lava"))
    spent = {"torch": "–"}
    for precision in ("float", "fixed"):
        program = sv.compile(graph, precision)
        recording = sv.run(program, sv.make_stimulus(program, spikes[new]))
        report = sv.price(program, recording, PROFILE)
        spent[precision] = energy(report.total.nominal)
    (twin,) = (one for one in report.ann if one.name == "ANN int8, ideal reuse")
    rows = [
        (form.name, f"{form.accuracy:.4f}", spent[form.name.split(",")[0]])
        for form in found.classified
    ]
    accuracy = int8_accuracy(ann, pixels[new], labels[new])
    rows.append((twin.name, f"{accuracy:.4f}", energy(twin.total.nominal)))
    print(
        Table((f"digits, {code} code", "accuracy", f"energy / sample, {PROFILE}"), rows).as_text()
    )
    print(f"\n{len(found.flips)} of {found.samples} answers flip from float to fixed point")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", action="store_true", help="one spike per pixel")
    parser.add_argument("--save", type=Path, help="folder for the network and its samples")
    given = parser.parse_args()
    main("latency" if given.latency else "rate", given.save)
