"""Random numbers for a batch, and what lies along one of its axes: -1 is time, -2 the bands."""

from __future__ import annotations

import torch
from torch import Tensor


def uniform(low: float, high: float, shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    """Even draws between `low` and `high`, on the device and of the type of `like`."""
    return torch.rand(shape, generator=generator, device=like.device, dtype=like.dtype) * (high - low) + low


def beta(alpha: float, n: int, like: Tensor, generator: torch.Generator) -> Tensor:
    """Draws (n,) from Beta(alpha, alpha), by its quotient of Gamma draws."""
    shape = torch.full((2, n), alpha, device=like.device, dtype=torch.float64)
    # torch.distributions.Beta would draw from the global generator; this is what it is made of.
    first, second = torch._standard_gamma(shape, generator=generator)
    share: Tensor = first / (first + second).clamp_min(1e-300)
    return share.to(like.dtype)


def span_mask(x: Tensor, size: int, longest: int, generator: torch.Generator) -> Tensor:
    """(batch, size) bool: in each row one span of 0 to `longest` places is True, anywhere."""
    length = torch.randint(0, min(longest, size) + 1, (len(x), 1), generator=generator, device=x.device)
    start = (uniform(0, 1, (len(x), 1), x, generator) * (size - length + 1)).long()
    place = torch.arange(size, device=x.device)
    return (place >= start) & (place < start + length)


def along(values: Tensor, x: Tensor, axis: int) -> Tensor:
    """Values (batch, size) shaped to stand along that axis of x, the same for all its others."""
    shape = [len(x), *[1] * (x.ndim - 1)]
    shape[axis] = values.shape[1]
    return values.reshape(shape)


def taken(x: Tensor, place: Tensor, axis: int) -> Tensor:
    """x with what stands along that axis at the places (batch, size) of each example."""
    shape = list(x.shape)
    shape[axis] = place.shape[1]
    return x.gather(axis, along(place, x, axis).expand(shape))
