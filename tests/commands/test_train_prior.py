"""``snnvae train-prior``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from command_line import printed, snnvae

from snnvae import zoo


def test_a_fitted_prior_is_deployed_as_any_other(tmp_path: Path) -> None:
    fitted, nir = tmp_path / "fitted.pt", tmp_path / "fitted.nir"
    said = printed("train-prior", zoo.path("digits-esvae", ".pt"), "--components", 5, "-o", fitted)
    assert said.splitlines() == ["fitted 5 components to 1,500 images", f"wrote {fitted}"]
    printed("export", fitted, "-o", nir)
    for precision in ("float", "fixed"):
        out = tmp_path / precision
        printed("simulate", nir, "--samples", 8, "--precision", precision, "-o", out)
        assert np.load(out / "images.npy").std() > 0.3
    again = snnvae("train", "--from", fitted, "-o", tmp_path / "run").mistake
    assert "the prior was fitted to this encoder as it is" in again


def test_a_card_names_the_command_that_fitted_the_prior(tmp_path: Path) -> None:
    for flags in ([], ["--temperature", 0.5]):
        own = ("train-prior", zoo.path("digits-esvae", ".pt"), "--components", 3, *flags)
        printed(*own, "-o", tmp_path / "fitted.pt")
        card = ("--samples", 4, "--precision", "float", "--card", tmp_path / "a.md")
        printed("evaluate", tmp_path / "fitted.pt", *card)
        said = " ".join(["--components 3", *map(str, flags), "--out runs/a/fitted.pt"])
        text = (tmp_path / "a.md").read_text()
        assert f"snnvae train-prior runs/a/model.pt {said}\n" in text
        assert "components" not in text.split("snnvae train-prior")[0]
        assert "temperature" not in text.split("snnvae train-prior")[0]


def test_models_without_rates_are_refused(tmp_path: Path) -> None:
    fsvae = zoo.path("digits-fsvae", ".pt")
    said = snnvae("train-prior", fsvae, "-o", tmp_path / "x.pt").mistake
    assert "an fsvae draws by a prior that is trained with it: give an esvae" in said
    assert not (tmp_path / "x.pt").exists()
