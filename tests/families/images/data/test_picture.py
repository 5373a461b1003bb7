"""One image file becomes the bytes that a network sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from image_sets import save, smooth
from PIL import Image, ImageOps

from snnvae.errors import DataError
from snnvae.families.images.data import picture
from snnvae.families.images.data.picture import Preparation, look


def test_a_face_is_cut_to_its_centre_and_resized(tmp_path: Path) -> None:
    """178×218: 15 columns and 35 rows are left out on either side."""
    face = smooth(178, 218)
    found = Preparation(64, 3, 148)(save(tmp_path / "face.png", face))
    assert found.shape == (3, 64, 64)
    centre = torch.from_numpy(np.array(face)[35:183, 15:163]).permute(2, 0, 1)[None].double()
    exact = torch.nn.functional.interpolate(centre, (64, 64), mode="bilinear", antialias=True)
    assert np.abs(found - exact[0].numpy()).max() <= 1.01


@pytest.mark.parametrize(("width", "height"), [(30, 20), (20, 30), (21, 20)])
def test_without_a_crop_the_largest_central_square_is_kept(
    tmp_path: Path, width: int, height: int
) -> None:
    image = smooth(width, height)
    found = Preparation(20, 3)(save(tmp_path / "x.png", image))
    left, top = round((width - 20) / 2), round((height - 20) / 2)
    expected = np.asarray(image)[top : top + 20, left : left + 20].transpose(2, 0, 1)
    np.testing.assert_array_equal(found, expected)


def test_too_small_a_picture_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", smooth(178, 147))
    with pytest.raises(DataError, match=rf"{path}: 178 × 147 pixels, smaller than the 148 × 148"):
        Preparation(64, 3, 148)(path)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "LA"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_of_colour_becomes_grey_or_rgb(tmp_path: Path, mode: str, channels: int) -> None:
    path = tmp_path / ("x.tif" if mode == "CMYK" else "x.png")
    found = Preparation(8, channels)(save(path, smooth(16, 16).convert(mode)))
    assert found.shape == (channels, 8, 8)
    assert found.dtype == np.uint8
    assert look(path).grey == (mode in ("1", "L", "LA"))


def test_transparent_palettes_are_read_without_a_word(tmp_path: Path) -> None:
    image = smooth(16, 16).convert("P")
    image.save(tmp_path / "x.png", transparency=bytes(range(256)))
    assert Preparation(16, 3)(tmp_path / "x.png").shape == (3, 16, 16)


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "ppm", "tif"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    image = smooth(32, 32)
    found = Preparation(32, 3)(save(tmp_path / f"x.{suffix}", image))
    assert np.abs(found.transpose(1, 2, 0).astype(int) - np.asarray(image)).mean() < 6


@pytest.mark.parametrize("suffix", ["png", "pgm", "tif"])
def test_greys_of_sixteen_bits_are_scaled_to_eight(tmp_path: Path, suffix: str) -> None:
    greys = np.linspace(0, 65535, 64).reshape(8, 8).astype(np.uint16)
    path = tmp_path / f"x.{suffix}"
    if suffix == "pgm":
        path.write_bytes(b"P5 8 8 65535\n" + greys.astype(">u2").tobytes())
    else:
        save(path, Image.fromarray(greys))
    assert look(path).grey
    np.testing.assert_array_equal(Preparation(8, 1)(path)[0], np.rint(greys / 257))


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_thirty_two_bits_are_refused_rather_than_clipped(tmp_path: Path, kind: type) -> None:
    path = save(tmp_path / "x.tif", Image.fromarray(np.full((8, 8), 400, kind)))
    with pytest.raises(DataError, match=f"{path}: pixels of 32 bits, whose white is not known"):
        Preparation(8, 1)(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_stands_upright(tmp_path: Path, orientation: int) -> None:
    image = smooth(12, 20, channels=1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "x.png", exif=exif)
    turned = ImageOps.exif_transpose(Image.open(tmp_path / "x.png"))
    width, height = turned.size
    left, top = (width - 12) // 2, (height - 12) // 2
    expected = np.asarray(turned)[top : top + 12, left : left + 12]
    np.testing.assert_array_equal(Preparation(12, 1)(tmp_path / "x.png")[0], expected)
    assert look(tmp_path / "x.png").size == (20, 12)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_white_lies_behind_what_is_transparent(tmp_path: Path, mode: str) -> None:
    """The file hides black there; half transparent black is grey."""
    if mode == "P":
        image = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), "P")
        image.putpalette([0, 0, 0, 0, 0, 0])
        image.save(tmp_path / "x.png", transparency=bytes([0, 128]))
        alpha = np.array([[0, 128], [128, 0]])
    else:
        alpha = np.array([[0, 128], [255, 0]])
        pixels = np.zeros((2, 2, len(mode)), np.uint8)
        pixels[..., -1] = alpha
        save(tmp_path / "x.png", Image.fromarray(pixels, mode))
    found = Preparation(2, 3)(tmp_path / "x.png").astype(int)
    assert np.abs(found - (255 - alpha)).max() <= 1


@pytest.mark.parametrize("keep", [0, 20, 400])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, keep: int) -> None:
    path = save(tmp_path / "x.jpg", smooth(64, 64))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=rf"{path}: not a readable image .*mend or remove it"):
        Preparation(8, 3)(path)


def test_a_document_that_would_run_another_program_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    smooth(8, 8).save(path, format="EPS")
    with pytest.raises(DataError, match="not a readable image"):
        Preparation(8, 3)(path)


def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "MAX_PIXELS", 1000)
    path = save(tmp_path / "x.png", smooth(40, 40))
    with pytest.raises(DataError, match="40 × 40 pixels, over the 1,000 that are read"):
        Preparation(8, 3)(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match="over the 1,000 pixels that are read"):
        Preparation(8, 3)(path)
