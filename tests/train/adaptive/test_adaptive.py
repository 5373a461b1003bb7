"""Pruning units out of a network: what carries nothing goes, and the network is smaller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from thorough import often
from torch import Tensor

from snnvae.errors import ConfigError
from snnvae.families import registry
from snnvae.families.images.config import Config
from snnvae.families.images.inference import generate, reconstruct
from snnvae.families.images.vae import LATENT, SpikingVAE
from snnvae.layers.spiking import SpikingLayer
from snnvae.train import checkpoint
from snnvae.train.adaptive.importance import importances
from snnvae.train.adaptive.prune import prune, recalibrate
from snnvae.train.adaptive.shrink import _ranked, shrink
from snnvae.train.adaptive.units import groups_of
from snnvae.train.fit import fit
from snnvae.train.fixed_point import in_fixed_point
from snnvae.train.to_nir import parts_for, to_nir


@pytest.fixture(params=["esvae", "fsvae"])
def model(request: pytest.FixtureRequest) -> SpikingVAE:
    found: SpikingVAE = request.getfixturevalue(request.param)
    return found


def batches(images: Callable[..., Tensor], count: int = 4) -> list[tuple[Tensor, None]]:
    return [(images(16, seed), None) for seed in range(count)]


def silence(model: SpikingVAE, group_name: str, unit: int) -> None:
    """Makes a unit that nobody listens to."""
    group = next(g for g in groups_of(model) if g.name == group_name)
    with torch.no_grad():
        for columns in group.columns:
            synapse = columns.synapse
            first = columns.first + unit * columns.block
            places = slice(first, first + columns.block)
            if isinstance(synapse, torch.nn.ConvTranspose2d):
                synapse.weight[places] = 0
            else:
                synapse.weight[:, places] = 0


def test_all_units_kept_is_the_same_network(
    model: SpikingVAE, images: Callable[..., Tensor]
) -> None:
    same = prune(model, {g.name: torch.ones(g.size, dtype=torch.bool) for g in groups_of(model)})
    some = images(6).numpy()
    assert (reconstruct(same, some, 0) == reconstruct(model, some, 0)).all()
    if model.config.model == "fsvae":  # ESVAE's prior draws by another factor of its covariance
        assert (generate(same, 6, 0) == generate(model, 6, 0)).all()


def test_a_unit_that_nobody_listens_to_can_go_and_nothing_changes(
    model: SpikingVAE, images: Callable[..., Tensor]
) -> None:
    import copy

    some = images(6).numpy()
    for group in groups_of(model):
        if group.name == LATENT or group.name.startswith("prior"):
            continue  # its draws would be others'; its output is no reconstruction
        net = copy.deepcopy(model)
        silence(net, group.name, 1)
        shares = importances(net, batches(images))[group.name]
        assert shares[1] == 0, group.name
        assert (shares[[0, 2]] > 0).any(), group.name
        small = prune(net, {group.name: torch.arange(group.size) != 1})
        smaller = next(g for g in groups_of(small) if g.name == group.name)
        assert smaller.size == group.size - 1
        assert (reconstruct(small, some, 0) == reconstruct(net, some, 0)).all(), group.name


def test_importance_leaves_the_model_alone(
    model: SpikingVAE, images: Callable[..., Tensor]
) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    shares = importances(model, batches(images))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(m.tally is None for m in model.modules() if isinstance(m, SpikingLayer))
    for group in groups_of(model):
        if len(group.columns) == 1 and shares[group.name].sum() > 0:
            torch.testing.assert_close(
                shares[group.name].sum().item(), float(group.size), rtol=1e-4, atol=0
            )


def test_a_cut_network_is_smaller_everywhere(
    model: SpikingVAE, images: Callable[..., Tensor], tmp_path: Path
) -> None:
    keep = {g.name: torch.arange(g.size) % 2 == 0 for g in groups_of(model)}
    small = recalibrate(prune(model, keep), batches(images)).eval()
    for before, after in zip(groups_of(model), groups_of(small), strict=True):
        assert after.size == (before.size + 1) // 2, before.name
    path = checkpoint.save(tmp_path / "small.pt", small)
    config, loaded = registry.load_spiking(path)
    assert config.latent == 3
    for part in (*parts_for(model, "autoencoder"), "generator"):
        whole, cut_graph = to_nir(model, part), to_nir(loaded, part)
        assert weights(cut_graph) < 0.5 * weights(whole)
    some = images(4).numpy()
    assert (reconstruct(loaded, some, 0) == reconstruct(small, some, 0)).all()


def weights(graph: object) -> int:
    return sum(n.weight.size for n in graph.nodes.values() if hasattr(n, "weight"))


def test_esvaes_prior_keeps_the_distribution_of_its_logits(esvae: SpikingVAE) -> None:
    kept = torch.tensor([True, False, True, True, False])
    small = prune(esvae, {LATENT: kept})
    before, after = (m.sample.weight.detach().double() for m in (esvae, small))
    assert after.shape == (3, 3)
    torch.testing.assert_close(
        after @ after.T, (before @ before.T)[kept][:, kept], rtol=1e-4, atol=1e-6
    )
    assert torch.equal(small.sample.bias, esvae.sample.bias[kept])


@pytest.mark.slow
@pytest.mark.parametrize("kind", often(["esvae", "fsvae"], ["esvae"]))
def test_shrinking_keeps_the_error_and_goes_on_where_it_stopped(
    tiny: Callable[..., Config], tmp_path: Path, kind: str
) -> None:
    config = tiny(kind, widths=(12, 12), latent=12, steps=4, batch=50, epochs=8, lr=2e-2)
    source = fit(config, tmp_path / "whole")
    assert source is not None
    settings = {"epochs": 3, "rounds": 2, "penalty": 0.02, "tolerance": 0.5}
    found = shrink(source, config, tmp_path / "small", **settings)
    assert any(r.kept for r in found.history)
    before, after = (registry.load_spiking(p)[1] for p in (source, found.path))
    sizes = [sum(g.size for g in groups_of(m)) for m in (before, after)]
    assert sizes[1] < sizes[0]
    stamp = (tmp_path / "small" / "round-1" / "model.pt").stat().st_mtime_ns
    assert shrink(source, config, tmp_path / "small", **settings) == found
    assert (tmp_path / "small" / "round-1" / "model.pt").stat().st_mtime_ns == stamp


def test_a_model_in_fixed_point_is_refused(esvae: SpikingVAE, tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path / "a.pt", in_fixed_point(esvae))
    with pytest.raises(ConfigError, match="shrink the float model"):
        shrink(path, esvae.config, tmp_path / "b", epochs=1, rounds=1, penalty=0.0)


def test_a_folder_with_a_training_and_the_source_itself_are_left_alone(
    tiny: Callable[..., Config], esvae: SpikingVAE, tmp_path: Path
) -> None:
    path = checkpoint.save(tmp_path / "model.pt", esvae)
    with pytest.raises(ConfigError, match="holds a training already"):
        shrink(path, esvae.config, tmp_path, epochs=1, rounds=1, penalty=0.0)
    fit(tiny("esvae"), tmp_path / "run")
    with pytest.raises(ConfigError, match="holds a training already"):
        shrink(path, esvae.config, tmp_path / "run", epochs=1, rounds=1, penalty=0.0)


def test_units_are_ranked_over_all_groups_and_ties_can_go_one_by_one() -> None:
    shares = {"a": torch.tensor([0.0, 0.0, 0.0, 2.0, 2.0]), "b": torch.tensor([0.5, 1.0, 1.5])}
    ranked = _ranked(shares)
    assert ranked == [("a", 0), ("a", 1), ("a", 2), ("b", 0)]  # the best two of each stay


def test_a_batch_that_leaves_no_images_is_refused(
    tiny: Callable[..., Config], esvae: SpikingVAE, tmp_path: Path
) -> None:
    path = checkpoint.save(tmp_path / "a.pt", esvae)
    with pytest.raises(ConfigError, match="batch 1400 exceeds the 1350 training images"):
        shrink(path, tiny("esvae", batch=1400), tmp_path / "b", epochs=1, rounds=1, penalty=0.0)
