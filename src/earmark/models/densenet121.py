"""DenseNet-121: each layer reads the outputs of all layers before it."""

from __future__ import annotations

from collections import OrderedDict
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.models.shapes import picture_size, refuse_other_shape

GROWTH = 32  # channels that each layer adds, k in the paper
BOTTLENECK = 4 * GROWTH  # channels that a layer's 1 × 1 convolution leaves of all it reads
LAYERS = (6, 12, 24, 16)  # of the four dense blocks


class DenseNet121(nn.Module):
    """DenseNet-121: four dense blocks of 6, 12, 24 and 16 layers, in which each layer reads all outputs before it.

    A layer is batch normalisation, ReLU, 1 × 1 convolution to 128 channels, batch normalisation, ReLU and 3 × 3
    convolution to 32 channels; between blocks, a 1 × 1 convolution halves the channels and a mean over 2 × 2 the size.

    Parameters are named as in timm, whose published weights load as they are: into 3 channels and 1,000 classes.

    Input  (batch, channels, height, width) a picture, or (batch, bands, frames), one channel; at least 29 × 29.
    Output (batch, classes) logits.
    8,062,504 parameters at 3 × 64 × 64 and 1000 classes, of which 7,978,856 are learned.

    Raises ModelError for a shape that is smaller or no picture.
    Source: Huang, Liu, van der Maaten & Weinberger 2017, "Densely connected convolutional networks", arXiv:1608.06993,
    table 1 (DenseNet-BC, k = 32); weights begin as He et al. 2015, arXiv:1502.01852, section 2.2.
    """

    example_shape: ClassVar[tuple[int, ...]] = (3, 64, 64)

    def __init__(self, shape: tuple[int, ...], classes: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.picture = picture_size("densenet121", shape, least=(29, 29))
        width = 2 * GROWTH
        stages: OrderedDict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(self.picture[0], width, 7, stride=2, padding=3, bias=False),
            norm0=nn.BatchNorm2d(width),
            relu0=nn.ReLU(),
            pool0=nn.MaxPool2d(3, stride=2, padding=1),
        )
        for number, layers in enumerate(LAYERS, start=1):
            stages[f"denseblock{number}"] = _DenseBlock(width, layers)
            width += layers * GROWTH
            if number < len(LAYERS):
                stages[f"transition{number}"] = _transition(width)
                width //= 2
        stages["norm5"] = nn.BatchNorm2d(width)
        self.features = nn.Sequential(stages)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(width, classes)
        for module in self.features.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("densenet121", x, self.shape)
        # Channels last in memory: a fifth faster on a CPU.
        picture = x.reshape(-1, *self.picture).contiguous(memory_format=torch.channels_last)
        maps = F.relu(self.features(picture))
        logits: Tensor = self.classifier(self.dropout(maps.mean((2, 3))))
        return logits


class _DenseBlock(nn.Sequential):
    """Layers of which each adds GROWTH channels to those it was given."""

    def __init__(self, channels: int, layers: int) -> None:
        super().__init__(OrderedDict((f"denselayer{i + 1}", _DenseLayer(channels + i * GROWTH)) for i in range(layers)))


class _DenseLayer(nn.Module):
    """Normalise, activate, convolve, twice; what was read is handed on beside what comes of it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, BOTTLENECK, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK)
        self.conv2 = nn.Conv2d(BOTTLENECK, GROWTH, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.conv1(F.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(F.relu(self.norm2(narrow)))], dim=1)


def _transition(channels: int) -> nn.Sequential:
    """Half the channels, half the height and width."""
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(channels),
            relu=nn.ReLU(),
            conv=nn.Conv2d(channels, channels // 2, 1, bias=False),
            pool=nn.AvgPool2d(2),
        )
    )
