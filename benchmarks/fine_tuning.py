"""What fine-tuning gets back of what 8 bits lost: `python -m benchmarks.fine_tuning`.

scikit-learn's digits, 16 steps of spikes whose rate is their brightness; 64 → 64 → 64 → 10 neurons,
trained in float64. Then one weight of the second and of the third layer is made so many times the
layer's largest, which takes the bits of all others (docs/your-network.md).
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import nir
import numpy as np
import torch

import snnvae as sv
from snnvae.evaluate.task.fine_tuned import FineTuned, Plan, fine_tune
from snnvae.evaluate.task.words import interval, value
from snnvae.inputs.pairs import Pairs
from snnvae.table import Table
from snnvae.train.network.fine_tune import Course
from snnvae.train.network.run_folder import NETWORK

STEPS, STEP = 16, 1e-3
TAU = 5e-3
FACTORS = (60, 100, 150)
FLOAT, FINE = Course(epochs=12, lr=1e-2), Course(epochs=5)


def samples() -> Pairs:
    """All 1,797 digits as spikes (B, T, 64), and their classes."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    drawn = np.random.default_rng(0).random((len(pixels), STEPS, pixels.shape[1]))
    return Pairs({"input": drawn < pixels[:, None] / 16}, labels, ("digits", "digits"), False)


def network() -> nir.NIRGraph:
    """Untrained, in Norse; its weights are larger than torch's, at which hardly anything fires."""
    import norse.torch as norse
    from torch import nn

    torch.manual_seed(0)
    p = norse.LIFBoxParameters(tau_mem_inv=torch.as_tensor(1 / TAU))
    layers: list[nn.Module] = []
    for size in (64, 64, 10):
        layers += [nn.Linear(64, size), norse.LIFBoxCell(p)]
    with torch.no_grad():
        for layer in layers[::2]:
            layer.weight *= 8  # type: ignore[operator]
    return sv.from_norse(norse.SequentialState(*layers), (64,), steps=STEPS)


def with_large_weights(graph: nir.NIRGraph, factor: float) -> nir.NIRGraph:
    """A copy whose second and third layer have a weight so many times their largest."""
    changed = copy.deepcopy(graph)
    for name in ("2", "4"):
        weight = changed.nodes[name].weight
        weight[0, 0] = factor * np.abs(weight).max()
    return changed


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """The float network, then a row per factor, and with scales from the samples."""
    pairs = samples()

    def tuned(graph: nir.NIRGraph, plan: Plan) -> FineTuned:
        return fine_tune(graph, lambda _: pairs, folder, plan)

    first = tuned(network(), Plan(course=FLOAT))
    trained = sv.read(folder / NETWORK)
    forms = {form.name: form for form in first.after.found.classified}
    yield ("none", *(f"{value(form)} ({interval(form)})" for form in forms.values()), "", "")
    for factor in FACTORS:
        found = [f"× {factor}"]
        large = with_large_weights(trained, factor)
        plain = tuned(large, Plan(course=FINE, qat="loihi2"))
        spread = tuned(large, Plan(course=FINE, qat="loihi2", calibrate="percentile"))
        judged = {form.name: form for form in plain.before.found.classified}
        shown = [judged["float"], judged["fixed"]]
        shown += [one.after.found.classified[-1] for one in (plain, spread)]
        yield (*found, *(f"{value(form)} ({interval(form)})" for form in shown))


def main() -> int:
    """Prints the table."""
    torch.set_num_threads(1)
    head = ("largest weight", "float before", "fixed before", "fixed after", "… percentile")
    with TemporaryDirectory() as folder:
        print(Table(head, list(rows(Path(folder))), text={0, 1, 2, 3, 4}).as_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
