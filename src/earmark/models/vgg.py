"""VGG's blocks of two small convolutions, in a size that a CPU trains."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.shapes import picture_size, refuse_other_shape
from earmark.models.stacked_cnn import EXAMPLES_AT_ONCE


class VGG(nn.Module):
    """`depth` blocks of two 3 × 3 convolutions and a max-pool of 2, their width doubling from `width`; a dense head.

    Each convolution is followed by batch normalisation and ReLU, the second of a block after the pool. Flattened,
    `dropout`, `units` with ReLU, `dropout`, one dense layer.

    Input  (batch, bands, frames) log-mel or (batch, channels, height, width), standardised; at least 2 ** depth both
           ways.
    Output (batch, classes) logits.
    486,096 parameters at 80 × 80 and 8 classes.

    Raises ModelError for a shape that is smaller or no picture, UsageError for a depth or width below 1.
    Source: Simonyan & Zisserman 2014, "Very deep convolutional networks for large-scale image recognition",
    arXiv:1409.1556, table 1, column B cut to four blocks, with an eighth of its width; batch normalisation is Ioffe &
    Szegedy's (2015, arXiv:1502.03167).
    """

    example_shape: ClassVar[tuple[int, ...]] = (80, 80)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        width: int = 8,
        depth: int = 4,
        units: int = 256,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        if width < 1 or depth < 1:
            raise UsageError(f"vgg: width = {width} and depth = {depth} must be 1 or more")
        channels, height, length = picture_size("vgg", shape, least=(2**depth, 2**depth))
        self.shape = tuple(shape)
        widths = [width * 2**block for block in range(depth)]
        self.blocks = nn.Sequential(
            *(_Block(before, after) for before, after in zip([channels, *widths], widths, strict=False))
        )
        flat = widths[-1] * (height // 2**depth) * (length // 2**depth)
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(flat, units), nn.ReLU(), nn.Dropout(dropout), nn.Linear(units, classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("vgg", x, self.shape)
        # Laid out channels last: twice as fast.
        picture = x.unsqueeze(-1).movedim(-1, 1) if x.ndim == 3 else x.contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.head(self.blocks(picture).flatten(1))
        return logits


class _Block(nn.Module):
    """Two convolutions with same padding, batch normalisation and ReLU; a max-pool of 2 follows the second convolution.

    Normalised after the pool, the second has a quarter of the values to pass over, and can itself be computed a few
    examples at a time, within the cache.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.first_normalisation = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.second_normalisation = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first_normalisation(self.first(x)))
        if self.training:
            x = torch.cat([F.max_pool2d(self.second(part), 2) for part in torch.split(x, EXAMPLES_AT_ONCE)])
        else:
            x = F.max_pool2d(self.second(x), 2)
        return F.relu(self.second_normalisation(x))
