"""`snnvae zoo NAME --card`."""

from __future__ import annotations

import pytest
from command_line import printed

from snnvae import zoo
from snnvae.families import registry
from snnvae.train.settings import command_of


@pytest.mark.parametrize("name", sorted({e.path.stem for e in zoo.entries()}))
def test_every_model_has_a_card_that_names_its_command(name: str) -> None:
    card = printed("zoo", name, "--card")
    assert card.startswith(f"# {name}\n")
    config, _ = registry.load(zoo.path(name, ".pt"))
    assert command_of(config) in card
    fitted = getattr(config, "prior", "") == "mixture"
    assert (f"model.pt --components {getattr(config, 'components', 0)} --out" in card) == fitted
