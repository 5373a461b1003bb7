"""The process in which a tool runs: a question a line comes in, an answer a line goes out."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import warnings
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from snnvae.conform.read_suite import read_arrays
from snnvae.conform.suite.rules import Rules
from snnvae.conform.tools import TOOLS
from snnvae.conform.tools.question import Question
from snnvae.plain_text import words_of

_PR_SET_PDEATHSIG = 1
READY = {"ready": True}
OUTPUT = "output/"
"""In front of the names of outputs, which may be anything, among the arguments of savez."""


def main() -> None:
    """Answers until nobody asks any more. sys.argv: the tool's name."""
    if sys.platform == "linux":  # a tool that hangs ends with who asked it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # tools print as they please
        os.dup2(silence, stream)
    warnings.simplefilter("ignore")
    ask = _tool(sys.argv[1])
    print(json.dumps(READY), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(ask, json.loads(line))), file=answers, flush=True)


def _tool(name: str) -> Any:
    kind, _, backend = name.partition("-")
    module = import_module(f"snnvae.conform.tools.{kind}")
    import_module(TOOLS[name])
    return partial(module.ask, backend=backend) if backend else module.ask


def _answer(ask: Any, told: dict[str, Any]) -> dict[str, str]:
    """{} where the outputs were written, or why there are none."""
    arrays = read_arrays(Path(told["arrays"]))
    inputs = {name: arrays[f"input/{name}"] for name in told["inputs"]}
    try:
        question = Question(Path(told["file"]), inputs, told["dt"], Rules(**told["rules"]))
        rows = ask(question)
        np.savez(
            told["into"],
            allow_pickle=False,
            **{f"{OUTPUT}{name}": np.asarray(found) for name, found in rows.items()},
        )
    except Exception as error:  # whatever a tool makes of a file
        kind = type(error).__name__
        return {"refused": words_of(error, 120) or kind, "kind": kind}
    return {}


if __name__ == "__main__":
    main()
