"""Fixed-point programs as a Rust crate without std, for any microcontroller: see docs/rust.md."""

from __future__ import annotations

from functools import partial

from snnvae.deploy.rust import compiler, package
from snnvae.deploy.rust.dialect import Dialect
from snnvae.deploy.rust import runner

DIALECT = Dialect(
    "rust", "Rust", compiler.FLAGS, ("-w",), compiler.require,
    lambda folder, network, command, flags: compiler.build(
        folder, package.code(network), command, flags
    ),
)
run = partial(runner.run, DIALECT)
check = partial(runner.check, DIALECT)
