"""Drawn by matplotlib, inverted here: the same decibels, to a step of the colour map."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from earmark.errors import DataError, UsageError
from earmark.images.colour_maps import KNOWN, recognise, to_decibels
from earmark.images.decode import read_image

STEP = 80 / 255  # dB


@pytest.fixture(scope="module")
def mel() -> np.ndarray:
    """(64, 100) dB from -80 to 0 that fall with frequency, lowest band first, as music does."""
    rng = np.random.default_rng(5)
    falling = np.linspace(0, -60, 64)[:, None] + rng.normal(0, 8, (64, 100))
    falling[0, 0], falling[-1, -1] = 0, -80
    return np.clip(falling, -80, 0)


def drawn(mel: np.ndarray, name: str) -> np.ndarray:
    image: np.ndarray = mpl.colormaps[name]((mel[::-1] + 80) / 80, bytes=True)[..., :3]
    return image


every_map = pytest.mark.parametrize("name", [*KNOWN, *(f"{name}_r" for name in KNOWN)])


@every_map
def test_every_known_map_is_recognised(mel: np.ndarray, name: str) -> None:
    found, distance = recognise(drawn(mel, name))
    assert found == name
    assert distance < 0.5


@every_map
@pytest.mark.parametrize("to_byte", [np.floor, np.round])
def test_every_colour_gives_its_step_or_a_neighbour(name: str, to_byte: np.ufunc) -> None:
    """Rounded to bytes, neighbours of some maps are the same colour: one of these it must be."""
    lut = to_byte(np.asarray(mpl.colormaps[name](np.arange(256)))[:, :3] * 255).astype(np.uint8)
    steps = to_decibels(lut[None], colour_map=name, db_range=(0, 255))[0].round().astype(int)
    alike = np.abs(lut[steps].astype(int) - lut).max(axis=1) == 0
    assert (alike | (np.abs(steps - np.arange(256)) <= 1)).all()


@pytest.mark.parametrize("name", ["viridis", "magma", "inferno", "plasma", "cividis", "gray", "hot", "turbo"])
def test_the_error_is_a_step_at_most(mel: np.ndarray, name: str) -> None:
    drawn_steps = np.clip((mel + 80) / 80 * 256, 0, 255).astype(int)
    found = to_decibels(drawn(mel, name), db_range=(0, 255))
    assert np.abs(found - drawn_steps).max() <= 1


def test_a_range_of_ones_own(mel: np.ndarray) -> None:
    inverted = to_decibels(drawn(mel, "viridis"), db_range=(0.0, 1.0))
    np.testing.assert_allclose(inverted, (mel + 80) / 80, atol=2 / 255)


def test_a_named_map_is_taken_as_it_is(mel: np.ndarray) -> None:
    upside_down = to_decibels(drawn(mel, "gray"), colour_map="gray_r")
    np.testing.assert_allclose(upside_down, -80 - mel, atol=2 * STEP)


def test_real_pictures_give_the_levels_they_were_drawn_from(shared: Path) -> None:
    arrays = np.load(shared / "gtzan" / "mel" / "mel128.npz")
    ids = arrays["ids"].tolist()
    pictures = sorted((shared / "spectrogram_png" / "without_border").rglob("*.png"))
    assert len(pictures) == 6
    for path in pictures:
        level = arrays["level"][ids.index(path.stem)]
        bands = ((np.arange(385) + 0.5) * 128 / 385).astype(int)
        error = to_decibels(read_image(path), db_range=(0, 255)) - level[bands]
        assert np.abs(error).max() <= 1, path.name


def test_real_pictures_have_the_map_that_is_said(shared: Path) -> None:
    import json

    from earmark.images.trim import trim

    said = {path: json.loads(path.read_text()) for path in (shared / "spectrogram_png").rglob("*.json")}
    named = {path: known["colour_map"] for path, known in said.items() if "colour_map" in known}
    assert {path: recognise(trim(read_image(path.with_suffix(".png"))))[0] for path in named} == named


def test_a_picture_of_something_else_is_refused(rng: np.random.Generator) -> None:
    photograph = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    with pytest.raises(DataError, match=r"not those of a known colour map: the nearest is \w+, \d+\.\d away"):
        to_decibels(photograph)


def test_another_map_than_the_named_one_is_refused(mel: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"the nearest is viridis, \d+\.\d away"):
        to_decibels(drawn(mel, "hot"), colour_map="viridis")


def test_an_unknown_name() -> None:
    with pytest.raises(UsageError, match="no colour map 'virdis'; did you mean 'viridis'"):
        to_decibels(np.zeros((2, 2, 3), np.uint8), colour_map="virdis")


def test_a_shape_that_is_no_picture() -> None:
    with pytest.raises(DataError, match=r"\(height, width, 3\), not \(4, 4\)"):
        to_decibels(np.zeros((4, 4), np.uint8))
