"""Pages made of templates: whatever a page says of files and names is escaped, and nothing hidden
gets into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from snnvae.extras import require
from snnvae.plain_text import one_line


def render(
    room: str, template: str, filters: Mapping[str, Callable[..., str]], **values: Any
) -> str:
    """A template of the folder `templates` of a room, filled in; MissingError without jinja2."""
    require("jinja2")
    import jinja2

    folder = files(room) / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text("utf8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters.update(filters)
    return environment.get_template(template).render(**values)


def _shown(value: Any) -> Any:
    """Text on one line; HTML of ours stays as it is."""
    return one_line(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
