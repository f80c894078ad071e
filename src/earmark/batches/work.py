"""What is mapped over items, and what becomes of an item that cannot be finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

T = TypeVar("T")
R = TypeVar("R")

# Called once in each worker, where it loads what all items share; what it returns is called for each item. It is sent
# to the workers: a function of a module, or an instance of a frozen dataclass there, which can be told apart by value.
Make = Callable[[], Callable[[T], R]]


class Lost(msgspec.Struct, frozen=True):
    """What is yielded for an item that no worker could finish."""

    why: str


def too_long(seconds: float) -> Lost:
    """For an item that was stopped at the limit."""
    return Lost(f"not finished within {seconds:g} s, which is the limit for one file")
