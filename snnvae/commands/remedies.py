"""The command line's own words for what the library says.

The library's texts name an argument by its Python name in backticks: "pass `loop_bias` at-once".
Here that becomes the option that one types: "pass --loop-bias at-once".
"""

from __future__ import annotations

import re

FLAGS = {
    "class_names": "classes",
    "classes": "class",
    "data": "input",
    "delay_edges": "delay-edge",
    "kind": "from",
    "labelled": "data",
    "start": "from",
}
"""Arguments whose option has another name."""
_ARGUMENT = re.compile(r"`([a-z][a-z_]*)`")


def with_flags(text: str) -> str:
    """A text of the library with its arguments as options."""
    return _ARGUMENT.sub(lambda found: flag_of(found[1]), text)


def flag_of(argument: str) -> str:
    """The option of an argument: "scale_per" → "--scale-per"."""
    return "--" + FLAGS.get(argument, argument).replace("_", "-")
