"""The picture on a page with tables of what is in it: self-contained, light or dark, printable."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import nir

from snnvae import __version__
from snnvae.evaluate.picture import svg
from snnvae.evaluate.picture.describe import shape_text
from snnvae.evaluate.picture.scene import Path, Scene, scene
from snnvae.evaluate.picture.text import printable
from snnvae.extras import require
from snnvae.program import Connection, Program


def to_html(
    graph: nir.NIRGraph, program: Program, title: str, rates: Mapping[Path, float] | None = None
) -> str:
    """The page of a graph and the program that it compiles to. All that it says is escaped."""
    require("jinja2")
    import jinja2

    drawn = scene(graph, dt=program.dt, rates=rates)
    source = files("snnvae.evaluate.picture") / "templates" / "page.html.j2"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source.read_text("utf8")).render(
        title=printable(title),
        picture=svg.to_svg(drawn, title, dt=program.dt, bare=False),
        light=svg.style(),
        dark=svg.style(dark=True),
        nodes=_nodes(drawn),
        rated=bool(rates),
        conventions=[
            {"name": name, "value": stated.value, "source": stated.source}
            for name, stated in program.conventions.items()
        ],
        layers=_layers(program),
        digest=program.digest(),
        precision=program.precision,
        version=__version__,
    )


def _nodes(drawn: Scene) -> list[dict[str, Any]]:
    rows = []
    for box in drawn.all_boxes():
        description = box.card.description
        rows.append(
            {
                "name": printable(".".join(box.path)),
                "type": description.type,
                "given": shape_text(description.given),
                "gives": shape_text(description.gives),
                "neurons": description.neurons,
                "weights": description.weights,
                "parameters": "; ".join(f"{p.name} {p.text}" for p in description.parameters),
                "rate": box.card.rated,
            }
        )
    return rows


def _layers(program: Program) -> list[dict[str, Any]]:
    return [
        {
            "name": printable(layer.name),
            "kind": layer.neuron.kind,
            "shape": shape_text(layer.shape),
            "neurons": layer.size,
            "inputs": [_input(connection) for connection in program.into(layer.name)],
        }
        for layer in program.layers
    ]


def _input(connection: Connection) -> str:
    kind = type(connection.synapse).__name__
    text = f"{connection.source} through {connection.name} ({kind})"
    if connection.delay:
        text += f", {connection.delay} step{'' if connection.delay == 1 else 's'} late"
    return printable(text + (", on the host" if connection.on_host else ""))
