"""EfficientNet-Lite0: inverted bottlenecks of depthwise convolutions, made for small machines."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.shapes import picture_size, refuse_other_shape

STAGES = (  # blocks, kernel, stride of the first, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, TOP = 32, 1280  # channels
MIDDLE, HALF = (
    127 / 255,
    128 / 255,
)  # of the scale on which the published weights were learned: (x - 127) / 128 of bytes


class EfficientNetLite0(nn.Module):
    """Sixteen inverted bottlenecks in seven stages: 1 × 1 convolution out, depthwise convolution, 1 × 1 back, a sum.

    Pictures are resized to `size` × `size` first, since the published weights expect large ones; None leaves them.
    What it reads is the picture itself, 0 to 1, so a recipe sets features.standardise = "none". Batch normalisation and
    ReLU6 follow each convolution but the last of a bottleneck, which has no ReLU6. The weights that
    `init.run = "pretrained:efficientnet_lite0"` loads answer 1,000 classes of ImageNet.

    Input  (batch, 3, height, width) a picture, 0 to 1.
    Output (batch, classes) logits.
    4,694,024 parameters at 3 × 64 × 64 and 1000 classes.

    Raises ModelError for what is no picture of three channels, UsageError for a size below 32.
    Source: Tan & Le 2019, "EfficientNet", arXiv:1905.11946, table 1; Lite, which leaves squeeze-and-excitation out:
    R. Liu, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog, 2020.
    """

    example_shape: ClassVar[tuple[int, ...]] = (3, 64, 64)

    def __init__(self, shape: tuple[int, ...], classes: int, *, size: int | None = None, dropout: float = 0.2) -> None:
        super().__init__()
        if size is not None and size < 32:
            raise UsageError(f"efficientnet_lite0: size = {size} must be 32 or more")
        self.shape = tuple(shape)
        self.picture = picture_size("efficientnet_lite0", shape, least=(1, 1))
        self.size = size
        self.stem = _Convolution(self.picture[0], STEM, 3, stride=2)
        blocks, channels = [], STEM
        for count, kernel, stride, expansion, width in STAGES:
            for number in range(count):
                blocks.append(_Bottleneck(channels, width, kernel, stride if number == 0 else 1, expansion))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.top = _Convolution(channels, TOP, 1)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(TOP, classes)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("efficientnet_lite0", x, self.shape)
        picture = x.reshape(-1, *self.picture)
        if self.size is not None:
            picture = F.interpolate(picture, (self.size, self.size), mode="bicubic", antialias=True)
        picture = ((picture - MIDDLE) / HALF).contiguous(memory_format=torch.channels_last)
        maps = self.top(self.blocks(self.stem(picture)))
        logits: Tensor = self.head(self.dropout(maps.mean((2, 3))))
        return logits


class _Convolution(nn.Module):
    """Convolution with TensorFlow's same padding, batch normalisation, and ReLU6 where it is not left out."""

    def __init__(
        self, before: int, after: int, kernel: int, *, stride: int = 1, groups: int = 1, active: bool = True
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, kernel, stride=stride, groups=groups, bias=False)
        self.normalisation = nn.BatchNorm2d(after, eps=1e-3, momentum=0.01)
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.convolution.kernel_size[0], self.convolution.stride[0]
        if kernel > 1:
            # An odd number of rows or columns to add: one more below, or to the right.
            missing = [max(kernel - (stride if n % stride == 0 else n % stride), 0) for n in (x.shape[3], x.shape[2])]
            x = F.pad(x, [side for n in missing for side in (n // 2, n - n // 2)])
        x = self.normalisation(self._depthwise(x) if self.convolution.groups > 1 else self.convolution(x))
        return F.relu6(x) if self.active else x

    def _depthwise(self, x: Tensor) -> Tensor:
        # A CPU has no quick way back through such convolutions in bfloat16: a training step takes half as long so.
        with torch.autocast(x.device.type, enabled=False):
            maps: Tensor = self.convolution(x.to(self.convolution.weight.dtype))
        return maps.to(x.dtype)


class _Bottleneck(nn.Module):
    """Expand, filter each channel by itself, and narrow; what was read is added where it has the same shape."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = before * expansion
        self.expand = _Convolution(before, wide, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _Convolution(wide, wide, kernel, stride=stride, groups=wide)
        self.project = _Convolution(wide, after, 1, active=False)
        self.residual = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        narrow: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + narrow if self.residual else narrow
