"""The direction of a training step: the energy's gradient, and stochastic reconfiguration."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from snnvae.families.spins import descent
from snnvae.families.spins.amplitudes import Machine
from snnvae.families.spins.config import Config
from snnvae.families.spins.descent import Descent, distinct, histogram_ratios
from snnvae.families.spins.hamiltonian import codes, states
from snnvae.families.spins.model import SpinSampler
from snnvae.families.spins.observables import of_machine
from snnvae.train.build import build

FORMS = [
    {"n": 4, "hidden": 3},
    {"n": 4, "hidden": 4, "translation": True},
    {"n": 3, "hidden": 2, "terms": ("-1 Z0 Z1", "-0.5 Z2", "-1 X0", "-1 X1", "-1 X2")},
]


def sampler(**changes: object) -> SpinSampler:
    model: SpinSampler = build(Config.default("spins", batch=2, **changes))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(
                torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
            )
    return model.double()


def energy(model: SpinSampler) -> float:
    """Summed over all states."""
    return of_machine(model.config, model.machine(), None)["energy"].value


@pytest.mark.parametrize("form", FORMS)
def test_with_exact_probabilities_the_direction_is_the_gradient(
    form: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the rounded machine, whose roundings are taken away here to differentiate it."""
    monkeypatch.setattr(torch.Tensor, "round", lambda values: values)
    model = sampler(descent="adam", **form)
    v = states(model.config.n)
    found, direction = Descent(model, 0).change(v, model.machine().distribution())
    assert found == pytest.approx(energy(model))
    step = 1e-6
    for parameter, slope in zip(model.parameters(), direction):
        flat = parameter.detach().view(-1)
        for place in range(len(flat)):
            before, value = energy(model), flat[place].item()
            flat[place] = value + step
            after, flat[place] = energy(model), value
            assert slope.view(-1)[place].item() == pytest.approx((after - before) / step, abs=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_the_machine_has_the_symmetries_that_are_built_in(form: dict[str, object]) -> None:
    model = sampler(**form)
    machine: Machine = model.machine()
    v = states(model.config.n)
    if model.turns_over:
        np.testing.assert_allclose(machine.log_p(v), machine.log_p(~v))
    else:
        assert np.abs(machine.log_p(v) - machine.log_p(~v)).max() > 0.1
    if model.config.translation:
        np.testing.assert_allclose(machine.log_p(v), machine.log_p(np.roll(v, 1, 1)))


def test_both_forms_of_reconfiguration_are_the_same() -> None:
    rng = np.random.default_rng(0)
    for shape in ((5, 8), (8, 5)):
        centred, residual = rng.normal(size=shape), rng.normal(size=shape[0])
        gram = centred.T @ centred + 0.1 * np.eye(shape[1])
        wanted = np.linalg.solve(gram, centred.T @ residual)
        np.testing.assert_allclose(descent._solve(centred, residual, 0.1), wanted)


def test_the_shift_falls_to_its_least() -> None:
    model = sampler(n=3)
    shifts = [Descent(model, iteration).shift for iteration in (0, 10, 1000)]
    assert shifts == [0.1, pytest.approx(0.1 * 0.93**10), 1e-4]


def test_distinct_states_have_the_part_of_all_that_they_are() -> None:
    v = np.array([[[1, 0], [0, 1]], [[1, 0], [1, 0]]], bool)
    rows, weights = distinct(v)
    assert codes(rows).tolist() == [1, 2]
    assert weights.tolist() == [0.75, 0.25]


def test_the_histogram_s_ratios_are_those_of_counts() -> None:
    """What was never drawn counts as 1e-6, as in the learning script of Klassert et al."""
    v, weights = np.array([[1, 0], [0, 1], [1, 1]], bool), np.array([0.5, 0.25, 0.25])
    found = histogram_ratios(v, weights, ((0,), (0, 1)))
    wanted = [
        [1e-6 / 0.500001, 0.250001 / 0.500001],  # 10 → 00, 01
        [0.250001 / 0.250001, 0.500001 / 0.250001],  # 01 → 11, 10
        [0.250001 / 0.250001, 1e-6 / 0.250001],  # 11 → 01, 00
    ]
    np.testing.assert_allclose(found**2, wanted)
