"""Exact inference against brute force, and the statistics that baselines are made of."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.draws.evidence import Variable
from snnvae.errors import DataError
from snnvae.families.tables import inference
from snnvae.families.tables.baselines import chow_liu, independent, mutual_information
from snnvae.families.tables.data import load
from snnvae.families.tables.inference import marginals
from snnvae.families.tables.network import Network, topological


def brute_force(network: Network, evidence: np.ndarray) -> np.ndarray:
    counts = [len(v.values) for v in network.variables]
    states = np.array(list(np.ndindex(*counts)))
    p = np.exp(network.log_likelihood(states))
    found = []
    for row in evidence:
        here = p * ((states == row) | (row < 0)).all(1)
        found.append(
            [
                here[states[:, i] == k].sum() / here.sum()
                for i, count in enumerate(counts)
                for k in range(count)
            ]
        )
    return np.array(found)


def random_network(seed: int) -> Network:
    random = np.random.default_rng(seed)
    counts = random.integers(2, 4, 6)
    parents = [tuple(random.permutation(i)[: random.integers(0, 3)].tolist()) for i in range(6)]
    tables = [
        random.dirichlet(np.ones(counts[i]), [counts[p] for p in above])
        for i, above in enumerate(parents)
    ]
    variables = [Variable(f"x{i}", tuple("abc"[:n])) for i, n in enumerate(counts)]
    return Network(tuple(variables), tuple(parents), tuple(tables))


def asked(network: Network, count: int) -> np.ndarray:
    rows = network.sample(count, 0)
    return np.where(np.random.default_rng(1).random(rows.shape) < 0.4, rows, -1)


@pytest.mark.parametrize("seed", range(5))
def test_marginals_are_those_of_brute_force(seed: int) -> None:
    network = random_network(seed)
    evidence = asked(network, 20)
    np.testing.assert_allclose(marginals(network, evidence), brute_force(network, evidence))


def test_and_of_asia_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    network = load("asia").network
    evidence = asked(network, 30)
    expected = brute_force(network, evidence)
    np.testing.assert_allclose(marginals(network, evidence), expected, atol=1e-12)
    monkeypatch.setattr(inference, "MOST_CELLS", 64)
    np.testing.assert_allclose(marginals(network, evidence), expected, atol=1e-12)


def test_child_is_the_shares_of_its_own_rows() -> None:
    network = load("child").network
    rows = network.sample(40_000, 3)
    found = marginals(network, np.full((1, 20), -1))[0]
    shares = np.concatenate(
        [np.bincount(rows[:, i], minlength=len(v.values)) for i, v in enumerate(network.variables)]
    ) / len(rows)
    np.testing.assert_allclose(found, shares, atol=0.012)


def test_impossible_evidence_and_tables_too_large_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = load("asia").network
    names = [v.name for v in network.variables]
    row = np.full((1, 8), -1)
    row[0, names.index("tub")], row[0, names.index("either")] = 0, 1
    with pytest.raises(DataError, match="its probability is 0"):
        marginals(network, row)
    monkeypatch.setattr(inference, "MOST_CELLS", 8)
    with pytest.raises(DataError, match="exact inference takes tables of"):
        marginals(network, row)
    assert load("asia").exact is None


def test_blankets_are_parents_children_and_their_parents() -> None:
    network = load("asia").network
    place = {v.name: i for i, v in enumerate(network.variables)}
    found = network.blankets()
    near = {name for name, i in place.items() if found[place["lung"], i]}
    assert near == {"smoke", "either", "tub"}
    assert (found == found.T).all()


def test_a_circle_has_no_order() -> None:
    assert topological([(1,), (), (0, 1)]) == [1, 0, 2]
    assert topological([(1,), (2,), (0,)]) is None


def test_the_tree_is_that_of_most_information() -> None:
    network = random_network(7)
    rows = network.sample(5000, 0)
    rows[::5, 2] = -1  # some are missing
    variables = network.variables
    p = np.zeros((len(variables[0].values), len(variables[1].values)))
    np.add.at(p, (rows[:, 0], rows[:, 1]), 1 / len(rows))
    expected = (p * np.log(p / (p.sum(1, keepdims=True) * p.sum(0)))).sum()
    shared = mutual_information(variables, rows)
    assert shared[0, 1] == pytest.approx(expected)
    tree, alone = chow_liu(variables, rows), independent(variables, rows)
    kept = rows[(rows >= 0).all(1)]
    fits = [net.log_likelihood(kept).mean() for net in (network, tree, alone)]
    assert fits[0] > fits[1] - 0.05 > fits[2] - 0.05
    assert sum(map(len, tree.parents)) == 5
