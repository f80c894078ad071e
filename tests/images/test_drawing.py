"""From a file to what a network is shown; `tests/datasets/test_image_folder.py` holds what each setting does."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from earmark.errors import DataError
from earmark.images.decode import read_image
from earmark.images.drawing import Drawing

MEL = np.clip(np.linspace(0.95, 0.1, 40)[:, None] + np.random.default_rng(2).normal(0, 0.08, (40, 60)), 0, 1)


def picture(path: Path, border: int) -> Path:
    image = mpl.colormaps["magma"](MEL[::-1], bytes=True)[..., :3]
    Image.fromarray(np.pad(image, [(border, border), (border, border), (0, 0)], constant_values=255)).save(path)
    return path


@pytest.mark.parametrize("colour", ["rgb", "grey", "decibels"])
def test_a_border_makes_no_difference_where_it_is_trimmed(tmp_path: Path, colour) -> None:
    bare, bordered = picture(tmp_path / "bare.png", 0), picture(tmp_path / "bordered.png", 12)
    drawing = Drawing(trim=True, height=20, width=30, colour=colour)
    np.testing.assert_array_equal(drawing.read(bordered), drawing.read(bare))
    np.testing.assert_array_equal(drawing.read(bare), drawing.of(read_image(bare)))
    whole = Drawing(trim=False, height=20, width=30, colour="rgb")
    assert whole.read(bordered).shape == (3, 20, 30)
    assert (whole.read(bordered)[:, 0] == 1).all()


def test_a_named_map_is_taken_at_its_word(tmp_path: Path) -> None:
    settings = {"trim": False, "height": 40, "width": 60, "colour": "decibels"}
    path = picture(tmp_path / "a.png", 0)
    found = Drawing(**settings).read(path)
    np.testing.assert_array_equal(Drawing(**settings, colour_map="magma").read(path), found)
    np.testing.assert_allclose(Drawing(**settings, colour_map="magma_r").read(path), 1 - found, atol=1e-6)


def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, rng: np.random.Generator) -> None:
    drawing = Drawing(trim=False, height=20, width=30, colour="decibels")
    (tmp_path / "song.png").write_bytes(b"ID3 not a picture")
    with pytest.raises(DataError, match=r"song\.png: not a PNG or JPEG picture"):
        drawing.read(tmp_path / "song.png")
    Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(tmp_path / "noise.png")
    with pytest.raises(DataError, match=r"noise\.png: the picture's colours are not those of a known colour map"):
        drawing.read(tmp_path / "noise.png")
