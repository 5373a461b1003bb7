"""The suite's outcomes and its folder, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnvae.conform.suite import write
from snnvae.conform.suite.all_cases import all_cases
from snnvae.conform.suite.outcomes import Outcomes, outcomes


@pytest.fixture(scope="session")
def found() -> dict[str, Outcomes]:
    """By name of the case."""
    return {case.name: outcomes(case) for case in all_cases()}


@pytest.fixture(scope="session")
def suite_folder(found: dict[str, Outcomes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conform") / "suite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "outcomes", lambda case: found[case.name])
        write.write_suite(folder)
    return folder
