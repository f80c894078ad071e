"""Files damaged as disks, transfers and people with bad intentions damage them: the same ones for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from seeds import MAKERS, seed

from earmark.audio.decode import AUDIO_SUFFIXES

HEAD = 2_048  # bytes in which most of a file's structure stands
LONGEST = 1 << 16  # bytes that are repeated or inserted at once
HOW_MANY = (1, 1, 1, 2, 2, 3, 4)  # steps, by chance
NAME = re.compile(rb"[A-Za-z0-9\xa9 ]{4}")  # what chunks, atoms and frames are called
SUFFIXES = (*sorted(suffix.removeprefix(".") for suffix in AUDIO_SUFFIXES), "txt", "MP3")

Random = random.Random


@dataclass(frozen=True)
class Mutant:
    """One damaged file: which one it is, what it was made of, and what was done to it."""

    number: int
    name: str
    suffix: str
    steps: tuple[str, ...]
    content: bytes


def _place(rng: Random, content: bytearray) -> int:
    """Every second one in the head."""
    return rng.randrange(min(len(content), HEAD) if rng.random() < 0.5 else len(content)) if content else 0


def _extreme(rng: Random) -> bytes:
    """A number as no honest writer has it."""
    width = rng.choice((1, 2, 3, 4, 8))
    top = 1 << 8 * width
    values = (0, 1, top - 1, top // 2, top // 2 - 1, top - 2, top // 16, rng.randrange(top))
    return rng.choice(values).to_bytes(width, rng.choice(("little", "big")))


def bit_flips(rng: Random, content: bytearray) -> None:
    """Single bits turned over."""
    for _ in range(rng.choice((1, 1, 4, 32)) if content else 0):
        content[_place(rng, content)] ^= 1 << rng.randrange(8)


def byte_run(rng: Random, content: bytearray) -> None:
    """A run overwritten by one byte, or by noise."""
    at, length = _place(rng, content), rng.choice((1, 4, 64, 1_024))
    noise = rng.random() < 0.5
    content[at : at + length] = rng.randbytes(length) if noise else rng.choice((b"\0", b"\xff", b"A")) * length


def truncation(rng: Random, content: bytearray) -> None:
    """The end cut off, or, seldom, the beginning."""
    at = _place(rng, content)
    if rng.random() < 0.8:
        del content[at:]
    else:
        del content[:at]


def deletion(rng: Random, content: bytearray) -> None:
    """A piece cut out."""
    at = _place(rng, content)
    del content[at : at + rng.choice((1, 2, 16, 512, 4_096))]


def duplication(rng: Random, content: bytearray) -> None:
    """A piece there once more, or many times."""
    at, length = _place(rng, content), rng.choice((4, 16, 256, 4_096))
    piece = content[at : at + length]
    content[at:at] = (piece * rng.choice((1, 2, 64)))[:LONGEST]


def insertion(rng: Random, content: bytearray) -> None:
    """Bytes put in between."""
    at, length = _place(rng, content), rng.choice((1, 3, 64, LONGEST))
    content[at:at] = rng.randbytes(length) if rng.random() < 0.5 else bytes(length)


def extreme_field(rng: Random, content: bytearray) -> None:
    """Numbers of the head at or near the ends of what they can be."""
    for _ in range(rng.choice((1, 2, 8))):
        at, put = rng.randrange(min(len(content), HEAD) or 1), _extreme(rng)
        content[at : at + len(put)] = put


def chunk_size(rng: Random, content: bytearray) -> None:
    """The number beside a chunk's name: behind it in RIFF, IFF and ID3, before it in MP4."""
    found = [match.start() for match in NAME.finditer(bytes(content))][:200]
    if found:
        at, put = rng.choice(found), _extreme(rng).rjust(4, b"\0")[:8]
        start = max(0, at - 4) if rng.random() < 0.4 else at + 4
        content[start : start + len(put)] = put


def chunk_swap(rng: Random, content: bytearray) -> None:
    """Two chunks' names exchanged."""
    found = [match.start() for match in NAME.finditer(bytes(content))][:200]
    if len(found) > 1:
        one, other = rng.sample(found, 2)
        content[one : one + 4], content[other : other + 4] = content[other : other + 4], content[one : one + 4]


def splice(rng: Random, content: bytearray) -> None:
    """The beginning of one file, the rest of another, mostly of another format."""
    other = seed(rng.choice(list(MAKERS)))
    at = _place(rng, content)
    content[at:] = other[rng.choice((0, min(at, len(other)), rng.randrange(len(other)))) :]


STEPS: tuple[Callable[[Random, bytearray], None], ...] = (
    bit_flips,
    byte_run,
    truncation,
    deletion,
    duplication,
    insertion,
    extreme_field,
    chunk_size,
    chunk_swap,
    splice,
)


def mutate(number: int, *, series: int) -> Mutant:
    """The damaged file of that number in a series. All formats have their turn; every eighth has a foreign suffix."""
    rng = Random(f"{series} {number}")
    name = list(MAKERS)[number % len(MAKERS)]
    content = bytearray(seed(name))
    steps = rng.choices(STEPS, k=rng.choice(HOW_MANY))
    for step in steps:
        step(rng, content)
    suffix = rng.choice(SUFFIXES) if rng.random() < 0.125 else MAKERS[name][0]
    return Mutant(number, name, suffix, tuple(step.__name__ for step in steps), bytes(content))
