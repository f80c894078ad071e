"""Pictures of every usual kind become RGB; what is none is refused by name."""

from __future__ import annotations

import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earmark.errors import DataError
from earmark.images.decode import read_image

COLOURS = np.random.default_rng(3).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_png_comes_back_pixel_by_pixel(tmp_path: Path) -> None:
    found = read_image(saved(Image.fromarray(COLOURS), tmp_path / "a.png"))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, COLOURS)


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    np.testing.assert_array_equal(
        read_image(saved(Image.fromarray(COLOURS), tmp_path / "a.jpg", format="PNG")), COLOURS
    )


def test_jpeg_is_near(tmp_path: Path) -> None:
    even = np.full((16, 16, 3), (200, 60, 20), np.uint8)
    found = read_image(saved(Image.fromarray(even), tmp_path / "a.jpeg", quality=95))
    assert np.abs(found.astype(int) - even).max() <= 3


def test_what_is_transparent_lies_on_white(tmp_path: Path) -> None:
    alpha = np.array([[0, 255, 51]], np.uint8)
    rgba = np.dstack([np.full((1, 3, 3), 100, np.uint8), alpha])
    found = read_image(saved(Image.fromarray(rgba), tmp_path / "a.png"))
    assert found[0, :, 0].tolist() == [255, 100, 224]  # 0.2 · 100 + 0.8 · 255


def test_palettes_with_a_transparent_colour(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8), mode=None).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    found = read_image(saved(image, tmp_path / "a.png", transparency=1))
    assert found.tolist() == [[[10, 20, 30], [255, 255, 255]]]


@pytest.mark.parametrize(("dtype", "scale"), [(np.uint8, 1), (np.uint16, 257)])
def test_grey_of_8_and_16_bit(tmp_path: Path, dtype: type, scale: int) -> None:
    levels = np.array([[0, 7, 128, 255]])
    path = saved(Image.fromarray((levels * scale).astype(dtype)), tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(path), np.repeat(levels[..., None], 3, axis=2))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.png: no such file"):
        read_image(tmp_path / "nowhere.png")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape(f"{tmp_path}: cannot be read as a picture: Is a directory")):
        read_image(tmp_path)


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "the file has 0 bytes"), (b"ID3\x04rest of it", r"begins with b'ID3\\x04rest'")]
)
def test_no_picture(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "song.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"song\.png: not a PNG or JPEG picture.*{why}"):
        read_image(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_picture(tmp_path: Path, kind: str, share: float) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)).save(buffer, kind)
    path = tmp_path / f"cut.{kind.lower()}"
    path.write_bytes(buffer.getvalue()[: int(share * buffer.tell())])
    with pytest.raises(DataError, match=r"cut\.\w+: cannot be read as a picture: .*truncated"):
        read_image(path)


@pytest.mark.parametrize("side", [9_000, 10_500, 60_000])
def test_a_bomb_is_not_unpacked(tmp_path: Path, side: int) -> None:
    """A header that promises more than anyone draws: beyond our limit, Pillow's warning, Pillow's error."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", 0))
    with pytest.raises(DataError, match=r"bomb\.png: .*above the 64,000,000 pixels"):
        read_image(path)
