"""The files of a network in C, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path

from snnvae.deploy.c import compiler, draws, source
from snnvae.deploy.microcontroller.draws import drawn as drawn_of
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.readme import Files, readme
from snnvae.deploy.microcontroller.sizes import Sizes
from snnvae.deploy.microcontroller.template import filled, template

FILES = ("net.h", "net.c", "net_tables.h", "net_ports.h", "main.c", "net_draws.h", "net_draws.c",
         "Makefile", "CMakeLists.txt", "README.md")  # fmt: skip
"""All that a folder may get."""
PAGE = Files("c", draws="net_draws.c", units="net.h")


def code(network: Network, *, draws_itself: bool = False) -> dict[str, str]:
    """What is compiled: net.c, its tables and headers, and the harness of a computer.

    draws_itself: with net_draws.c, where C can draw what the host draws.
    """
    own = draws.code(network) if draws_itself else {}
    drawn = frozenset(drawn_of(network)) if own else frozenset()
    return {
        "net.h": source.header(network),
        "net_tables.h": source.tables(network),
        "net.c": source.source(network),
        "net_ports.h": _ports(network, drawn),
        "main.c": template("c", "main.c"),
        **own,
    }


def build(folder: Path, network: Network, command: Sequence[str], flags: Sequence[str]) -> Path:
    """The program of a network, without draws and with a trace, in `folder`."""
    return compiler.build(folder, code(network), command, (*flags, "-DNET_TRACE"))


def texts(sizes: Sizes, measured: Mapping[str, float], told: str) -> dict[str, str]:
    """All files of a folder, by name."""
    made = code(sizes.network, draws_itself=sizes.drawn)
    sources = " ".join(name for name in made if name.endswith(".c") and name != "main.c")
    return {
        **made,
        "Makefile": filled("c", "Makefile", sources=sources),
        "CMakeLists.txt": filled("c", "CMakeLists.txt", sources=sources),
        "README.md": readme(PAGE, sizes, measured, told, **_use(sizes.drawn)),
    }


def _use(drawn: bool) -> dict[str, str]:
    """What a caller writes, and the files of draws, where C draws something."""
    if not drawn:
        enters = "/* in each step: set what enters, then */"
        own = {"include": "", "begin": "", "enters": enters, "draw_files": ""}
        return {**own, "compiled": "`net.c`"}
    told = "the spikes that the host draws, of the same seed the same"
    return {
        "include": '#include "net_draws.h"\n',
        "begin": "net_draws_begin(seed, sample, label);\n",
        "enters": "net_draw(&in);                /* in each step; other inputs are yours to set */",
        "draw_files": f"| `net_draws.h`, `net_draws.c` | {told} |\n",
        "compiled": "`net.c` and `net_draws.c`",
    }


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
        "c",
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
