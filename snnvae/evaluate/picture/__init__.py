"""Pictures of NIR graphs as they are in the file: one SVG, or a page with tables.

The layout is ours: layers found by a linear program (`shortest`), ordered by barycentres
(`layers`), folded into columns (`place`), with edges that never cross a node (`route`). Of the
layered layouts in pip's reach, none that is alive is pure Python, and none draws a graph within a
node, folds a long chain, or lets an edge turn back into its node from above.
"""

from __future__ import annotations

from pathlib import Path

import nir

from snnvae.errors import ConfigError
from snnvae.evaluate.picture.page import to_html
from snnvae.evaluate.picture.rates import firing_rates
from snnvae.evaluate.picture.scene import Scene, scene
from snnvae.evaluate.picture.svg import to_svg
from snnvae.files import sha256_of, write_text
from snnvae.program import Program


def write_pictures(
    graph: nir.NIRGraph,
    program: Program,
    title: str,
    *,
    svg: Path | None = None,
    html: Path | None = None,
    recording: Path | None = None,
    source: Path | None = None,
) -> list[str]:
    """Write the files asked for; a line about each. `recording`: its firing rates are shown;
    source: the graph's file, whose SHA-256 the page states."""
    if recording is not None and svg is None and html is None:
        raise ConfigError(
            f"`recording` {recording}: its rates are shown in a picture; add `svg` or `html`"
        )
    rates = None if recording is None else firing_rates(graph, recording)
    if svg is not None:
        drawn = scene(graph, dt=program.dt, rates=rates)
        write_text(svg, to_svg(drawn, title, dt=program.dt))
    if html is not None:
        digest = "" if source is None else sha256_of(source)
        write_text(html, to_html(graph, program, title, rates, sha256=digest))
    return [f"wrote {path}" for path in (svg, html) if path is not None]


__all__ = ["Scene", "firing_rates", "scene", "to_html", "to_svg", "write_pictures"]
