"""All models of the zoo in C, beside the emulator: every spike and every membrane."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_c import FAST, assert_equal

from snnvae import zoo
from snnvae.deploy import c
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.export.nir_file import read_nir
from snnvae.inputs.stimulus_blocks import stimulus_for

MODELS = sorted(path.stem for path in Path(zoo.path("digits-esvae")).parent.glob("*.nir"))


@pytest.mark.parametrize("name", MODELS)
def test_a_model(name: str) -> None:
    program = compile_graph(read_nir(zoo.path(name)), "fixed").program
    stimulus = stimulus_for(program, 2, seed=1, steps=min(program.steps, 50))
    wanted = run(program, stimulus, membranes=True)
    assert_equal(c.run(program, stimulus, membranes=True, flags=FAST), wanted)
