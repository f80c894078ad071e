"""From the colours of a spectrogram picture back to the decibels it was drawn from."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from scipy.spatial import KDTree

from earmark.errors import DataError, UsageError, nearest

# Ties go to the earlier one: the usual ones first. Maps that share their colours with another ("Greys" with "gray")
# cannot be told apart and are left out.
KNOWN = (
    *("viridis", "magma", "inferno", "plasma", "cividis", "jet", "gray", "hot", "turbo", "coolwarm"),
    *("afmhot", "bone", "copper", "cubehelix", "gist_heat", "gnuplot2", "nipy_spectral", "rainbow", "RdBu"),
    *("seismic", "Spectral", "YlGnBu", "YlOrRd", "Blues", "CMRmap"),
)
STEPS = 256
FARTHEST = 12.0  # mean distance in RGB; strong JPEG compression stays below 8, photographs lie above 25
SAMPLE = 4_000  # pixels that a map is recognised from


@cache
def colours(name: str) -> NDArray[np.float64]:
    """The (256, 3) colours of a map, each from 0 to 255. Raises UsageError for one that matplotlib does not have."""
    if name not in colormaps:
        raise UsageError(f"no colour map {name!r}{nearest(name, colormaps)}; see matplotlib's list of colour maps")
    return np.asarray(colormaps[name](np.arange(STEPS)), dtype=np.float64)[:, :3] * 255


@cache
def _drawn(name: str) -> list[tuple[KDTree, NDArray[np.float64]]]:
    """The map's colours as bytes, cut off (matplotlib) or rounded, and each one's step; of equal ones the middle."""
    out = []
    for to_byte in (np.floor, np.round):
        alike, place, counts = np.unique(to_byte(colours(name)), axis=0, return_inverse=True, return_counts=True)
        out.append((KDTree(alike), np.bincount(place.ravel(), weights=np.arange(STEPS)) / counts))
    return out


def _nearest(name: str, found: NDArray[np.integer], counts: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
    """Mean distance of colours (n, 3) that occur so often from the map, and the step nearest to each."""
    best = np.inf
    for tree, step in _drawn(name):
        distances, place = tree.query(found)
        mean = float(np.average(distances, weights=counts))
        if mean < best:
            best, steps = mean, step[place]
    return best, steps


def recognise(image: NDArray[np.uint8]) -> tuple[str, float]:
    """The known map whose colours a picture (height, width, 3) has, and the mean distance of its pixels from them.

    Distances are Euclidean in RGB of 0 to 255. A map and its reverse have the same colours: a spectrogram whose upper
    half is lighter in the map's sense than its lower half has the reversed one (name with `_r`), since music has less
    energy at high frequencies.
    """
    pixels = image.reshape(-1, 3)
    found, counts = np.unique(pixels[:: max(1, len(pixels) // SAMPLE)], axis=0, return_counts=True)
    distances = {name: _nearest(name, found, counts)[0] for name in KNOWN}
    name = min(distances, key=distances.__getitem__)
    steps = _invert(image, name)[1]
    half = len(steps) // 2
    upside_down = half > 0 and steps[:half].mean() > steps[half:].mean()
    return f"{name}_r" if upside_down else name, distances[name]


def to_decibels(
    image: NDArray[np.uint8],
    *,
    colour_map: str | None = None,
    db_range: tuple[float, float] = (-80.0, 0.0),
) -> NDArray[np.float32]:
    """Invert a bare spectrogram picture (height, width, 3) to decibels, (height, width) float32, lowest band first.

    colour_map  its matplotlib name; None: recognised among the known ones
    db_range    what the first and the last colour stand for

    Each pixel takes the value of the nearest of the map's 256 colours; the picture's lowest row is the first band.
    Raises DataError naming map and distance where the colours are not those of one.
    """
    if image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise DataError(f"a picture has shape (height, width, 3), not {image.shape}")
    name = colour_map or recognise(image)[0]
    distance, steps = _invert(image, name)
    if distance > FARTHEST:
        raise DataError(
            f"the picture's colours are not those of a known colour map: the nearest is {name.removesuffix('_r')}, "
            f"{distance:.1f} away on average (of 255; at most {FARTHEST:g} is taken); trim its borders, or use "
            "colour = 'rgb'"
        )
    low, high = db_range
    return (low + steps[::-1] * ((high - low) / (STEPS - 1))).astype(np.float32)


def _invert(image: NDArray[np.uint8], name: str) -> tuple[float, NDArray[np.float64]]:
    """Mean distance from the map, and each pixel's step in it, (height, width); each colour is looked up once."""
    packed = image.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    found, place, counts = np.unique(packed, return_inverse=True, return_counts=True)
    distance, steps = _nearest(name, np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1), counts)
    return distance, steps[place].reshape(packed.shape)
