"""Colours of a picture, light and dark, as style rules without variables.

Programs that turn an SVG into a PDF know plain rules only. Every pair of text and ground has a
contrast of at least 4.5 (WCAG AA).
"""

from __future__ import annotations

ROLES = {
    "input": ("input", ("#def3e6", "#1f7a43"), ("#143323", "#63c98d")),
    "weights": ("weights", ("#e6edfb", "#3159ab"), ("#1b2945", "#8badf2")),
    "neuron": ("neurons", ("#fbe4ee", "#a92d67"), ("#3f1b2d", "#ee8bb6")),
    "other": ("delay, shape", ("#ededed", "#6b6b6b"), ("#2d2d2d", "#a0a0a0")),
    "output": ("output", ("#fdebd8", "#a8560a"), ("#3c2812", "#efa55c")),
    "graph": ("nested graph", ("#f8f8f6", "#8a8a84"), ("#1f1f1d", "#7d7d77")),
}
"""Roles of nodes in the legend's order: what it calls them; ground and border, light and dark."""

_LOOPS_LIGHT = ("#c2410c", "#6d28d9", "#0f766e", "#b4236a")
_LOOPS_DARK = ("#fb923c", "#b197fc", "#2dd4bf", "#f472b6")
LOOPS = len(_LOOPS_LIGHT)
"""Colours for edges that close loops, so that the eye can tell several apart."""

_VIRIDIS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
_DARK_TO = 0.43
"""White reads on the scale up to here, black from here on."""


def rules(*, dark: bool = False) -> str:
    """Style rules of one scheme."""
    light = ("#ffffff", "#161616", "#4d4d4d", "#5f5f5f")
    ground, ink, soft, line = ("#141414", "#f2f2f2", "#bdbdbd", "#9c9c9c") if dark else light
    lines = [f".ground{{fill:{ground}}}", f".title,.text{{fill:{ink}}}", f".soft{{fill:{soft}}}"]
    for role, (_, *schemes) in ROLES.items():
        fill, stroke = schemes[dark]
        lines.append(f".{role}{{fill:{fill};stroke:{stroke}}}")
    loops = enumerate(_LOOPS_DARK if dark else _LOOPS_LIGHT)
    for name, colour in (("edge", line), *((f"loop{i}", colour) for i, colour in loops)):
        lines.append(f".{name} path{{stroke:{colour}}}.{name} polygon{{fill:{colour}}}")
    return "\n".join(lines)


def shade(part: float) -> tuple[str, str]:
    """Colour of 0 … 1 on the scale (viridis), and that of text on it."""
    place = part * (len(_VIRIDIS) - 1)
    i = min(int(place), len(_VIRIDIS) - 2)
    rgb = (round(a + (b - a) * (place - i)) for a, b in zip(_VIRIDIS[i], _VIRIDIS[i + 1]))
    return f"#{bytes(rgb).hex()}", "#ffffff" if part < _DARK_TO else "#000000"
