"""The suite's folder, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnvae.conform.suite.write import write_suite


@pytest.fixture(scope="session")
def suite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conform") / "suite"
    write_suite(folder)
    return folder
