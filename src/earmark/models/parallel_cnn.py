"""Two shallow convolution branches side by side."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.initialisation import initialise_as_keras
from earmark.models.shapes import bands_and_frames, refuse_other_shape


class ParallelCNN(nn.Module):
    """Two shallow convolution branches side by side: a few wide filters pooled coarsely, a few small ones finely.

    3 filters of 8 × 8, pooled 4 × 4, beside 4 filters of 4 × 4, pooled 2 × 2; same padding, leaky ReLU of `slope`; both
    flattened, concatenated, and one dense layer.

    Input  (batch, bands, frames) log-mel, standardised; at least 4 × 4.
    Output (batch, classes) logits.
    61,071 parameters at 80 × 80 and 8 classes.

    Raises ModelError for a shape that is smaller or not bands × frames, UsageError for a negative slope.
    Source: the course's parallel CNN, after Schindler, Lidy & Rauber 2016, "Comparing shallow versus deep neural
    network architectures for automatic music genre classification", CEUR-WS vol. 1734, whose filters are not square.
    """

    example_shape: ClassVar[tuple[int, ...]] = (80, 80)

    def __init__(self, shape: tuple[int, ...], classes: int, *, slope: float = 0.3) -> None:
        super().__init__()
        bands, frames = bands_and_frames("parallel_cnn", shape, least=(4, 4))
        self.shape = (bands, frames)
        self.wide = PooledConvolution(3, size=8, pool=4, slope=slope)
        self.fine = PooledConvolution(4, size=4, pool=2, slope=slope)
        self.dense = nn.Linear(3 * (bands // 4) * (frames // 4) + 4 * (bands // 2) * (frames // 2), classes)
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("parallel_cnn", x, self.shape)
        picture = x.unsqueeze(1)
        branches = [self.wide(picture).flatten(1), self.fine(picture).flatten(1)]
        logits: Tensor = self.dense(torch.cat(branches, dim=1))
        return logits


class PooledConvolution(nn.Conv2d):
    """Convolution with same padding, leaky ReLU and max-pool of `pool` × `pool`, in one.

    Input (batch, 1, bands, frames), output (batch, filters, bands // pool, frames // pool).

    Computed as a convolution that steps from pooling cell to pooling cell: each filter is laid at every offset within
    a cell, and the largest of the offsets' answers is kept. A convolution of few filters leaves most of a vector
    register empty; with an offset to each lane it is full. Bias and leaky ReLU don't change which answer is largest
    (`slope` ≥ 0), so they follow the maximum, on 1 / pool² of the values. Measured in benchmarks/training_epoch.py.
    """

    bias: Tensor

    def __init__(self, filters: int, *, size: int, pool: int, slope: float) -> None:
        if slope < 0:
            raise UsageError(
                f"slope = {slope:g}: a leaky ReLU that falls does not commute with max-pool; give 0 or more"
            )
        super().__init__(1, filters, size)
        self.pool = pool
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        pool, size = self.pool, self.kernel_size[0]
        before = (size - 1) // 2  # same padding as Keras: an even filter has the odd row and column after
        bands, frames = x.shape[-2:]
        # Within the last cell the window reaches `size - before - 1` past the cell's end.
        below = bands // pool * pool + size - before - 1 - bands
        right = frames // pool * pool + size - before - 1 - frames
        answers = F.conv2d(F.pad(x, (before, right, before, below)), self._at_every_offset(), stride=pool)
        largest: Tensor = _Largest.apply(answers.unflatten(1, (self.out_channels, pool * pool)))  # type: ignore[no-untyped-call]
        return F.leaky_relu(largest + self.bias[:, None, None], self.slope)

    def _at_every_offset(self) -> Tensor:
        """Kernels (filters · pool², 1, window, window): each filter amid zeros, moved by 0 … pool - 1 both ways."""
        spare = self.pool - 1
        window = self.kernel_size[0] + spare
        framed = F.pad(self.weight, (spare, spare, spare, spare))
        return framed.unfold(2, window, 1).unfold(3, window, 1).reshape(-1, 1, window, window)


class _Largest(torch.autograd.Function):
    """The maximum over dimension 2; equal maxima share the gradient, as in `amax`.

    `amax` itself goes backward through masks of booleans, which on a CPU takes three times as long as this.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        largest = values.amax(2, keepdim=True)
        ctx.save_for_backward(values, largest)
        return largest.squeeze(2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        values, largest = ctx.saved_tensors
        share: Tensor = (values - largest).sign_().add_(1)  # 1 where largest, else 0
        return share.mul_(gradient.unsqueeze(2) / share.sum(2, keepdim=True))
