"""Rectangles in pictures, one an example."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.spans import along, uniform


def boxes(x: Tensor, heights: Tensor, widths: Tensor, generator: torch.Generator) -> Tensor:
    """True inside a box of `heights` × `widths` pixels, each (batch,), about a pixel anywhere; cut off at the edges.

    Shaped as x is, but with one channel where x has several.
    """
    inside = []
    for axis, lengths in ((-2, heights), (-1, widths)):
        size = x.shape[axis]
        centre = (uniform(0, 1, (len(x), 1), x, generator) * size).long()
        begin = centre - lengths[:, None] // 2
        place = torch.arange(size, device=x.device)
        inside.append(along((place >= begin) & (place < begin + lengths[:, None]), x, axis))
    return inside[0] & inside[1]
