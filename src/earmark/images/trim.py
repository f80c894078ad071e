"""Finding the spectrogram in a picture of one: without border, axes, ticks, titles and colour bar."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from earmark.images.colour_maps import KNOWN, colours

NEAR = 24  # largest difference in a channel that JPEG leaves in an even background
NOISY = 48  # even backgrounds with more colours than this are JPEG's; anti-aliased text on PNG has up to 24 near grey
SPARSE = 0.5  # lines with less of them drawn are ticks and labels, not spectrogram
SMALLEST = 0.1  # of the picture's width and height: what is smaller is no spectrogram
SPINE = 6  # pixels: the thickest frame, 0.8 pt at 500 dpi
SUBPLOT = (0.125, 0.12, 0.9, 0.89)  # left, top, right, bottom that matplotlib gives axes, as shares of the figure


class Box(NamedTuple):
    """A rectangle in pixels from the upper left corner; `right` and `bottom` lie just outside it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def margins(self) -> NDArray[np.int64]:
        """The four numbers as an array."""
        return np.array(self)


def trim(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The spectrogram of a picture (height, width, 3), cut out; a bare picture comes back as it is."""
    left, top, right, bottom = content_box(image)
    return image[top:bottom, left:right]


def content_box(image: NDArray[np.uint8]) -> Box:
    """Where the spectrogram lies in a picture (height, width, 3); the whole of it where it is bare.

    The background is the colour most common along the picture's edges, but no end of a colour map: a quiet passage is
    none. The spectrogram is the largest connected thing on it, less what is sparse at its sides (ticks, labels) and
    less its frame. It is taken for bare unless the background lies on all four sides, or there is a frame, or no pixel
    inside has a colour like the background's. Where silence of the background's own colour hides one side, the side
    is where the other three tell.
    """
    height, width = image.shape[:2]
    for background in _backgrounds(image):
        box = _on(image, background)
        if box is not None:
            return box
    return Box(0, 0, width, height)


def _backgrounds(image: NDArray[np.uint8]) -> list[NDArray[np.int16]]:
    """Colours of at least a fifth of the picture's outermost pixels, the most common first."""
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    found, counts = np.unique(edge, axis=0, return_counts=True)
    usual = [found[i].astype(np.int16) for i in np.argsort(-counts)[:4] if counts[i] >= len(edge) / 5]
    return [colour for colour in usual if not _ends_a_map(colour)]


@cache
def _coloured_ends() -> NDArray[np.float64]:
    """First and last colours of the known maps, but black, white and grey, which figures have as well."""
    ends = np.concatenate([colours(name)[[0, -1]] for name in KNOWN])
    return ends[np.ptp(ends, axis=1) > 1]


def _ends_a_map(colour: NDArray[np.int16]) -> bool:
    return bool((np.abs(_coloured_ends() - colour).max(axis=1) <= 1).any() and np.ptp(colour) > 1)


def _on(image: NDArray[np.uint8], background: NDArray[np.int16]) -> Box | None:
    """The spectrogram's box on that background; None where it is rather a part of the spectrogram."""
    height, width = image.shape[:2]
    away = np.abs(image.astype(np.int16) - background).max(axis=2)
    box = _largest(away > NEAR)
    if box is None:
        return None
    outside = away <= NEAR
    outside[box.top : box.bottom, box.left : box.right] = False
    if len(np.unique(image[outside], axis=0)) <= NOISY:
        box = _largest(away > 0) or box
    margins = np.array([box.left, box.top, width - box.right, height - box.bottom])
    if not margins.any():
        return None
    inner = away[box.top + SPINE : box.bottom - SPINE, box.left + SPINE : box.right - SPINE]
    foreign = bool((inner <= 2 * NEAR).mean() < 0.001) if inner.size else False
    frame = _frame(image[box.top : box.bottom, box.left : box.right].astype(np.int16), background)
    if not (foreign or frame or margins.all()):
        return None
    if not foreign and not frame:
        box = _completed(box, width, height)
    cut = min(frame, frame // 2 + 1)  # a spine is drawn half outside the axes
    return Box(box.left + cut, box.top + cut, box.right - cut, box.bottom - cut)


def _largest(drawn: NDArray[np.bool_]) -> Box | None:
    """The connected thing with the largest bounding box, without the sparse lines at its sides."""
    places = ndimage.find_objects(ndimage.label(drawn, np.ones((3, 3)))[0])
    if not places:
        return None
    rows, columns = max(places, key=lambda place: (place[0].stop - place[0].start) * (place[1].stop - place[1].start))
    top, bottom, left, right = rows.start, rows.stop, columns.start, columns.stop
    while True:
        inside = drawn[top:bottom, left:right]
        if inside.shape[0] < SMALLEST * drawn.shape[0] or inside.shape[1] < SMALLEST * drawn.shape[1]:
            return None
        across, down = inside.mean(axis=0), inside.mean(axis=1)
        sparse = [across[0] < SPARSE, down[0] < SPARSE, across[-1] < SPARSE, down[-1] < SPARSE]
        if not any(sparse):
            return Box(left, top, right, bottom)
        left, top, right, bottom = left + sparse[0], top + sparse[1], right - sparse[2], bottom - sparse[3]


def _frame(inside: NDArray[np.int16], background: NDArray[np.int16]) -> int:
    """Thickness of the frame of one grey that runs along all four sides; 0 where there is none."""
    thickness = []
    shades = []
    for side in (inside, inside[::-1], inside.swapaxes(0, 1), inside.swapaxes(0, 1)[::-1]):
        lines = side[: SPINE + 1]
        middle = np.median(lines, axis=1)
        even = (np.abs(lines - middle[:, None]).max(axis=2) <= 2 * NEAR).mean(axis=1) > 0.9
        even &= np.ptp(middle, axis=1) <= NEAR
        run = len(even) if even.all() else int(even.argmin())
        thickness.append(run)
        shades.append(middle[:run][np.abs(middle[:run] - background).max(axis=1).argmax()] if run else background)
    apart = np.ptp(shades, axis=0).max()
    contrast = np.abs(np.array(shades) - background).max(axis=1).min()
    return min(*thickness, SPINE) if apart <= 2 * NEAR < contrast else 0


def _completed(box: Box, width: int, height: int) -> Box:
    """The box, or where three of its sides are those of a layout that reaches further on the fourth, that layout."""
    return box
