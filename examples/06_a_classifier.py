"""A classifier of your own, trained in a tool of yours: accuracy and energy as deployed, in one
table.

scikit-learn's digits, by --code rate, latency or events (`digits_codes.py`), learned in --tool
norse, snntorch or spikingjelly (`digits_norse.py` …), exported to NIR by that tool's own exporter,
and deployed with its conventions; beside an ANN of the same layers in 8 bits. With --save folder
the network and the held-out samples are there for `snnvae evaluate` (docs/your-network.md).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from digits_codes import CODES, digits
from files_for_evaluate import save
from torch import nn

import snnvae as sv
from snnvae.energy.units import energy
from snnvae.table import Table

TOOLS = ("norse", "snntorch", "spikingjelly")
TRAINED_ON = 1_200
PROFILE = "horowitz45-memory"


def train(
    module: nn.Module,
    forward: Callable[..., torch.Tensor],
    x: np.ndarray,
    y: np.ndarray,
    epochs: int,
    learning_rate: float = 0.01,
) -> None:
    """Adam on cross-entropy, with the tool's surrogate gradients where there are spikes."""
    inputs, labels = torch.from_numpy(x).float(), torch.from_numpy(y)
    optimiser = torch.optim.Adam(module.parameters(), learning_rate)
    for _ in range(epochs):
        for rows in torch.randperm(len(y)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(forward(inputs[rows]), labels[rows]).backward()
            optimiser.step()
    module.eval()


def ann_like(code: str) -> nn.Sequential:
    """The spiking network's layers, with ReLU for its neurons."""
    if code == "events":
        conv = nn.Conv2d(2, 8, 4, stride=2, padding=1)
        return nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(512, 10))
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def int8(values: torch.Tensor) -> torch.Tensor:
    """Rounded to 255 levels around 0."""
    scale = values.abs().max() / 127
    return torch.round(values / scale) * scale


def int8_accuracy(ann: nn.Sequential, x: np.ndarray, y: np.ndarray) -> float:
    """The ANN's, with weights and activations of 8 bits."""
    with torch.no_grad():
        values = torch.from_numpy(x).float()
        for layer in ann:
            if hasattr(layer, "weight"):
                layer.weight.copy_(int8(layer.weight))
                values = int8(values)
            values = layer(values)
        return float((values.argmax(1).numpy() == y).mean())


def main(code: str = "rate", tool_name: str = "norse", folder: Path | None = None) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tool = import_module(f"digits_{tool_name}")
    pixels, labels = digits()
    spikes = CODES[code](pixels)
    known, new = slice(TRAINED_ON), slice(TRAINED_ON, None)

    module = tool.network(code)
    how = tool.EPOCHS[code], tool.LEARNING_RATES[code]
    train(module, lambda x: tool.scores(module, x), spikes[known], labels[known], *how)
    # An ANN has no time: it sees the pixels, or how many events each place had.
    still = spikes.sum(1) if code == "events" else pixels
    ann = ann_like(code)
    train(ann, ann, still[known], labels[known], 30)

    inputs = torch.from_numpy(spikes[new]).float()
    with torch.no_grad():
        own = tool.scores(module, inputs).numpy()
    graph = tool.to_nir(module, inputs)
    if folder is not None:
        save(folder, module, graph, spikes[new], labels[new])
    options = {"conventions": tool.CONVENTIONS}
    found = sv.assess(graph, spikes[new], labels[new], backends=("emulator", "lava"), **options)
    spent = {}
    for precision in ("float", "fixed"):
        program = sv.compile(graph, precision, steps=spikes.shape[1], **options)
        recording = sv.run(program, sv.make_stimulus(program, spikes[new]))
        report = sv.price(program, recording, PROFILE)
        spent[precision] = energy(report.total.nominal)
    (twin,) = (one for one in report.ann if one.name == "ANN int8, ideal reuse")

    # Of equal scores the lower number answers everywhere, as argmax decides it.
    answers = {form.name: form.outcome.scores.argmax(1) for form in found.classified}
    rows = [(tool_name, f"{(own.argmax(1) == labels[new]).mean():.4f}", "–")]
    rows += [
        (form, f"{(said == labels[new]).mean():.4f}", spent[form.split(",")[0]])
        for form, said in answers.items()
    ]
    accuracy = int8_accuracy(ann, still[new], labels[new])
    rows.append((twin.name, f"{accuracy:.4f}", energy(twin.total.nominal)))
    print(
        Table((f"digits, {code} code", "accuracy", f"energy / sample, {PROFILE}"), rows).as_text()
    )
    exact = (own.argmax(1) != answers["float"]).sum()
    flips = (answers["float"] != answers["fixed"]).sum()
    print(f"\n{exact} of {found.samples} answers differ between {tool_name} and float")
    print(f"{flips} of {found.samples} answers flip from float to fixed point")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--code", choices=CODES, default="rate")
    parser.add_argument("--tool", choices=TOOLS, default="norse")
    parser.add_argument("--save", type=Path, help="folder for the network and its samples")
    given = parser.parse_args()
    if find_spec(given.tool) is None:
        parser.error(f"--tool {given.tool} is not installed; pip install 'snnvae[frameworks]'")
    main(given.code, given.tool, given.save)
