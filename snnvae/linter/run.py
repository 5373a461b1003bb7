"""A NIR file held to all rules, or to some."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import nir

from snnvae.deploy.chips.chip import load_chip
from snnvae.deploy.run import run
from snnvae.errors import ConfigError
from snnvae.export.nir_file import read_nir
from snnvae.export.stored import stored
from snnvae.inputs.stimulus_blocks import stimulus_for
from snnvae.linter.finding import LEVELS, Findings
from snnvae.linter.rules import RULES
from snnvae.linter.subject import Subject
from snnvae.options import Options
from snnvae.plain_text import words_of
from snnvae.recording import Recording


def lint(
    source: Path | nir.NIRGraph,
    *,
    options: Options | None = None,
    chip: str | Path = "loihi2",
    data: Path | None = None,
    samples: int | None = None,
    only: Collection[str] = (),
    ignore: Collection[str] = (),
) -> Findings:
    """Holds a file, or a graph in memory, to the rules: what it does not say or has lost, what
    cannot be meant so, what rounding and the chip do to it.

    options: the compiler's, which answer what the file leaves open. chip: a name or a TOML file.
    data: an input, by which layers are seen to be silent or saturated; samples: of it. only,
    ignore: rules by name. ConfigError for a rule that is none.
    """
    known = [rule.name for rule in RULES]
    for name in (*only, *ignore):
        if name not in known:
            raise ConfigError(f"no rule '{name}': the rules are {', '.join(known)}")
    if isinstance(source, nir.NIRGraph):
        graph, held, refusal = source, {}, ""
    else:
        graph = read_nir(source)
        held, refusal = stored(source), _refusal(source)
    subject = Subject(graph, options or Options(), load_chip(chip), held, refusal)
    if data is not None:
        subject = replace(subject, recording=_recorded(subject, data, samples))
    rules = [r for r in RULES if (not only or r.name in only) and r.name not in ignore]
    found = [finding for rule in rules for finding in rule.findings(subject)]
    return Findings(tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level))))


def _recorded(subject: Subject, data: Path, samples: int | None) -> Recording | None:
    """A float run, under the assumptions; None where nothing compiles, which is a finding."""
    if subject.program is None:
        return None
    steps = subject.options.steps
    return run(
        subject.program, stimulus_for(subject.program, samples, seed=0, steps=steps, file=data)
    )


def _refusal(path: Path) -> str:
    """What nir's own reader says of a file that ours has read."""
    try:
        nir.read(path)
    except Exception as error:  # whatever its check of types runs into
        return f"nir {nir.__version__} refuses the file: {words_of(error, 160)}"
    return ""
