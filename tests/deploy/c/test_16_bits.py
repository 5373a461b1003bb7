"""Where `int` has 16 bits: the C on an emulated AVR, the same spikes and membranes as here."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from in_code import STRICT, random_program, summed
from thorough import often

from snnvae.deploy.c import package
from snnvae.deploy.microcontroller.network import Network
from snnvae.draws.attributes import Attributes
from snnvae.draws.bernoulli import Bernoulli
from snnvae.draws.draw import Draw
from snnvae.draws.first_steps import FirstSteps
from snnvae.draws.one_hot import OneHot
from snnvae.draws.patterns import Patterns
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.host import host_currents
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.primitives import Linear, OneToOne
from snnvae.program import Program
from snnvae.stimulus import Stimulus

CHIP, RAM = "atmega1284p", 16 * 1024
TOOLS = ("avr-gcc", "simavr")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"{', '.join(MISSING)} not installed")

MAIN = """
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>
#include "net.h"
#ifdef DRAWN
#include "net_draws.h"
#endif

static const uint32_t given[][sizeof(net_input) / 4u] PROGMEM = {@rows};
static net_input in;
static net_output out;
static uint32_t sum;

void net_trace_membrane(uint32_t layer, uint32_t neuron, int32_t v)
{
    sum += (layer * 7919u + neuron + 1u) * (uint32_t)v;
}

void net_trace_spikes(uint32_t layer, const uint32_t *spikes)
{
    sum += (layer + 1u) * 0x9E3779B1u * spikes[0];
}

void net_trace_operations(uint32_t count)
{
    (void)count;
}

static void say(uint8_t letter)
{
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = letter;
}

