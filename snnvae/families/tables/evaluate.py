"""``snnvae evaluate`` of tables: the deployed sampler beside exact answers and baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nir
import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.deploy.backends import RunResources
from snnvae.deploy.compile import compile_graph
from snnvae.errors import ConfigError
from snnvae.evaluate.asked import Asked, Figures
from snnvae.families.tables import data
from snnvae.families.tables.ann_ear import AnnEAR
from snnvae.families.tables.baselines import chow_liu, independent
from snnvae.families.tables.border import Conditionals, auc, exact, shifts
from snnvae.families.tables.config import Config
from snnvae.families.tables.ear import EAR
from snnvae.families.tables.family import FAMILY, check_fit
from snnvae.families.tables.inference import marginals
from snnvae.families.tables.judge import Probabilities, Queries, frequencies, judged, queries_of
from snnvae.families.tables.network import Network, Rows
from snnvae.families.tables.sampler import Sampler, chain
from snnvae.layers.model import Trainable
from snnvae.table import Table
from snnvae.temporary import TemporaryFolder
from snnvae.train import checkpoint
from snnvae.train.fit import fit
from snnvae.train.to_nir import to_nir

QUERIES, DRAWS = 1000, 500
"""Held-out rows, a random part of each hidden, and draws for each."""
BORDER_ROWS = 100
LEAST = 1e-12
"""What stands for a probability of 0, in logarithms."""
TWIN, BORDER = "twin", "border"
"""Metrics that take their time, asked for by name."""


@dataclass(frozen=True)
class Judge:
    """What every column of the table is asked: the same questions about the same rows."""

    queries: Queries
    rows: Rows
    counts: tuple[int, ...]
    blankets: NDArray[np.bool_] | None
    exact: Network | None = None

    def of_draws(self, drawn: NDArray[np.float64]) -> dict[str, float]:
        """Figures of how often values were drawn for each query (Q, Σ K)."""
        return judged(self.queries.target, frequencies(drawn, self.counts))

    def of_network(self, network: Network) -> dict[str, float]:
        """Figures of a network that is inferred in exactly."""
        found = marginals(network, self.queries.evidence)
        figures = judged(self.queries.target, np.maximum(found, LEAST))
        if len(self.rows):
            figures["nll_row"] = float(-network.log_likelihood(self.rows).mean())
        return figures

    def of_conditionals(self, conditionals: Conditionals, border: bool) -> dict[str, float]:
        """Figures of exact conditionals: of whole rows, and of the Markov border."""
        figures: dict[str, float] = {}
        if len(self.rows):
            total, each = np.zeros(len(self.rows)), np.arange(len(self.rows))
            for evidence, variable in chain(self.rows):
                p = conditionals(evidence, variable)[each, self.rows[each, variable]]
                total += np.log(np.maximum(p, LEAST))
            figures["nll_row"] = float(-total.mean())
        figures |= self.of_turns(conditionals)
        return figures | (self.of_border(conditionals) if border else {})

    def of_turns(self, conditionals: Conditionals) -> dict[str, float]:
        """The divergence of each unknown variable at its turn, when a row's own values stand before
        it: added up, of all unknown variables of a row together. No draws are counted."""
        if self.exact is None or len(self.rows) != len(self.queries.evidence):
            return {}
        total, asked = 0.0, 0
        ends = np.cumsum(self.counts)
        for i, (end, count) in enumerate(zip(ends, self.counts)):
            evidence = np.where(np.arange(len(ends)) < i, self.rows, self.queries.evidence)
            evidence = evidence[self.queries.evidence[:, i] < 0]
            evidence[:, i] = -1
            truth = marginals(self.exact, evidence)[:, end - count : end]
            p = conditionals(evidence, np.full(len(evidence), i))[:, :count]
            ratio = np.log(np.where(truth > 0, truth, 1)) - np.log(np.maximum(p, LEAST))
            total, asked = total + float((truth * ratio).sum()), asked + len(evidence)
        return {"kl_turn": total / asked}

    def of_border(self, conditionals: Conditionals) -> dict[str, float]:
        """The AUC of the shifts of conditionals given all other variables, if there is a truth."""
        if self.blankets is None:
            return {}
        score = shifts(conditionals, self.rows[:BORDER_ROWS], self.counts)
        return {"border_auc": auc(score, self.blankets)}


def evaluate(asked: Asked, model: Trainable | None, graphs: Mapping[str, nir.NIRGraph]) -> Figures:
    """Questions about held-out rows, answered by draws of each deployed form."""
    if model is None:
        raise ConfigError("give the checkpoint, which knows its data: a .nir file does not")
    config: Config = model.config
    source = data.load(config.dataset, asked.data_dir)
    check_fit(config, source)
    judge, train = _judge(config, source, asked)
    border = BORDER in asked.metrics
    found: dict[str, dict[str, float]] = {}
    if isinstance(model, EAR):
        graph = to_nir(model)
        for precision in asked.precisions:
            program = compile_graph(graph, precision).program
            sampler = Sampler(
                program, asked.seed, asked.backend, RunResources(dask=asked.dask), asked.progress
            )
            found[precision] = judge.of_draws(sampler.counts(judge.queries.evidence, DRAWS))
            found[precision] |= judge.of_conditionals(sampler.conditionals, border)
    if isinstance(model, AnnEAR) or TWIN in asked.metrics:
        ann = model if isinstance(model, AnnEAR) else _trained_twin(config, asked)
        found["ann"] = judge.of_draws(_drawn(ann, judge.queries.evidence, asked.seed))
        found["ann"] |= judge.of_conditionals(_of_ann(ann), border)
    for name, make in {"independent": independent, "tree": chow_liu}.items():
        found[name] = judge.of_network(make(source.variables, train))
    if source.exact is not None:
        found["exact"] = judge.of_network(source.exact)
        if border:
            found["exact"] |= judge.of_border(exact(source.exact))
    names = [name for name in LABELS if any(name in figures for figures in found.values())]
    rows = [(LABELS[n], *(f"{f[n]:.4f}" if n in f else "–" for f in found.values())) for n in names]
    questions = len(judge.queries.evidence)
    head = "\n".join(
        [
            f"{questions:,} questions, {DRAWS:,} draws each, {asked.backend}",
            *asked.fewer(questions, "questions"),
        ]
    )
    by_figure = {n: {k: f[n] for k, f in found.items() if n in f} for n in names}
    return Figures(
        f"{head}\n\n{Table(('', *found), rows).as_text()}",
        {"samples": questions, "draws": DRAWS, "backend": asked.backend, **by_figure},
    )


LABELS = {
    "kl": "KL(exact ‖ model) per unknown variable",
    "kl_turn": "the same at its turn, not by draws",
    "nll": "−ln p per unknown variable",
    "nll_row": "−ln p per row",
    "border_auc": "Markov border, AUC",
}
"""Figures by name, in words."""


def _judge(config: Config, source: data.Source, asked: Asked) -> tuple[Judge, Rows]:
    """The questions, and the rows that were trained on."""
    count = asked.samples or QUERIES
    train, held_out = source.split(config.rows, config.seed)
    if source.network is not None:
        held_out = source.network.sample(count, config.seed, data.TESTED)
    random = np.random.Generator(np.random.Philox(key=asked.seed, counter=[0, 0, 0, data.QUERIED]))
    queries = queries_of(held_out[:count], config.counts, random, source.exact)
    whole = held_out[(held_out >= 0).all(1)][:count]
    blankets = None if source.network is None else source.network.blankets()
    return Judge(queries, whole, config.counts, blankets, source.exact), train


def _trained_twin(config: Config, asked: Asked) -> AnnEAR:
    """The ANN of the same topology, trained on the same rows as long, the best by validation."""
    twin = FAMILY.twin(config, 1.0, {"epochs": config.epochs})
    with TemporaryFolder() as folder:
        path = fit(twin, folder, asked.progress, data_dir=asked.data_dir)
        assert path is not None
        found: AnnEAR = checkpoint.load(path, config.kind_of)[1]
    return found


def _drawn(ann: AnnEAR, evidence: Rows, seed: int) -> NDArray[np.float64]:
    generator = torch.Generator().manual_seed(seed)
    found = []
    for row in torch.from_numpy(evidence).split(16):
        drawn = ann.drawn(row.repeat_interleave(DRAWS, 0), generator)
        found.append(ann.turns.one_hot(drawn).view(len(row), DRAWS, -1).sum(1))
    counted: NDArray[np.float64] = torch.cat(found).double().numpy()
    return counted


def _of_ann(ann: AnnEAR) -> Conditionals:
    def conditionals(evidence: Rows, variable: NDArray[np.int64]) -> Probabilities:
        rows = torch.from_numpy(evidence)
        found = np.zeros((len(rows), max(ann.turns.counts)))
        which = torch.from_numpy(variable)
        every = torch.arange(len(rows))
        with torch.no_grad():
            u = ann.turn_currents(rows, rows >= 0)
            for value in range(found.shape[1]):
                asked = rows.clone()
                has = torch.tensor(ann.turns.counts)[which] > value
                asked[every, which] = torch.where(has, value, -1)
                p = ann.turns.log_likelihood(u, asked)[which, every].exp()
                found[:, value] = p.where(has, 0).numpy()
        return found

    return conditionals
