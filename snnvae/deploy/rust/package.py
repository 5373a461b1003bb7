"""The files of a network in Rust, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path

from snnvae.deploy.microcontroller.draws import drawn as drawn_of
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.readme import Files, readme
from snnvae.deploy.microcontroller.sizes import Sizes
from snnvae.deploy.microcontroller.template import filled, template
from snnvae.deploy.rust import compiler, draws, source

FILES = ("Cargo.toml", "README.md", "src/lib.rs", "src/layers.rs", "src/tables.rs",
         "src/arithmetic.rs", "src/draws.rs", "src/main.rs", "src/ports.rs")  # fmt: skip
"""All that a folder may get."""
PAGE = Files("rust", draws="src/draws.rs", units="src/lib.rs")


def code(network: Network, *, draws_itself: bool = False) -> dict[str, str]:
    """What is compiled: the library, and the harness of a computer.

    draws_itself: with draws.rs, where Rust can draw what the host draws.
    """
    own = draws.code(network) if draws_itself else {}
    drawn = frozenset(drawn_of(network)) if own else frozenset()
    return {
        "src/lib.rs": source.library(network, draws_itself=bool(own)),
        "src/layers.rs": source.layers(network),
        "src/tables.rs": source.tables(network),
        "src/arithmetic.rs": template("rust", "arithmetic.rs"),
        "src/ports.rs": _ports(network, drawn),
        "src/main.rs": template("rust", "main.rs"),
        **own,
    }


def build(folder: Path, network: Network, command: Sequence[str], flags: Sequence[str]) -> Path:
    """The program of a network, without draws, in `folder`."""
    return compiler.build(folder, code(network), command, flags)


def texts(sizes: Sizes, measured: Mapping[str, float], told: str) -> dict[str, str]:
    """All files of a folder, by name."""
    page = readme(PAGE, sizes, measured, told, **_use(sizes.drawn))
    made = code(sizes.network, draws_itself=sizes.drawn)
    return {**made, "Cargo.toml": template("rust", "Cargo.toml"), "README.md": page}


def _use(drawn: bool) -> dict[str, str]:
    """What a caller writes, and the files of draws, where Rust draws something."""
    if not drawn:
        enters = "// in each step: set what enters, then"
        return {"use": "", "begin": "", "drawing": "", "enters": enters, "draw_files": ""}
    told = "the spikes that the host draws, of the same seed the same"
    return {
        "use": "Draws, ",
        "begin": "let mut draws = Draws::new();\n",
        "drawing": "draws.begin(seed, sample, label);\n",
        "enters": "draws.draw(&mut input);          // in each step; other inputs are yours to set",
        "draw_files": f"| `src/draws.rs` | {told} |\n",
    }


def _ports(network: Network, drawn: frozenset[str]) -> str:
    """The table of names for main.rs."""
    program, names = network.program, network.names
    inputs, entering, outputs, leaving = [], [], [], []
    for port in network.spike_inputs:
        name = f"spikes_{names[port.name]}"
        inputs.append(_port(name, prod(port.shape), True, port.name in drawn))
        entering.append(f"Entering::Spikes(&mut input.{name}),")
    for part in network.host_driven:
        name = f"current_{part.name}"
        inputs.append(_port(name, part.layer.size, False, False))
        entering.append(f"Entering::Currents(&mut input.{name}),")
    for name, of in program.outputs.items():
        layer = program.layer(of)
        spiking = layer.neuron.spiking
        member = f"{'spikes' if spiking else 'membrane'}_{names[name]}"
        outputs.append(_port(member, layer.size, spiking, False))
        leaving.append(f"Leaving::{'Spikes' if spiking else 'Membranes'}(&output.{member}),")
    layers = [f"({p.layer.size}, {_bool(p.layer.neuron.spiking)})," for p in network.parts]

    def lines(of: list[str], by: int) -> str:
        return "".join(f"{'    ' * by}{line}\n" for line in of)

    return filled(
        "rust",
        "ports.rs",
        use_draws="\npub use net::Draws;\n" if drawn else "",
        no_draws="" if drawn else template("rust", "no_draws.rs"),
        steps=str(program.steps),
        classes=str(max(program.classes, 1)),
        inputs=lines(inputs, 1),
        outputs=lines(outputs, 1),
        layers=lines(layers, 1),
        entering=lines(entering, 2),
        leaving=lines(leaving, 2),
        entering_name="input" if entering else "_input",
        leaving_name="output" if leaving else "_output",
        entering_count=str(len(entering)),
        leaving_count=str(len(leaving)),
    )


def _port(name: str, values: int, spikes: bool, drawn: bool) -> str:
    return (
        f'Port {{ name: "{name}", values: {values}, spikes: {_bool(spikes)}, '
        f"drawn: {_bool(drawn)} }},"
    )


def _bool(value: bool) -> str:
    return "true" if value else "false"
