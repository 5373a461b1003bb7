"""``snnvae export --format c`` and ``rust``: compile, look whether it fits, count a run, write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nir

from snnvae.commands.result import Result
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.quantise import notes_text
from snnvae.deploy.microcontroller.budget import Budget
from snnvae.deploy.microcontroller.dialect import Dialect
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.sizes import additions
from snnvae.deploy.run import run
from snnvae.inputs.read_file import data_inputs
from snnvae.inputs.stimulus_blocks import stimulus_for
from snnvae.options import Options
from snnvae.plain_text import one_line
from snnvae.program import Program

SAMPLES = 4
"""Of the run whose operations are counted."""


def write_code(
    dialect: Dialect,
    graphs: Mapping[str, nir.NIRGraph],
    out: Path,
    options: Options,
    budget: Budget,
) -> Result:
    """Writes a folder, or one in it for each of several graphs."""
    lines: list[str] = []
    data: dict[str, object] = {}
    made = {}
    for name, graph in graphs.items():
        compiled = compile_graph(graph, "fixed", options)
        made[name] = compiled, dialect.sizes(Network.of(compiled.program))
        budget.check(made[name][1])
    for name, (compiled, sizes) in made.items():
        folder, network = out if len(graphs) == 1 else out / name, sizes.network
        counted, told = _counted(network, compiled.program)
        files = dialect.write(sizes, folder, counted, told)
        most, mean = sum(part.operations for part in network.parts), sum(counted.values())
        notes = notes_text(compiled.report)
        names = [path.relative_to(folder).as_posix() for path in files]
        lines += [
            f"wrote {folder} ({name}): {', '.join(names)}",
            f"RAM {sizes.ram:,} bytes, of which {network.ram:,} are the state",
            f"flash {sizes.flash:,} bytes, of which an estimated {sizes.code:,} are code",
            f"a step adds {mean:,.0f} weights ({told}), at most {most:,}",
            *([f"rounding: {notes}"] if notes else []),
        ]
        data[name] = {
            "folder": str(folder),
            "files": [str(path) for path in files],
            "ram": sizes.ram,
            "state": network.ram,
            "flash": sizes.flash,
            "tables": network.flash,
            "additions": mean,
            "most_additions": most,
            "digest": compiled.program.digest(),
            "rounding": notes,
        }
    return Result("\n".join(map(one_line, lines)), data)


def _counted(network: Network, program: Program) -> tuple[dict[str, float], str]:
    """Additions of a mean step by layer, and in what run."""
    stimulus = stimulus_for(program, SAMPLES, seed=0, may_be_noise=True)
    recording = run(program, stimulus)
    kind = "noise" if data_inputs(program) else "what its host draws"
    told = f"in {SAMPLES} samples of {stimulus.steps} steps, of {kind}"
    return additions(network, recording), told
