"""Examples that stay on disk until a batch of them is wanted."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MOST_WORKERS = 16


@cache
def workers() -> Executor:
    """The threads that read: decoding a picture leaves Python to the others for most of its time."""
    return ThreadPoolExecutor(min(MOST_WORKERS, os.cpu_count() or 1), thread_name_prefix="earmark-read")


class OnDemand:
    """Examples (n, …) of bytes that are read when they are put on a device or made an array, and are not kept.

    `read(i)` gives the i-th as uint8 of `shape`; what comes out is float32, a byte of 255 as 1. Indexing with a slice
    or with places selects examples without reading them. So memory holds one batch, however many examples there are.
    """

    def __init__(
        self, read: Callable[[int], NDArray[np.uint8]], places: NDArray[np.int64], shape: tuple[int, ...]
    ) -> None:
        self._read = read
        self._places = places
        self._shape = shape

    def __len__(self) -> int:
        return len(self._places)

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array: (n, …)."""
        return (len(self), *self._shape)

    @property
    def ndim(self) -> int:
        """As of an array."""
        return len(self.shape)

    def __getitem__(self, rows: slice | Tensor | NDArray[np.integer]) -> OnDemand:
        chosen = rows.numpy() if isinstance(rows, Tensor) else rows
        return OnDemand(self._read, self._places[chosen], self._shape)

    def to(self, device: torch.device | str) -> Tensor:
        """Read what is selected: float32 (n, …) on `device`, whither it travels as bytes."""
        return torch.from_numpy(self._bytes()).to(device).float().div_(255)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        values = self._bytes().astype(np.float32) / np.float32(255)
        return values if dtype is None else values.astype(dtype)

    def _bytes(self) -> NDArray[np.uint8]:
        out = np.empty(self.shape, np.uint8)
        for row, example in enumerate(workers().map(self._read, self._places.tolist())):
            out[row] = example
        return out
