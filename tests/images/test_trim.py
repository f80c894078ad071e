"""Borders, axes and colour bars go; bare pictures stay, whatever is silent in them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from earmark.images.decode import read_image
from earmark.images.trim import Box, content_box, trim

MAPS = ("viridis", "magma", "inferno", "plasma", "jet", "hot", "cividis", "coolwarm", "turbo", "gray")


def music(bands: int = 64, frames: int = 150, *, seed: int = 1) -> np.ndarray:
    """dB from -80 to 0 with harmonics, beats and a spectrum that falls."""
    rng = np.random.default_rng(seed)
    fall = np.linspace(-5, -62, bands)[:, None]
    beats = 8 * np.cos(np.arange(frames) / 4)[None] + 6 * np.cos(np.arange(bands) / 2)[:, None]
    return np.clip(fall + beats + rng.normal(0, 5, (bands, frames)), -80, 0)


def bare(mel: np.ndarray, name: str, *, scale: int = 3) -> np.ndarray:
    image: np.ndarray = mpl.colormaps[name]((mel[::-1] + 80) / 80, bytes=True)[..., :3]
    return image.repeat(scale, axis=0).repeat(scale, axis=1)


def bordered(image: np.ndarray, colour: tuple[int, int, int], margins: tuple[int, int, int, int]) -> np.ndarray:
    left, top, right, bottom = margins
    out = np.empty((image.shape[0] + top + bottom, image.shape[1] + left + right, 3), np.uint8)
    out[:] = colour
    out[top : top + image.shape[0], left : left + image.shape[1]] = image
    return out


def off(found: Box, true: tuple[float, ...]) -> float:
    return max(abs(a - b) for a, b in zip(found, true, strict=True))


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (34, 34, 34), (240, 240, 240), (30, 30, 46)])
def test_an_even_border_goes(name: str, colour: tuple[int, int, int]) -> None:
    image = bare(music(), name)
    margins = (10, 9, 8, 10)
    true = (10, 9, 10 + image.shape[1], 9 + image.shape[0])
    assert off(content_box(bordered(image, colour, margins)), true) <= 2


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("silent", ["start", "end", "both", "top", "top and both", "bottom", "nothing"])
def test_a_bare_picture_stays(name: str, silent: str) -> None:
    mel = music()
    if silent in ("start", "both", "top and both"):
        mel[:, :15] = -80
    if silent in ("end", "both", "top and both"):
        mel[:, -20:] = -80
    if "top" in silent:
        mel[-12:] = -80
    if silent == "bottom":
        mel[:3] = -80
    image = bare(mel, name)
    assert trim(image).shape == image.shape


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_picture_of_one_colour_stays(share: float) -> None:
    image = np.full((40, 50, 3), round(255 * share), np.uint8)
    assert content_box(image) == (0, 0, 50, 40)


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (3, 3), (15, 15)])
def test_tiny_pictures_stay(shape: tuple[int, int], rng: np.random.Generator) -> None:
    image = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert content_box(image) == (0, 0, shape[1], shape[0])


def test_silence_of_the_borders_colour_does_not_hide_a_side() -> None:
    """Grey on black: where the music begins is not where the picture begins."""
    mel = music()
    mel[-10:] = -80
    image = bordered(bare(mel, "gray"), (0, 0, 0), (12, 12, 12, 12))
    assert content_box(image) == (12, 12, 12 + 450, 12 + 192)


def test_trimming_twice_is_trimming_once() -> None:
    once = trim(bordered(bare(music(), "viridis"), (255, 255, 255), (20, 30, 20, 10)))
    assert trim(once).shape == once.shape


@pytest.mark.parametrize("quality", [75, 95])
@pytest.mark.parametrize("name", ["viridis", "magma", "plasma"])
def test_jpeg_noise_is_no_picture(name: str, quality: int) -> None:
    buffer = io.BytesIO()
    image = bordered(bare(music(), name), (255, 255, 255), (25, 21, 13, 18))
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    decoded = np.array(Image.open(buffer))
    assert off(content_box(decoded), (25, 21, 25 + 450, 21 + 192)) <= 2


def plotted(
    name: str, dpi: int, *, dark: bool, title: bool, bar: str, grid: bool, seed: int
) -> tuple[Image.Image, Box]:
    """A figure as matplotlib draws it, and where its axes lie."""
    with mpl.rc_context({}), style.context("dark_background" if dark else "default"):
        figure = Figure(figsize=(6, 4), dpi=dpi)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        image = axes.imshow(music(seed=seed), origin="lower", aspect="auto", cmap=name)
        axes.set_xlabel("time [s]")
        axes.set_ylabel("mel band")
        axes.grid(grid)
        if title:
            axes.set_title("blues.00054")
        if bar:
            figure.colorbar(image, ax=axes, location=bar, format="%+2.0f dB")
        canvas.draw()
        height = canvas.get_width_height()[1]
        left, bottom, right, top = axes.get_window_extent().extents
        return Image.fromarray(np.asarray(canvas.buffer_rgba())), (left, height - top, right, height - bottom)


@settings(max_examples=12, deadline=None)
@given(
    name=st.sampled_from([name for name in MAPS if name != "gray"]),
    dpi=st.sampled_from([72, 100, 150]),
    dark=st.booleans(),
    title=st.booleans(),
    bar=st.sampled_from(["", "right", "bottom"]),
    grid=st.booleans(),
    seed=st.integers(0, 100),
)
def test_axes_titles_and_colour_bars_go(
    name: str, dpi: int, dark: bool, title: bool, bar: str, grid: bool, seed: int
) -> None:
    picture, true = plotted(name, dpi, dark=dark, title=title, bar=bar, grid=grid, seed=seed)
    assert off(content_box(np.array(picture.convert("RGB"))), true) <= 2


@pytest.mark.parametrize("kind", ["with_border", "with_axes", "without_border"])
def test_real_pictures_are_trimmed_to_two_pixels(shared: Path, kind: str) -> None:
    pictures = sorted((shared / "spectrogram_png" / kind).rglob("*.png"))
    assert pictures
    for path in pictures:
        image = read_image(path)
        beside = path.with_suffix(".json")
        bare = (0, 0, image.shape[1], image.shape[0])
        true = json.loads(beside.read_text())["content_box_px"] if beside.exists() else bare
        assert off(content_box(image), true) <= (2 if beside.exists() else 0), path.name
