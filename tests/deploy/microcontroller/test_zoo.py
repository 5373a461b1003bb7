"""All models of the zoo in each language, beside the emulator: every spike and every membrane."""

from __future__ import annotations

from pathlib import Path

from in_code import Language, assert_equal, in_each_with

from snnvae import zoo
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.export.nir_file import read_nir
from snnvae.inputs.stimulus_blocks import stimulus_for

MODELS = sorted(path.stem for path in Path(zoo.path("digits-esvae")).parent.glob("*.nir"))


@in_each_with("name", MODELS, soon=("asia-ear", "digits-esvae", "ising-chain8"))
def test_a_model(language: Language, name: str) -> None:
    program = compile_graph(read_nir(zoo.path(name)), "fixed").program
    stimulus = stimulus_for(program, 2, seed=1, steps=min(program.steps, 50))
    wanted = run(program, stimulus, membranes=True)
    found = language.run(program, stimulus, membranes=True, flags=language.fast)
    assert_equal(found, wanted)
