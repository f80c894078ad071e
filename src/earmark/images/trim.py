"""Finding the spectrogram in a picture of one: without border, axes, ticks, titles and colour bar."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from earmark.images.colour_maps import FARTHEST, KNOWN, colours, recognise

NEAR = 24  # largest difference in a channel that JPEG leaves in an even background
NOISY = 1.2  # pixels one or two levels off the background for each pixel of a box's width and height: JPEG
SPARSE = 0.5  # lines with less of them drawn are ticks and labels, not spectrogram
SMALLEST = 16  # pixels: what is smaller is no spectrogram
RAMP = 8  # levels by which the pixels of one height in an upright colour bar may differ
SPINE = 6  # pixels: the thickest frame, 0.8 pt at 500 dpi
EVEN = 0.8  # of a frame's line is of its colour: ticks and labels cross it
FIT = 1.5  # pixels by which a side may miss a layout
SUBPLOT = (0.125, 0.12, 0.9, 0.89)  # left, top, right, bottom that matplotlib gives axes, as shares of the figure


class Box(NamedTuple):
    """A rectangle in pixels from the upper left corner; `right` and `bottom` lie just outside it."""

    left: int
    top: int
    right: int
    bottom: int


def trim(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The spectrogram of a picture (height, width, 3), cut out; a bare picture comes back as it is."""
    left, top, right, bottom = content_box(image)
    return image[top:bottom, left:right]


