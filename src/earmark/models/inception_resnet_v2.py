"""Inception-ResNet-v2: branches of unlike convolutions, joined and added to what they read."""

from __future__ import annotations

from collections import OrderedDict
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.models.shapes import picture_size, refuse_other_shape

Size = tuple[int, int]


class InceptionResNetV2(nn.Sequential):
    """Inception-ResNet-v2: a stem, then 10, 20 and 10 residual inception blocks with reductions between them.

    Each convolution is followed by batch normalisation and ReLU. A residual block's branches see 1 × 1, 3 × 3 and
    5 × 5 (the deeper ones 7 × 7 and 3 × 3 in two strips); a 1 × 1 convolution brings them to the width of what they
    read, and a small part of that is added to it: 0.17, 0.1 and 0.2 in the three stages.

    Parameters are named as in timm, whose published weights load as they are: into 3 channels and 1,000 classes.

    Input  (batch, channels, height, width) a picture, or (batch, bands, frames), one channel; at least 75 × 75.
    Output (batch, classes) logits.
    55,904,008 parameters at 3 × 75 × 75 and 1000 classes, of which 55,843,464 are learned.

    Raises ModelError for a shape that is smaller or no picture.
    Source: Szegedy, Ioffe, Vanhoucke & Alemi 2016, "Inception-v4, Inception-ResNet and the impact of residual
    connections on learning", arXiv:1602.07261, section 3 and figure 15. The widths are those of the authors' published
    weights, which differ from the figures: the stem is that of Inception-v3, and a block with four branches follows it.
    """

    example_shape: ClassVar[tuple[int, ...]] = (3, 75, 75)

    def __init__(self, shape: tuple[int, ...], classes: int, *, dropout: float = 0.0) -> None:
        picture = picture_size("inception_resnet_v2", shape, least=(75, 75))
        super().__init__(
            OrderedDict(
                conv2d_1a=_Unit(picture[0], 32, (3, 3), stride=2),
                conv2d_2a=_Unit(32, 32, (3, 3), same=False),
                conv2d_2b=_Unit(32, 64, (3, 3)),
                maxpool_3a=nn.MaxPool2d(3, stride=2),
                conv2d_3b=_Unit(64, 80),
                conv2d_4a=_Unit(80, 192, (3, 3), same=False),
                maxpool_5a=nn.MaxPool2d(3, stride=2),
                mixed_5b=_Branches(
                    _Unit(192, 96),
                    nn.Sequential(_Unit(192, 48), _Unit(48, 64, (5, 5))),
                    nn.Sequential(_Unit(192, 64), _Unit(64, 96, (3, 3)), _Unit(96, 96, (3, 3))),
                    nn.Sequential(nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False), _Unit(192, 64)),
                ),
                repeat=nn.Sequential(*(_block_35() for _ in range(10))),
                mixed_6a=_Branches(
                    _Unit(320, 384, (3, 3), stride=2),
                    nn.Sequential(_Unit(320, 256), _Unit(256, 256, (3, 3)), _Unit(256, 384, (3, 3), stride=2)),
                    nn.MaxPool2d(3, stride=2),
                ),
                repeat_1=nn.Sequential(*(_block_17() for _ in range(20))),
                mixed_7a=_Branches(
                    nn.Sequential(_Unit(1088, 256), _Unit(256, 384, (3, 3), stride=2)),
                    nn.Sequential(_Unit(1088, 256), _Unit(256, 288, (3, 3), stride=2)),
                    nn.Sequential(_Unit(1088, 256), _Unit(256, 288, (3, 3)), _Unit(288, 320, (3, 3), stride=2)),
                    nn.MaxPool2d(3, stride=2),
                ),
                repeat_2=nn.Sequential(*(_block_8(scale=0.2) for _ in range(9))),
                block8=_block_8(scale=1.0, activate=False),
                conv2d_7b=_Unit(2080, 1536),
                global_pool=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                dropout=nn.Dropout(dropout),
                classif=nn.Linear(1536, classes),
            )
        )
        self.shape = shape
        self.picture = picture

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("inception_resnet_v2", x, self.shape)
        logits: Tensor = super().forward(x.reshape(-1, *self.picture))  # type: ignore[no-untyped-call]
        return logits


class _Unit(nn.Module):
    """Convolution, batch normalisation, ReLU. The size stays with stride 1, unless `same` is False."""

    def __init__(self, before: int, after: int, size: Size = (1, 1), *, stride: int = 1, same: bool = True) -> None:
        super().__init__()
        padding = (size[0] // 2, size[1] // 2) if same and stride == 1 else 0
        self.conv = nn.Conv2d(before, after, size, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(after, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class _Branches(nn.Module):
    """Several ways through, joined as channels."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for number, branch in enumerate(branches):
            self.add_module(f"branch{number}", branch)
        self.branches = len(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.get_submodule(f"branch{number}")(x) for number in range(self.branches)], dim=1)


class _Residual(_Branches):
    """What the branches find, brought to the width of `x`; `scale` times that is added to `x`."""

    def __init__(self, *branches: nn.Module, joined: int, width: int, scale: float, activate: bool = True) -> None:
        super().__init__(*branches)
        self.conv2d = nn.Conv2d(joined, width, 1)
        self.scale = scale
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        added = x + self.scale * self.conv2d(super().forward(x))
        return F.relu(added) if self.activate else added


def _block_35() -> _Residual:
    return _Residual(
        _Unit(320, 32),
        nn.Sequential(_Unit(320, 32), _Unit(32, 32, (3, 3))),
        nn.Sequential(_Unit(320, 32), _Unit(32, 48, (3, 3)), _Unit(48, 64, (3, 3))),
        joined=128,
        width=320,
        scale=0.17,
    )


def _block_17() -> _Residual:
    return _Residual(
        _Unit(1088, 192),
        nn.Sequential(_Unit(1088, 128), _Unit(128, 160, (1, 7)), _Unit(160, 192, (7, 1))),
        joined=384,
        width=1088,
        scale=0.1,
    )


def _block_8(*, scale: float, activate: bool = True) -> _Residual:
    return _Residual(
        _Unit(2080, 192),
        nn.Sequential(_Unit(2080, 192), _Unit(192, 224, (1, 3)), _Unit(224, 256, (3, 1))),
        joined=448,
        width=2080,
        scale=scale,
        activate=activate,
    )
