"""What all plots share: colours, type, and figures without pyplot, its global state and windows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnvae.files import open_aside

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#999999")
"""Paul Tol's "bright" scheme: apart for colour-blind eyes, and on white as on black."""
BLUE, CYAN, GREEN, YELLOW, RED, PURPLE, GREY = COLOURS
INK, PALE = "#333333", "#bbbbbb"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.edgecolor": INK,
    "legend.frameon": False,
    "text.parse_math": False,  # names are text, whatever dollar signs they hold
}
"""For ``matplotlib.rc_context``."""


@contextmanager
def png(path: Path, width: float, height: float, dpi: int = 150) -> Iterator[Figure]:
    """A figure to draw in, of so many inches, written aside as a PNG when the block ends well."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        with open_aside(path) as file:
            figure.savefig(file, format="png")
