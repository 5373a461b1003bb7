"""One image file → bytes (C, side, side): opened with care, upright, cut to a square, resized."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from snnvae.errors import DataError
from snnvae.plain_text import words_of

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".pgm", ".ppm", ".webp", ".tif", ".tiff")
FORMATS = ("JPEG", "PNG", "BMP", "PPM", "WEBP", "TIFF")
"""Formats that Pillow may try, whatever a file is called: others run other programs."""
GREY_MODES = ("1", "L", "LA", "La")
WIDE_GREYS = ("I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's modes of greys from 0 to 65535; a PNG or PGM of them may also come as mode I."""
WIDE_FORMATS = ("PNG", "PPM")
WIDE_STEP = 257
"""Of 65535 greys to one of 255."""
CLEAR_MODES = ("LA", "La", "PA", "RGBA", "RGBa")
BACKGROUND = (255, 255, 255, 255)
"""White lies behind what is transparent; the colours that a file hides there do not show."""
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
        """Turned upright as its EXIF says, laid on white where it is transparent, greys of 16 bits
        scaled to 8; then cut out and resized bilinearly → (C, side, side).

        Raises DataError, with the file's name, where it cannot be read or is too small or large.
        """
        with _opened(path) as opened:
            image = _plain(ImageOps.exif_transpose(opened))
            crop = self.crop or min(image.size)
            if min(image.size) < crop:
                raise DataError(
                    f"{path}: {image.width} × {image.height} pixels, smaller than the {crop} × "
                    f"{crop} that are cut out of its centre"
                )
            left, top = (round((size - crop) / 2) for size in image.size)
            image = image.convert("L" if self.channels == 1 else "RGB")
            image = image.crop((left, top, left + crop, top + crop))
            image = image.resize((self.side, self.side), Image.Resampling.BILINEAR)
        return np.asarray(image).reshape(self.side, self.side, self.channels).transpose(2, 0, 1)


@dataclass(frozen=True)
class Look:
    """What a file's header states: pixels, the longer side first, and whether greys alone."""

    size: tuple[int, int]
    grey: bool


def look(path: Path) -> Look:
    """Reads a file's header, once while it is the same file. DataError if it is no image."""
    try:
        stat = path.stat()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; the data set needs it") from None
    return _look(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1 << 18)
def _look(path: Path, _size: int, _changed: int) -> Look:
    with _opened(path) as image:
        size = max(image.size), min(image.size)
        return Look(size, image.mode in GREY_MODES or _is_wide(image))


def _is_wide(image: Image.Image) -> bool:
    """Tells whether the pixels are greys from 0 to 65535."""
    return image.mode in WIDE_GREYS or (image.mode == "I" and image.format in WIDE_FORMATS)


def _plain(image: Image.Image) -> Image.Image:
    """8 bits per colour, nothing transparent."""
    if image.mode == "I" or image.mode in WIDE_GREYS:
        greys = np.rint(np.asarray(image, np.float64) / WIDE_STEP)
        return Image.fromarray(greys.astype(np.uint8))
    if image.mode in CLEAR_MODES or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, BACKGROUND), image)
    return image


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
            if image.mode.startswith(("I", "F")) and not _is_wide(image):
                raise DataError(
                    f"{path}: pixels of 32 bits, whose white is not known; save it with 8 or 16"
                )
            yield image
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(
            f"{path}: over the {MAX_PIXELS:,} pixels that are read; make it smaller"
        ) from None
    except Exception as error:  # a damaged file raises nearly anything
        raise DataError(
            f"{path}: not a readable image ({words_of(error)}); mend or remove it"
        ) from None
