"""The files of a network in C, by name."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path

from snnvae.deploy.c import draws, source
from snnvae.deploy.c.network import Network
from snnvae.deploy.c.readme import readme
from snnvae.deploy.c.sizes import Sizes
from snnvae.deploy.c.template import filled, template
from snnvae.files import make_folder, write_text

FILES = ("net.h", "net.c", "net_tables.h", "net_ports.h", "main.c", "net_draws.h", "net_draws.c",
         "Makefile", "CMakeLists.txt", "README.md")  # fmt: skip
"""All that a folder may get."""


def code(network: Network, *, draws_itself: bool = False) -> dict[str, str]:
    """What is compiled: net.c, its tables and headers, and the harness of a computer.

    draws_itself: with net_draws.c, where C can draw what the host draws.
    """
    own = draws.code(network) if draws_itself else {}
    drawn = frozenset(draws.drawn(network)) if own else frozenset()
    return {
        "net.h": source.header(network),
        "net_tables.h": source.tables(network),
        "net.c": source.source(network),
        "net_ports.h": _ports(network, drawn),
        "main.c": template("main.c"),
        **own,
    }


def write(
    sizes: Sizes, folder: Path, measured: Mapping[str, float] | None = None, told: str = "nothing"
) -> list[Path]:
    """Writes the folder, each file aside and renamed; what was written.

    measured: additions of a mean step by layer; told: of what run.
    """
    made = code(sizes.network, draws_itself=sizes.drawn)
    sources = " ".join(name for name in made if name.endswith(".c") and name != "main.c")
    made["Makefile"] = filled("Makefile", sources=sources)
    made["CMakeLists.txt"] = filled("CMakeLists.txt", sources=sources)
    made["README.md"] = readme(sizes, measured or {}, told)
    make_folder(folder)
    for name, text in made.items():
        write_text(folder / name, text)
    for name in {*FILES} - {*made}:  # of a network that was written here before
        (folder / name).unlink(missing_ok=True)
    return [folder / name for name in made]


def _ports(network: Network, drawn: frozenset[str]) -> str:
    """The table of names for main.c."""
    program, names = network.program, network.names
    inputs = [
        _port("net_input", f"spikes_{names[i.name]}", prod(i.shape), True, i.name in drawn)
        for i in network.spike_inputs
    ]
    inputs += [
        _port("net_input", f"current_{part.name}", part.layer.size, False, False)
        for part in network.host_driven
    ]
    outputs = []
    for name, of in program.outputs.items():
        layer = program.layer(of)
        kind = "spikes" if layer.neuron.spiking else "membrane"
        member = f"{kind}_{names[name]}"
        outputs.append(_port("net_output", member, layer.size, layer.neuron.spiking, False))
    layers = [
        f"    {{{part.layer.size}u, {int(part.layer.neuron.spiking)}}}," for part in network.parts
    ]
    return filled(
        "net_ports.h",
        steps=str(program.steps),
        classes=str(max(program.classes, 1)),
        drawn="#define NET_DRAWN\n" if drawn else "",
        inputs="".join(inputs),
        outputs="".join(outputs),
        layers="\n".join(layers),
    )


def _port(struct: str, member: str, values: int, spikes: bool, drawn: bool) -> str:
    place = f"offsetof({struct}, {member})"
    return f'    {{"{member}", {place}, {values}u, {int(spikes)}, {int(drawn)}}},\n'
