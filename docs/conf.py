"""The site: `make docs` builds it into out/docs, offline."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from pygments.lexers.special import TextLexer

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import snnvae  # noqa: E402

project = "snnvae"
author = "the authors of snnvae"
copyright = "the authors of snnvae; BSD 3-Clause"  # noqa: A001
release = version = snnvae.__version__
extensions = ["sphinx.ext.autodoc", "myst_nb", "sphinx_copybutton", "commands"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb", ".rst": "restructuredtext"}
exclude_patterns = ["_ext"]

html_theme = "furo"
html_title = f"snnvae {release}"
html_static_path: list[str] = []
html_theme_options = {"navigation_with_keys": True}

myst_enable_extensions = ["colon_fence", "html_image"]
myst_heading_anchors = 4
suppress_warnings = ["myst.strikethrough"]
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

nb_execution_mode = "force"
nb_execution_timeout = 240
nb_execution_raise_on_error = True

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_format = "short"

_OURS = re.compile(r"(?<!`)`([^`]+)`(?!`)")


def plain(
    app: object, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Our docstrings are plain sentences: what reST would take for marks is text."""
    code = False
    for n, line in enumerate(lines):
        code = line.lstrip().startswith(">>>") or (code and bool(line.strip()))
        if not code:
            line = line.replace("\\", "\\\\").replace("*", "\\*").replace("|", "\\|")
            lines[n] = _OURS.sub(r"``\1``", line)


def linked(app: object, name: str, source: list[str]) -> None:
    """Pages lead to files of the repository as they are read there; the site has its own."""
    source[0] = source[0].replace("../CHANGELOG.md)", "changelog.md)")


def setup(app: Any) -> None:
    """Sphinx calls it."""
    app.connect("autodoc-process-docstring", plain)
    app.connect("source-read", linked)
    for name in ("mermaid", "csv"):  # shown as they are
        app.add_lexer(name, TextLexer)
