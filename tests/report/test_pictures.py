"""Spectrograms as pictures: decoded again, they show the array."""

from __future__ import annotations

import base64
import io

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from earmark.report.pictures import MAX_FRAMES, data_uri, spectrogram_png


def decode(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def magma(share):
    return np.round(np.array(mpl.colormaps["magma"](share))[..., :3] * 255).astype(np.uint8)


def test_levels_are_magma_with_low_bands_below():
    decibels = np.array([[0.0, -40.0], [-80.0, -120.0]], dtype=np.float32)
    picture = decode(spectrogram_png(decibels))
    np.testing.assert_array_equal(picture[1], magma(np.array([255, 128]))[:2])  # lowest band: the top, half way down
    np.testing.assert_array_equal(picture[0], magma(np.array([0, 0])))  # highest band: 80 dB below the top, and less


@pytest.mark.parametrize(("frames", "columns"), [(1, 1), (MAX_FRAMES, MAX_FRAMES), (MAX_FRAMES + 1, 161), (1292, 259)])
def test_many_frames_are_averaged_to_few_columns(rng, frames, columns):
    decibels = rng.normal(-40, 10, size=(64, frames)).astype(np.float32)
    assert decode(spectrogram_png(decibels)).shape == (64, columns, 3)


def test_averaged_frames_have_the_colour_of_their_mean():
    decibels = np.tile(np.array([0.0, -80.0], dtype=np.float32), (4, MAX_FRAMES))
    decibels[:, :2] = 0.0
    assert (decode(spectrogram_png(decibels))[:, 1:] == magma(0)).all()
    assert (decode(spectrogram_png(decibels))[:, 0] == magma(1.0)).all()


def test_silence_gives_a_picture():
    assert (decode(spectrogram_png(np.full((8, 8), -80.0, dtype=np.float32))) == magma(1.0)).all()


def test_a_data_uri_carries_the_bytes():
    kind, _, body = data_uri(b"\x89PNG").partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(body) == b"\x89PNG"


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_keeps_its_colours(channels: int) -> None:
    levels = np.arange(channels * 4 * 6).reshape(channels, 4, 6)
    shown = np.asarray(Image.open(io.BytesIO(spectrogram_png((levels / 255).astype(np.float32)))))
    np.testing.assert_array_equal(shown, levels.transpose(1, 2, 0).squeeze())