def content_box(image: NDArray[np.uint8]) -> Box:
    """Where the spectrogram lies in a picture (height, width, 3); the whole of it where it is bare.

    The background is the colour most common along the picture's edges, but no end of a colour map: a quiet passage is
    none. The spectrogram is the largest connected thing on it that is no colour bar, less what is sparse at its sides
    (ticks, labels) and less its frame. A picture counts as bare unless the background lies on all four sides, or there
    is a frame, or the background is no colour of the spectrogram's map. Where silence of the background's own colour
    hides a side, the side is taken from the layouts that the others fit.
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
    return [colour for colour in usual if np.ptp(colour) <= 1 or _from_coloured_end(colour) > 1]


@cache
def _coloured_ends() -> NDArray[np.float64]:
    """First and last colours of the known maps, but black, white and grey, which figures have as well."""
    ends = np.concatenate([colours(name)[[0, -1]] for name in KNOWN])
    coloured: NDArray[np.float64] = ends[np.ptp(ends, axis=1) > 1]
    return coloured


def _from_coloured_end(colour: NDArray[np.int16]) -> float:
    return float(np.abs(_coloured_ends() - colour).max(axis=1).min())


def _on(image: NDArray[np.uint8], background: NDArray[np.int16]) -> Box | None:
    """The spectrogram's box on that background; None where this is rather a colour of the spectrogram."""
    height, width = image.shape[:2]
    red, green, blue = (np.abs(image[..., i].astype(np.int16) - background[i]) for i in range(3))
    away = np.maximum(np.maximum(red, green), blue)
    box = _spectrogram(away > NEAR, image)
    if box is not None and not _noisy(away, box):
        box = _spectrogram(away > 0, image)
    if box is None or box == (0, 0, width, height):
        return None
    inside = image[box.top : box.bottom, box.left : box.right]
    frame = _frame(inside.astype(np.int16), background)
    surrounded = box.left and box.top and width - box.right and height - box.bottom
    if not (frame or surrounded or _foreign(background, inside)):
        return None
    if not frame:
        return _completed(box, background, away, image)
    cut = min(frame, frame // 2 + 1)  # a spine is drawn half outside the axes
    return Box(box.left + cut, box.top + cut, box.right - cut, box.bottom - cut)


def _noisy(away: NDArray[np.int16], box: Box) -> bool:
    """Whether the background around the box is uneven, by a level or two, as JPEG leaves it."""
    faint = (away > 0) & (away <= 2)
    faint[box.top : box.bottom, box.left : box.right] = False
    return int(np.count_nonzero(faint)) > NOISY * (box.right - box.left + box.bottom - box.top)


def _spectrogram(drawn: NDArray[np.bool_], image: NDArray[np.uint8]) -> Box | None:
    """The connected thing with the largest bounding box but a colour bar, without the sparse lines at its sides."""
    things = ndimage.find_objects(ndimage.label(drawn, np.ones((3, 3)))[0])
    things.sort(key=lambda thing: (thing[0].stop - thing[0].start) * (thing[1].stop - thing[1].start), reverse=True)
    for rows, columns in things[:3]:
        box = _dense(drawn, Box(columns.start, rows.start, columns.stop, rows.stop))
        if box is not None and not _is_ramp(image[box.top : box.bottom, box.left : box.right]):
            return box
    return None


def _dense(drawn: NDArray[np.bool_], box: Box) -> Box | None:
    """What is left of the box after its sparse sides are taken off; None where that is too small."""
    left, top, right, bottom = box
    while min(right - left, bottom - top) >= SMALLEST:
        before = (left, top, right, bottom)
        for axis in (1, 0):
            full = np.flatnonzero(drawn[top:bottom, left:right].mean(axis=axis) >= SPARSE)
            if not len(full):
                return None
            first, last = int(full[0]), int(full[-1]) + 1
            if axis:
                top, bottom = top + first, top + last
            else:
                left, right = left + first, left + last
        if before == (left, top, right, bottom):
            return Box(left, top, right, bottom)
    return None


def _is_ramp(inside: NDArray[np.uint8]) -> bool:
    """Whether all rows, or all columns, are alike, as in a colour bar."""
    rows, columns = inside.shape[0] // 5, inside.shape[1] // 5
    middle = inside[rows:-rows, columns:-columns]
    return any(np.median(np.ptp(middle, axis=axis).max(axis=1)) <= RAMP for axis in (0, 1))


def _frame(inside: NDArray[np.int16], background: NDArray[np.int16]) -> int:
    """Thickness of the frame of one grey that runs along all four sides; 0 where there is none."""
    thickness = []
    shades = []
    for side in (inside, inside[::-1], inside.swapaxes(0, 1), inside.swapaxes(0, 1)[::-1]):
        lines = side[:SPINE]
        middle = np.median(lines, axis=1)
        even = (np.abs(lines - middle[:, None]).max(axis=2) <= 2 * NEAR).mean(axis=1) > EVEN
        even &= np.ptp(middle, axis=1) <= NEAR
        run = len(even) if even.all() else int(even.argmin())
        thickness.append(run)
        shades.append(middle[:run][np.abs(middle[:run] - background).max(axis=1).argmax()] if run else background)
    apart = np.ptp(shades, axis=0).max()
    contrast = np.abs(np.array(shades) - background).max(axis=1).min()
    return min(thickness) if apart <= 2 * NEAR < contrast else 0


def _foreign(background: NDArray[np.int16], inside: NDArray[np.uint8]) -> bool:
    """Whether the background is no colour of the map that the spectrogram is drawn in."""
    name, distance = recognise(inside)
    own = colours(name.removesuffix("_r"))
    return distance <= FARTHEST and bool((np.abs(own - background).max(axis=1) > NEAR).all())


def _completed(box: Box, background: NDArray[np.int16], away: NDArray[np.int16], image: NDArray[np.uint8]) -> Box:
    """The box, with a side that silence of the background's colour hides moved to where the other three tell it is."""
    height, width = away.shape
    even = int(np.median([box.left, box.top, width - box.right, height - box.bottom]))
    subplot = np.round(np.array(SUBPLOT) * [width, height, width, height]).astype(int)
    for layout in (subplot, np.array([even, even, width - even, height - even])):
        outward = (layout - box) * [-1, -1, 1, 1]
        side = int(outward.argmax())
        if np.sort(np.abs(outward))[2] > FIT or outward[side] <= FIT:
            continue
        whole = Box(*(int(layout[i]) if i == side else value for i, value in enumerate(box)))
        beside = away > NEAR  # axes and colour bars have labels: then the box shows all there is
        beside[whole.top : whole.bottom, whole.left : whole.right] = False
        if not beside.any() and not _foreign(background, image[box.top : box.bottom, box.left : box.right]):
            return whole
    return box
