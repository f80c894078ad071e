"""The colours of the pages, light and dark, against the contrast of WCAG 2.2 (1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest

CSS = (files("earmark.report") / "templates" / "style.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#\w{6}|[\d.]+%);", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S)
)


def rgb(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def luminance(colour):
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21_to_1():
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [("ink", "surface"), ("ink", "ground"), ("muted", "surface"), ("muted", "ground"), ("accent", "surface"),
     ("accent", "ground"), ("warn", "surface"), ("warn", "warn-ground"), ("ink", "warn-ground")],
)  # fmt: skip
def test_text_is_readable(palette, text, ground):
    assert contrast(rgb(palette[text]), rgb(palette[ground])) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_and_bars_are_visible(palette):
    assert contrast(rgb(palette["accent"]), rgb(palette["surface"])) >= 3
    assert contrast(rgb(palette["quiet"]), rgb(palette["surface"])) >= 3


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("share", [0, 25, 50, 75, 100])
def test_a_cell_of_the_matrix_is_readable_at_any_share(palette, share):
    mix = share * float(palette["deepest"].rstrip("%")) / 100
    cell = mix * rgb(palette["accent"]) + (1 - mix) * rgb(palette["cell"])
    assert contrast(rgb(palette["ink"]), cell) >= 4.5


def test_every_colour_of_the_light_palette_has_a_dark_one():
    assert LIGHT.keys() == DARK.keys()
