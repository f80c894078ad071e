"""A residual network over a short chunk of sound, pooled over time alone."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.shapes import bands_and_frames, refuse_other_shape


class ShortChunkResNet(nn.Module):
    """Residual blocks of 3 × 3 convolutions, then mean and deviation over time of every filter in every band.

    A 5 × 5 convolution of `width` filters steps by 2 bands and `time_stride` frames; `stages` of `blocks` residual
    blocks each follow, pre-activated, and each stage after the first doubles the width and halves bands and frames.
    Their mean and standard deviation over time go through `units` with batch normalisation and ReLU, with `dropout`
    before and after, to one dense layer.

    The bands are kept apart because how a recording is balanced and how far each band swings, whatever the moment,
    tells most of what a few seconds can tell; a mean over bands as well, as in the source, loses that. The coarse steps
    in time halve the work.

    Input  (batch, bands, frames) log-mel, standardised; at least 4 × 4.
    Output (batch, classes) logits.
    1,634,984 parameters at 80 × 80 and 8 classes.

    Raises ModelError for a shape that is smaller or not bands × frames, UsageError for a size below 1.
    Source: Won, Ferraro, Bogdanov & Serra 2020, "Evaluation of CNN-based automatic music tagging models",
    arXiv:2006.00751 (short-chunk CNN with residual connections), at a quarter of its width; pre-activation is He et
    al.'s (2016, arXiv:1603.05027), statistics pooling Snyder et al.'s (2018, "X-vectors", ICASSP).
    """

    example_shape: ClassVar[tuple[int, ...]] = (80, 80)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        width: int = 32,
        stages: int = 3,
        blocks: int = 1,
        time_stride: int = 4,
        units: int = 512,
        dropout: float = 0.4,
    ) -> None:
        super().__init__()
        sizes = {"width": width, "stages": stages, "blocks": blocks, "time_stride": time_stride, "units": units}
        for name, size in sizes.items():
            if size < 1:
                raise UsageError(f"short_chunk_resnet: {name} = {size} must be 1 or more")
        self.shape = bands_and_frames("short_chunk_resnet", shape, least=(4, 4))
        self.stem = nn.Conv2d(1, width, 5, stride=(2, time_stride), padding=2, bias=False)
        self.stages = nn.Sequential()
        before, bands = width, -(-self.shape[0] // 2)
        for stage in range(stages):
            after, stride = width * 2**stage, 1 if stage == 0 else 2
            bands = -(-bands // stride)
            for block in range(blocks):
                self.stages.append(_Residual(before, after, stride if block == 0 else 1))
                before = after
        self.normalisation = nn.BatchNorm2d(before)
        statistics = 2 * before * bands
        self.head = nn.Sequential(
            nn.BatchNorm1d(statistics),
            nn.Dropout(dropout),
            nn.Linear(statistics, units, bias=False),
            nn.BatchNorm1d(units),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(units, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("short_chunk_resnet", x, self.shape)
        picture = x.unsqueeze(-1).movedim(-1, 1)  # one channel, and laid out channels last: a third faster
        seen = F.relu(self.normalisation(self.stages(self.stem(picture))))
        logits: Tensor = self.head(torch.cat(over_time(seen.flatten(1, 2)), dim=1))
        return logits


def over_time(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (batch, rows) of x (batch, rows, frames) along the frames.

    1e-4 is added to the variance: a row that stands still has a slope too.
    """
    mean = x.mean(dim=2, keepdim=True)
    variance = (x - mean).square().mean(dim=2)
    return mean.squeeze(2), (variance + 1e-4).sqrt()


class _Residual(nn.Module):
    """Two convolutions, each after batch normalisation and ReLU, added to what came in.

    Where width or size change, what came in is averaged down and projected by 1 × 1.
    """

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first_normalisation = nn.BatchNorm2d(before)
        self.first = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.second_normalisation = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.shortcut: nn.Module | None = None
        if stride > 1 or before != after:
            pool = nn.AvgPool2d(stride, ceil_mode=True)
            self.shortcut = nn.Sequential(pool, nn.Conv2d(before, after, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        active = F.relu(self.first_normalisation(x))
        branch: Tensor = self.second(F.relu(self.second_normalisation(self.first(active))))
        return branch + (x if self.shortcut is None else self.shortcut(active))
