"""A recurrent classifier of touch, trained in Norse: Braille letters under a sliding sensor.

In the manner of the NIR paper's Braille task, on data made here: seven letters of raised dots, read
by six taxels in a row that slides over them; each taxel sends ON events as pressure rises and OFF
events as it falls, 12 channels in all. Speed, place, height and single events vary by chance. With
--save folder the network and the held-out samples are there for `snnvae evaluate`.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import torch
from files_for_evaluate import save
from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse

import snnvae as sv
from snnvae.energy.units import energy
from snnvae.table import Table

LETTERS = {"space": "", "a": "1", "e": "15", "i": "24", "o": "135", "u": "136", "y": "13456"}
"""Their raised dots: 1 to 3 down the left column, 4 to 6 down the right one."""
STEPS, TAXELS, HIDDEN = 48, 6, 40
TRAINED_ON, TESTED_ON = 700, 420
EPOCHS = 20
BLUR, STEP_OF_PRESSURE = 0.35, 0.2
"""Width of a dot under the sensor in dots' distances, and the change that makes an event."""
PROFILE = "horowitz45-memory"


def touched(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Events (N, T, 12) and letters (N,) of `count` touches, as many of each letter."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(LETTERS))
    dots = np.array([[str(dot) in raised for dot in range(1, 7)] for raised in LETTERS.values()])
    heights = dots[labels] * rng.uniform(0.8, 1.2, (count, 6))
    speed, early, aside = rng.normal([[1], [0], [0]], [[0.08], [0.15], [0.1]], (3, count))
    across = (3 * np.arange(STEPS + 1) / STEPS)[:, None] * speed - 1 + early  # (T + 1, N)
    down = np.linspace(-0.5, 2.5, TAXELS)[:, None] + aside  # (taxels, N)
    from_dot = (across[:, None, :, None] - np.repeat([0, 1], 3)) ** 2
    from_dot = from_dot + (down[..., None] - np.tile([0, 1, 2], 2)) ** 2
    pressure = (heights * np.exp(-from_dot / (2 * BLUR**2))).sum(-1)  # (T + 1, taxels, N)
    events = np.zeros((STEPS, 2, TAXELS, count), bool)
    sent = pressure[0].copy()
    for step, now in enumerate(pressure[1:]):
        on, off = events[step]
        on[:], off[:] = now - sent > STEP_OF_PRESSURE, sent - now > STEP_OF_PRESSURE
        sent += STEP_OF_PRESSURE * (on.astype(int) - off)
    events &= rng.random(events.shape) > 0.1
    events |= rng.random(events.shape) < 0.01
    return events.reshape(STEPS, 2 * TAXELS, count).transpose(2, 0, 1), labels


def network() -> nn.Module:
    """12 – 40 that feed one another – 7; the count of the last layer's spikes tells the letter."""
    slow = norse.LIFParameters(
        tau_syn_inv=torch.as_tensor(200.0), tau_mem_inv=torch.as_tensor(100.0)
    )
    module = norse.SequentialState(
        norse.LIFRecurrentCell(2 * TAXELS, HIDDEN, slow),
        nn.Linear(HIDDEN, len(LETTERS)),
        norse.LIFCell(slow),
    )
    with torch.no_grad():
        module[0].input_weights *= 4  # dt/τ is below 1: at Norse's own scale hardly anything fires
        module[1].weight *= 4
    return module


def scores(module: nn.Module, events: torch.Tensor) -> torch.Tensor:
    """(B, T, 12) → (B, 7)."""
    state, out = None, []
    for step in events.unbind(1):
        spikes, state = module(step, state)
        out.append(spikes)
    return torch.stack(out).sum(0)


def train(module: nn.Module, x: np.ndarray, y: np.ndarray) -> None:
    """Adam on cross-entropy, with Norse's surrogate gradients, through all steps."""
    inputs, labels = torch.from_numpy(x).float(), torch.from_numpy(y)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(y)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(scores(module, inputs[rows]), labels[rows]).backward()
            optimiser.step()
        schedule.step()
    module.eval()


def main(folder: Path | None = None) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module = network()
    train(module, *touched(TRAINED_ON, seed=0))
    x, y = touched(TESTED_ON, seed=2)
    graph = sv.from_norse(module, (2 * TAXELS,), steps=STEPS)
    if folder is not None:
        save(folder, module, graph, x, y)

    rows, said = [], []
    for loop in ("process", "accept"):
        here = loop == "process"
        backends = ("emulator", "lava") if here else ("emulator",)
        # The module's row belongs to its own loop; that it is there lets ties go the same way.
        found = sv.assess(graph, x, y, module=module, backends=backends, loop_latency=loop)
        spent = {"torch": "–"}
        for precision in ("float", "fixed"):
            program = sv.compile(graph, precision, loop_latency=loop)
            recording = sv.run(program, sv.make_stimulus(program, x))
            spent[precision] = energy(sv.price(program, recording, PROFILE).total.nominal)
        steps = max((now for _, now in program.lengthened.values()), default=1)
        rows += [
            (form.name, f"{steps}", f"{form.accuracy:.4f}", spent[form.name.split(",")[0]])
            for form in found.classified
            if here or form.name != "torch"
        ]
        said.append(f"loop of {steps}: {len(found.flips)} of {found.samples} answers flip from")
    heads = ("touched letters", "loop's steps", "accuracy", f"energy / sample, {PROFILE}")
    print(Table(heads, rows).as_text() + "\n")
    print(*(f"{line} float to fixed point" for line in said), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path, help="folder for the network and its samples")
    main(parser.parse_args().save)
