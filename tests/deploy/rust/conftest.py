"""Rust needs a compiler; where there is none, these tests say so."""

from __future__ import annotations

import pytest

from snnvae.deploy.rust import compiler


@pytest.fixture(autouse=True, scope="session")
def compiled_somewhere() -> None:
    if compiler.found() is None:
        pytest.skip(compiler.MISSING)
