"""Fixed-point programs as self-contained C99, for any microcontroller: see docs/c.md."""

from __future__ import annotations

from functools import partial

from snnvae.deploy.c import compiler, package
from snnvae.deploy.microcontroller import runner
from snnvae.deploy.microcontroller.dialect import Dialect
from snnvae.deploy.microcontroller.sizes import Code

__all__ = ["DIALECT", "run"]

TAKEN = Code(network=512, function=300, draws=700, draw=250)
"""Bytes, with what is called of gcc's library, of which Philox takes 560. By gcc 12.2 -O2 for a
Cortex-M0+, of the zoo's networks and of 150 random ones none takes more."""
DIALECT = Dialect(
    backend="c",
    title="C",
    flags=compiler.FLAGS,
    taken=TAKEN,
    files=package.FILES,
    command=compiler.require,
    build=package.build,
    texts=package.texts,
)
run = partial(runner.run, DIALECT)
