"""Random numbers for a batch, and spans along one of its axes."""

from __future__ import annotations

import torch
from torch import Tensor


def uniform(low: float, high: float, shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    """Even draws between `low` and `high`, on the device and of the type of `like`."""
    return torch.rand(shape, generator=generator, device=like.device, dtype=like.dtype) * (high - low) + low


def span_mask(x: Tensor, size: int, longest: int, generator: torch.Generator) -> Tensor:
    """(batch, size) bool: in each row one span of 0 to `longest` places is True, anywhere."""
    length = torch.randint(0, min(longest, size) + 1, (len(x), 1), generator=generator, device=x.device)
    start = (uniform(0, 1, (len(x), 1), x, generator) * (size - length + 1)).long()
    place = torch.arange(size, device=x.device)
    return (place >= start) & (place < start + length)


def rolled(x: Tensor, steps: Tensor, *, dim: int) -> Tensor:
    """Each row of x (batch, bands, frames) rolled by its own number of `steps` (batch,) along `dim`, 1 or 2."""
    size = x.shape[dim]
    place = (torch.arange(size, device=x.device) - steps[:, None]) % size
    index = place[:, None, :] if dim == 2 else place[:, :, None]
    return x.gather(dim, index.expand(-1, x.shape[1], x.shape[2]))
