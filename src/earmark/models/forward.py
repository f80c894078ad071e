"""Running a network over more, or longer, examples than it is fed at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn


class Views(Protocol):
    """`count` views of each example, whose probabilities are averaged."""

    @property
    def count(self) -> int: ...
    def of(self, x: Tensor, /) -> Tensor: ...


@dataclass(frozen=True)
class Mirrored:
    """A picture as it is and its mirror image, left for right."""

    count: int = field(default=2, init=False)

    def of(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) → (2 · batch, channels, height, width), both of one picture side by side."""
        return torch.stack([x, x.flip(-1)], dim=1).flatten(0, 1)


@dataclass(frozen=True)
class Crops:
    """`count` pieces of `frames` frames, spread evenly over an example."""

    frames: int
    count: int

    def of(self, x: Tensor) -> Tensor:
        """(batch, bands, frames) → (batch · count, bands, self.frames), the crops of one example side by side."""
        spare = x.shape[2] - self.frames
        begins = [round(spare * place / max(self.count - 1, 1)) for place in range(self.count)]
        if self.count == 1:
            begins = [spare // 2]
        return torch.stack([x[:, :, begin : begin + self.frames] for begin in begins], dim=1).flatten(0, 1)


class Unread(Protocol):
    """Examples that are read from disk when a selection of them is put on a device."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice, /) -> Unread: ...
    def to(self, device: torch.device, /) -> Tensor: ...


@torch.inference_mode()
def batched_logits(
    model: nn.Module,
    x: Tensor | Unread,
    prepare: Callable[[Tensor], Tensor],
    *,
    views: Views | None = None,
    batch_size: int = 128,
    bfloat16: bool = False,
) -> Tensor:
    """Logits (n, classes) float32 of examples (n, …), in evaluation mode, on the model's device.

    `prepare` is applied to each batch there: what standardises it. With `views` the model sees these, and what comes
    out is the logarithm of the mean of their probabilities, which serves as logits.
    """
    device = next(model.parameters()).device
    model.eval()
    out = []
    for start in range(0, len(x), batch_size):
        batch = prepare(x[start : start + batch_size].to(device))
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16):
            logits = model(batch if views is None else views.of(batch)).float()
        if views is not None:
            each = logits.log_softmax(1).unflatten(0, (-1, views.count))
            logits = each.logsumexp(1) - math.log(views.count)
        out.append(logits)
    return torch.cat(out)
