"""Many images are resized at once as Pillow resizes one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from image_sets import random_bytes
from PIL import Image

from snnvae.families.images.data.resize import resize

SIDES = [(28, 32), (32, 20), (8, 33), (28, 1)]


@pytest.mark.parametrize(("before", "after"), SIDES)
def test_each_image_has_the_bytes_that_pillow_makes_of_it(before: int, after: int) -> None:
    pixels = random_bytes(6, 3, before, before)
    for image, found in zip(pixels, resize(pixels, after)):
        alone = Image.fromarray(image.transpose(1, 2, 0)).resize(
            (after, after), Image.Resampling.BILINEAR
        )
        np.testing.assert_array_equal(found, np.asarray(alone).transpose(2, 0, 1))


@pytest.mark.parametrize(("before", "after"), SIDES)
def test_it_is_antialiased_bilinear_interpolation_up_to_rounding(before: int, after: int) -> None:
    pixels = random_bytes(6, 1, before, before)
    exact = torch.nn.functional.interpolate(
        torch.from_numpy(pixels).double(), (after, after), mode="bilinear", antialias=True
    )
    assert np.abs(resize(pixels, after) - exact.numpy()).max() <= 1.01  # rounded twice


def test_images_of_that_side_already_stay_as_they_are() -> None:
    pixels = random_bytes(2, 1, 8, 8)
    assert resize(pixels, 8) is pixels
