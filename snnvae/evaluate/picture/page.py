"""The picture on a page with tables of what is in it: self-contained, light or dark, printable."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import nir

from snnvae import __version__
from snnvae.evaluate.picture import svg
from snnvae.evaluate.picture.describe import Path, shape_text
from snnvae.evaluate.picture.scene import scene
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
    environment.filters |= {"printable": printable, "shape": shape_text, "input": _input}
    return environment.from_string(source.read_text("utf8")).render(
        title=printable(title),
        picture=svg.to_svg(drawn, title, dt=program.dt, bare=False),
        light=svg.style(),
        dark=svg.style(dark=True),
        boxes=drawn.all_boxes(),
        rated=bool(rates),
        program=program,
        version=__version__,
    )


def _input(connection: Connection) -> str:
    kind = type(connection.synapse).__name__
    text = f"{connection.source} through {connection.name} ({kind})"
    if connection.delay:
        text += f", {connection.delay} step{'' if connection.delay == 1 else 's'} late"
    return printable(text + (", on the host" if connection.on_host else ""))
