"""Tests of data sets leave the user's folders alone."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNVAE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SNNVAE_DATA", raising=False)
