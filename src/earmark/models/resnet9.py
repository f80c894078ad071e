"""A residual network of nine layers for small pictures, cut for a CPU."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.shapes import picture_size, refuse_other_shape


class ResNet9(nn.Module):
    """Four 3 × 3 convolutions whose width doubles from `width`, a residual pair after two of them, one dense layer.

    The last three halve height and width by a max-pool of 2, which comes before batch normalisation and ReLU and leaves
    these a quarter of the values to pass over. The largest value of each map goes, after `dropout`, to the dense layer,
    whose logits are multiplied by `scale`.

    Input  (batch, channels, height, width) a picture, or (batch, bands, frames), one channel; standardised; at least
           8 × 8.
    Output (batch, classes) logits.
    1,671,392 parameters at 3 × 32 × 32 and 100 classes.

    Raises ModelError for a shape that is smaller or no picture, UsageError for a width below 1.
    Source: D. Page, "How to train your ResNet", 2018, myrtle.ai, part 4, with half its width; residual pairs are He,
    Zhang, Ren & Sun's (2015, arXiv:1512.03385); weights begin as He et al. 2015, arXiv:1502.01852, section 2.2.
    """

    example_shape: ClassVar[tuple[int, ...]] = (3, 32, 32)

    def __init__(
        self, shape: tuple[int, ...], classes: int, *, width: int = 32, dropout: float = 0.0, scale: float = 0.125
    ) -> None:
        super().__init__()
        if width < 1:
            raise UsageError(f"resnet9: width = {width} must be 1 or more")
        self.shape = tuple(shape)
        self.picture = picture_size("resnet9", shape, least=(8, 8))
        self.scale = scale
        self.encoder = nn.Sequential(
            _Convolution(self.picture[0], width),
            _Convolution(width, 2 * width, pool=True),
            _Residual(2 * width),
            _Convolution(2 * width, 4 * width, pool=True),
            _Convolution(4 * width, 8 * width, pool=True),
            _Residual(8 * width),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(8 * width, classes, bias=False)
        for module in self.encoder.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("resnet9", x, self.shape)
        # Laid out channels last: faster on a CPU.
        picture = x.reshape(-1, *self.picture).contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.head(self.dropout(self.encoder(picture).amax((2, 3)))) * self.scale
        return logits


class _Convolution(nn.Module):
    """Convolution with same padding, max-pool of 2 where asked, batch normalisation, ReLU."""

    def __init__(self, before: int, after: int, *, pool: bool = False) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.normalisation = nn.BatchNorm2d(after)
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        return F.relu(self.normalisation(F.max_pool2d(x, 2) if self.pool else x))


class _Residual(nn.Module):
    """Two convolutions, whose outcome is added to what they were given."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pair = nn.Sequential(_Convolution(channels, channels), _Convolution(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = x + self.pair(x)
        return added
