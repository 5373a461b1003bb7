"""The picture on a page with tables of what is in it: self-contained, light or dark, printable."""

from __future__ import annotations

from collections.abc import Mapping

import nir

from snnvae import __version__
from snnvae.evaluate.picture import svg
from snnvae.evaluate.picture.describe import Path, shape_text
from snnvae.evaluate.picture.scene import scene
from snnvae.html_page import render
from snnvae.plain_text import counted, visible
from snnvae.program import Connection, Program


def to_html(
    graph: nir.NIRGraph,
    program: Program,
    title: str,
    rates: Mapping[Path, float] | None = None,
    *,
    sha256: str = "",
) -> str:
    """The page of a graph and the program that it compiles to. All that it says is escaped.

    sha256: of the file that the graph comes from, so that page and file can be shared together.
    """
    drawn = scene(graph, dt=program.dt, rates=rates)
    return render(
        "snnvae.evaluate.picture",
        "page.html.j2",
        {"visible": visible, "shape": shape_text, "input": _input},
        title=visible(title),
        picture=svg.to_svg(drawn, title, dt=program.dt, bare=False),
        light=svg.style(),
        dark=svg.style(dark=True),
        boxes=drawn.all_boxes(),
        rated=bool(rates),
        program=program,
        version=__version__,
        sha256=sha256,
    )


def _input(connection: Connection) -> str:
    kind = type(connection.synapse).__name__
    text = f"{connection.source} through {connection.name} ({kind})"
    if connection.delay:
        text += f", {counted(connection.delay, 'step')} late"
    return visible(text + (", on the host" if connection.on_host else ""))
