"""Fixed-point programs as a Rust crate without std, for any microcontroller: see docs/rust.md."""

from __future__ import annotations

from functools import partial

from snnvae.deploy.microcontroller import runner
from snnvae.deploy.microcontroller.dialect import Dialect
from snnvae.deploy.microcontroller.sizes import Code
from snnvae.deploy.rust import compiler, package

__all__ = ["DIALECT", "run"]

TAKEN = Code(network=4096, function=600, draws=1500, draw=250)
"""Bytes, with the 3,800 that core's checks of indices bring. By rustc 1.96 with opt-level 2 for a
Cortex-M0+, linked with nothing else, four networks of the zoo take less."""
DIALECT = Dialect(
    backend="rust",
    title="Rust",
    flags=compiler.FLAGS,
    taken=TAKEN,
    files=package.FILES,
    command=compiler.require,
    build=package.build,
    texts=package.texts,
)
run = partial(runner.run, DIALECT)