int main(void)
{
    UCSR0B = 1 << TXEN0;
    net_reset();
#ifdef DRAWN
    net_draws_begin(@seedu, 0u, 0u);
#endif
    for (uint16_t step = 0u; step < sizeof given / sizeof given[0]; step++) {
#ifdef DRAWN
        net_draw(&in);
#else
        memcpy_P(&in, given[step], sizeof in);
#endif
        sum = 0u;
        net_step(&in, &out);
        for (uint8_t n = 0u; n < 8u; n++) {
            say("0123456789abcdef"[(sum >> (28u - 4u * n)) & 15u]);
        }
        say('\\n');
    }
    cli();
    sleep_mode();
    return 0;
}
"""


def entering(network: Network, stimulus: Stimulus) -> np.ndarray:
    """What net_input holds at each step of the first sample, uint32 (T, words)."""
    rows = []
    for port in network.spike_inputs:
        flat = stimulus.streams[port.name][0].reshape(stimulus.steps, -1).astype(bool)
        padded = np.pad(flat, ((0, 0), (0, -flat.shape[1] % 32)), constant_values=True)
        rows.append(np.packbits(padded, axis=1, bitorder="little").view("<u4"))
    currents = host_currents(network.program, stimulus)
    for part in network.host_driven:
        into = [c for c in network.program.into(part.layer.name) if c.on_host]
        own = sum(currents[c.name][0] for c in into).reshape(stimulus.steps, -1)
        rows.append(np.ascontiguousarray(own, "<i4").view("<u4"))
    return np.hstack(rows)


def sums(network: Network, stimulus: Stimulus) -> list[int]:
    """Of each step, by which the chip tells what it computed."""
    wanted = reference.run(network.program, stimulus, membranes=True)
    total = np.zeros(stimulus.steps, np.uint64)
    for part in network.parts:
        v = wanted.membranes[part.layer.name][0].reshape(stimulus.steps, -1).astype(np.uint64)
        factors = (part.number * 7919 + np.arange(v.shape[1]) + 1).astype(np.uint64)
        total += (v * factors).sum(1)
        if part.layer.neuron.spiking:
            first = wanted.spikes[part.layer.name][0].reshape(stimulus.steps, -1)[:, :32]
            words = (first.astype(np.uint64) << np.arange(first.shape[1], dtype=np.uint64)).sum(1)
            total += words * np.uint64((part.number + 1) * 0x9E3779B1)
    return [int(n) % 2**32 for n in total]


def assert_same_on_an_avr(
    program: Program, stimulus: Stimulus, folder: Path, *, draws_itself: bool = False
) -> None:
    """Built with every warning an error; int has 16 bits there."""
    network = Network.of(program)
    given = entering(network, stimulus)
    assert network.ram + network.flash + 2 * 4 * given.shape[1] < RAM - 1024, "too large a test"
    made = package.code(network, draws_itself=draws_itself)
    sources = [name for name in ("net.c", "net_draws.c") if name in made]
    for name in (*sources, "net.h", "net_tables.h", *["net_draws.h"] * draws_itself):
        (folder / name).write_text(made[name])
    rows = ",".join("{" + ",".join(f"{n}u" for n in row) + "}" for row in given.tolist())
    text = MAIN.replace("@rows", rows).replace("@seed", str(stimulus.seed))
    (folder / "chip.c").write_text(text)
    chip = ["avr-gcc", f"-mmcu={CHIP}", "-std=c99", "-O2", "-DNET_TRACE"]
    subprocess.run([*chip, *STRICT, "-c", *sources], cwd=folder, check=True)
    objects = [name.replace(".c", ".o") for name in sources]
    own = ["-DDRAWN"] if draws_itself else []
    subprocess.run([*chip, *own, "-o", "net.elf", "chip.c", *objects], cwd=folder, check=True)
    command = ["simavr", "-m", CHIP, "-f", "16000000", "net.elf"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    said = (ran.stdout + ran.stderr).decode(errors="replace")
    assert [int(n, 16) for n in re.findall(r"([0-9a-f]{8})\.", said)] == sums(network, stimulus)


FEW = (0, 2)


@pytest.mark.parametrize("seed", often(range(60), FEW))
def test_random_graphs(seed: int, tmp_path: Path) -> None:
    assert_same_on_an_avr(*random_program(seed), tmp_path)


def test_products_and_masks_beyond_16_bits(tmp_path: Path) -> None:
    """Halved weights of 16 bits are doubled; of the last of several words some bits are masked."""
    rng = np.random.default_rng(0)
    even = 2 * rng.integers(-30_000, 30_000, (8, 40))
    synapses = {
        "doubled in the neurons": Linear((40,), (8,), even),
        "one by one": Linear((40,), (8,), even[::-1]),
        "odd": Linear((40,), (8,), even + 1),
        "same": OneToOne.plain((45,)).with_weight(np.full(45, 40_000)),
        "odd twins": OneToOne.plain((45,)).with_weight(np.full(45, 39_999)),
    }
    program = summed(synapses)
    joined = {"odd": "one by one", "odd twins": "same"}  # no layer doubles what is odd
    wires = [replace(c, target=joined.get(c.target, c.target)) for c in program.connections]
    program = replace(program, connections=tuple(wires))
    streams = {port.name: rng.random((1, 6, *port.shape)) < 0.5 for port in program.inputs}
    assert_same_on_an_avr(program, Stimulus(streams, (0,)), tmp_path)


def test_draws(tmp_path: Path) -> None:
    """Philox, bounds of 64 bits, patterns and bits of neurons."""
    rng = np.random.default_rng(1)
    rates = rng.random((3, 9))
    p = rates[:2, :5] / rates[:2, :5].sum(1, keepdims=True)
    drawn: dict[str, Draw] = {
        "choice": OneHot("choice", 5, 16, 4),
        "of seven": OneHot("of seven", 6, 7, 5),
        "rates": Bernoulli("rates", rates[0], 6),
        "attributes": Attributes("attributes", rates, 7),
        "first": FirstSteps("first", 37, 3, 8),
        "patterns": Patterns("patterns", rng.random((5, 4)) < 0.5, p, np.array([0, 1, 1]), 9),
    }
    sizes = {name: draw.stream((0,), 1, 0, (0,)).shape[-1] for name, draw in drawn.items()}
    program = summed(
        {name: Linear((n,), (3,), rng.integers(-9, 9, (3, n))) for name, n in sizes.items()}
    )
    program = replace(
        program, draws=tuple(replace(d, port=f"in {name}") for name, d in drawn.items())
    )
    stimulus = build_stimulus(program, [0], seed=2**40 + 7)
    assert_same_on_an_avr(program, stimulus, tmp_path, draws_itself=True)
