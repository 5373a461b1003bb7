"""docs/energy-profiles.md is what the profiles say."""

from __future__ import annotations

from pathlib import Path

from snnvae.energy.profile_pages import markdown

PAGE = Path(__file__).parents[2] / "docs" / "energy-profiles.md"


def test_the_page_is_what_the_profiles_say() -> None:
    assert PAGE.read_text("utf8") == markdown()
