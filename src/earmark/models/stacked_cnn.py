"""Four convolutions on top of each other: the course's efficient model."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.models.initialisation import initialise_as_keras
from earmark.models.shapes import bands_and_frames, refuse_other_shape

KERNELS = (3, 3, 3, 2)
LEAST = (23, 23)  # what four blocks leave one value of

# In training. Few enough that the largest values of a block, 78 × 78 × 32, stay in the cache between convolution and
# pool: an epoch takes a third less time. Evaluation goes at once, so that a graph can be exported for any batch.
EXAMPLES_AT_ONCE = 16


class StackedCNN(nn.Module):
    """Four blocks of convolution, pool and batch normalisation, then three dense layers.

    `filters` of 3 × 3, 3 × 3, 3 × 3 and 2 × 2, each without padding and followed by ReLU, max-pool of 3 at steps of 2
    with same padding, and batch normalisation; flattened, `dropout`, 128 and 64 units with ReLU, one dense layer.

    Input  (batch, bands, frames) log-mel, standardised; at least 23 × 23.
    Output (batch, classes) logits.
    97,896 parameters at 80 × 80 and 8 classes.

    Raises ModelError for a shape that is smaller or not bands × frames.
    Source: the course's own efficient model; its blocks are VGG's (Simonyan & Zisserman 2014, "Very deep convolutional
    networks for large-scale image recognition", arXiv:1409.1556) with one convolution each and AlexNet's overlapping
    pools (Krizhevsky, Sutskever & Hinton 2012, NIPS, section 3.4).
    """

    example_shape: ClassVar[tuple[int, ...]] = (80, 80)

    def __init__(self, shape: tuple[int, ...], classes: int, *, filters: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        self.shape = bands_and_frames("stacked_cnn", shape, least=LEAST)
        self.stack = Stack(filters)
        self.dense = dense_layers(self.stack.flat_size(self.shape), classes, dropout=dropout)
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("stacked_cnn", x, self.shape)
        logits: Tensor = self.dense(self.stack(x))
        return logits


class Stack(nn.Sequential):
    """The four blocks of `filters`. Input (batch, bands, frames), output (batch, values)."""

    def __init__(self, filters: int) -> None:
        widths = (1, filters, filters, filters)
        super().__init__(*(Block(before, filters, size) for before, size in zip(widths, KERNELS, strict=True)))
        self.filters = filters

    def flat_size(self, shape: tuple[int, int]) -> int:
        """Values that the blocks leave of one example of `shape`."""
        bands, frames = shape
        for size in KERNELS:
            bands, frames = (bands - size + 2) // 2, (frames - size + 2) // 2
        return self.filters * bands * frames

    def forward(self, x: Tensor) -> Tensor:
        # One channel behind instead of in front: the blocks then compute channels last, in half the time.
        x = x.unsqueeze(-1).movedim(-1, 1)
        for block in self:
            x = block(x)
        return x.flatten(1)


class Block(nn.Module):
    """Convolution without padding, ReLU, max-pool of 3 at steps of 2 with same padding, batch normalisation.

    ReLU follows the pool, on a quarter of the values: the largest of values is the same before it and after.
    """

    def __init__(self, before: int, filters: int, size: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, filters, size)
        self.normalisation = nn.BatchNorm2d(filters)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            pooled = torch.cat([self._pooled(part) for part in torch.split(x, EXAMPLES_AT_ONCE)])
        else:
            pooled = self._pooled(x)
        normalised: Tensor = self.normalisation(F.relu(pooled))
        return normalised

    def _pooled(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        # Keras' same padding: an odd length is padded by one at both ends, an even one at its end alone.
        return F.max_pool2d(x, 3, stride=2, padding=(x.shape[2] % 2, x.shape[3] % 2), ceil_mode=True)


def dense_layers(values: int, classes: int, *, dropout: float) -> nn.Sequential:
    """Dropout, 128 and 64 units with ReLU, and the layer of logits."""
    return nn.Sequential(
        nn.Dropout(dropout), nn.Linear(values, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, classes)
    )
