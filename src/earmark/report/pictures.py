"""Spectrograms as small pictures that a page carries inside itself."""

from __future__ import annotations

import base64
import io

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_FRAMES = 320  # columns: a picture takes about 35 kB
RANGE_DB = 80.0
MAGMA = (mpl.colormaps["magma"](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


def spectrogram_png(decibels: NDArray[np.float32]) -> bytes:
    """A PNG in the magma colours, low bands below, time to the right.

    decibels: (bands, frames). The upper 80 dB are shown; neighbouring frames are averaged down to at most 320. What is
    a picture already, (channels, height, width) in 0…1, is shown in its own colours.
    """
    if decibels.ndim == 3:
        return _png(Image.fromarray(np.round(255 * decibels).astype(np.uint8).transpose(1, 2, 0).squeeze()))
    block = -(-decibels.shape[1] // MAX_FRAMES)
    edges = np.arange(0, decibels.shape[1], block)
    sums = np.add.reduceat(decibels.astype(np.float64), edges, axis=1)
    frames = sums / np.diff(np.append(edges, decibels.shape[1]))
    top = frames.max()
    depth = np.clip((top - frames) / (min(RANGE_DB, top - frames.min()) or 1.0), 0, 1)
    picture = Image.fromarray(np.round(255 * (1 - depth[::-1])).astype(np.uint8))
    picture.putpalette(MAGMA.tobytes())
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def data_uri(png: bytes) -> str:
    """A PNG as the address of an `<img>`."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
