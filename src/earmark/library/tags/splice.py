"""A change of a file as the few bytes that give way to others: everything else is carried over, not made anew.

Whatever a splice does not name is the same in the new file by construction, and the splices backwards give the old file
back to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import msgspec

from earmark.errors import TagError

CHUNK = 1 << 20  # bytes


class Splice(msgspec.Struct, frozen=True):
    """The bytes from `start` to `stop` (excluded) of a file give way to `put`."""

    start: int
    stop: int
    put: bytes

    @property
    def growth(self) -> int:
        """By how many bytes the file becomes longer; negative where it becomes shorter."""
        return len(self.put) - (self.stop - self.start)


def file_size(file: BinaryIO) -> int:
    """Bytes in an open file."""
    return file.seek(0, os.SEEK_END)


def read_at(file: BinaryIO, start: int, length: int) -> bytes:
    """`length` bytes from `start`. Raises TagError where the file ends before."""
    if start < 0 or length < 0 or length > file_size(file) - start:
        raise TagError(f"its tags are damaged: {length} bytes at {start} are announced and not there")
    file.seek(start)
    return file.read(length)


def spliced(file: BinaryIO, splices: Sequence[Splice]) -> Iterator[bytes]:
    """The new file's bytes, in pieces of at most 1 MiB where they are the old ones. `splices` do not overlap."""
    at = 0
    for splice in _in_order(splices):
        yield from _stretch(file, at, splice.start)
        if splice.put:
            yield splice.put
        at = splice.stop
    yield from _stretch(file, at, file_size(file))


def inverse(file: BinaryIO, splices: Sequence[Splice]) -> tuple[Splice, ...]:
    """What gives the old file back, applied to the new one."""
    backwards = []
    grown = 0
    for splice in _in_order(splices):
        start = splice.start + grown
        old = read_at(file, splice.start, splice.stop - splice.start)
        backwards.append(Splice(start, start + len(splice.put), old))
        grown += splice.growth
    return tuple(backwards)


def trimmed(start: int, old: bytes, new: bytes) -> Splice:
    """The splice of `old`, which stands at `start`, into `new`, without what both begin and end with."""
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    return Splice(start + head, start + len(old) - tail, new[head : len(new) - tail])


def growth(splices: Sequence[Splice]) -> int:
    """By how many bytes all together make the file longer."""
    return sum(splice.growth for splice in splices)


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes both begin with, by bisection: comparing is fast, looping is not."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _in_order(splices: Sequence[Splice]) -> list[Splice]:
    """Sorted, and of two at one place the one that only inserts first."""
    return sorted(splices, key=lambda splice: (splice.start, splice.stop))


def _stretch(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    while start < stop:
        piece = read_at(file, start, min(CHUNK, stop - start))
        yield piece
        start += len(piece)
