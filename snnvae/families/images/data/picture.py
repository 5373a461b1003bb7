"""One image file → bytes (C, side, side): opened with care, cropped to a square, resized."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from snnvae.errors import DataError
from snnvae.machine import one_line

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".pgm", ".ppm", ".webp", ".tif", ".tiff")
FORMATS = ("JPEG", "PNG", "BMP", "PPM", "WEBP", "TIFF")
"""Formats that Pillow may try, whatever a file is called: others run other programs."""
GREY_MODES = ("1", "L")
WIDE_MODES = ("I", "F")
"""Pillow's modes of more than 8 bits begin so; they would be clipped."""
MAX_PIXELS = 64_000_000


@dataclass(frozen=True)
class Preparation:
    """The preparation of a picture for a network.

    side      pixels, of the result
    channels  1 or 3, of the result
    crop      side in pixels of the square that is cut out of the centre; None: the largest one
    """

    side: int
    channels: int
    crop: int | None = None

    def __call__(self, path: Path) -> NDArray[np.uint8]:
        """Cut out, then resized bilinearly → (C, side, side).

        Raises DataError, with the file's name, where it cannot be read or is too small or large.
        """
        with _opened(path) as image:
            crop = self.crop or min(image.size)
            if min(image.size) < crop:
                raise DataError(
                    f"{path}: {image.width} × {image.height} pixels, smaller than the {crop} × "
                    f"{crop} that are cut out of its centre"
                )
            left, top = (round((size - crop) / 2) for size in image.size)
            if "transparency" in image.info:
                image = image.convert("RGBA")
            image = image.convert("L" if self.channels == 1 else "RGB")
            image = image.crop((left, top, left + crop, top + crop))
            image = image.resize((self.side, self.side), Image.Resampling.BILINEAR)
        return np.asarray(image).reshape(self.side, self.side, self.channels).transpose(2, 0, 1)


def is_grey(path: Path) -> bool:
    """Tells whether the file's header states greys alone."""
    with _opened(path) as image:
        return image.mode in GREY_MODES


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Opens an image, at first its header alone: so the size is known before memory is taken."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise DataError(
                    f"{path}: {image.width} × {image.height} pixels, over the {MAX_PIXELS:,} "
                    "that are read; make it smaller"
                )
            if image.mode.startswith(WIDE_MODES):
                raise DataError(f"{path}: over 8 bits per pixel; save it with 8 per colour")
            yield image
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(f"{path}: over the {MAX_PIXELS:,} pixels that are read") from None
    except Exception as error:  # a damaged file raises nearly anything
        raise DataError(
            f"{path}: not a readable image ({one_line(error)}); mend or remove it"
        ) from None
