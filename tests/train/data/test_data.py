"""Data sets are asked for by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from snnvae.errors import DataError
from snnvae.train import data


def test_unknown_data_set_is_refused_with_what_there_is() -> None:
    with pytest.raises(DataError, match="no data set 'imagenet': there is digits, mnist"):
        data.load("imagenet")


@pytest.mark.parametrize("side", [0, -1, 1025])
def test_a_side_out_of_bounds_is_refused(side: int) -> None:
    with pytest.raises(DataError, match=f"image_size {side} must be from 1 to 1024"):
        data.load("digits", image_size=side)


def test_the_names_are_listed_without_numpy() -> None:
    code = "import sys; from snnvae.train.data import DATASETS; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
