"""Which of many fingerprints hold the same recording, without comparing each with each.

Words that two fingerprints share, as they stand, vote for how far apart the two begin; where a few agree, the bits of
all that overlaps are compared. What is kept is below Haitsma & Kalker's bit error rate of 0.35 (2002, A highly robust
audio fingerprinting system, ISMIR).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.audio.fingerprint import BITS, Fingerprint

KEY = np.uint32(0xFFFFFF)  # the lower 24 bits of a word are looked up: all 32 survive too rarely
COMMON = 200  # a key that stands more often tells nothing
INDEXED = 8_000_000  # words; of a larger library's a share is looked up, the same in every copy
HITS = 4_000_000  # pairs of equal keys looked at at a time: some hundred MB
VOTES = 2
LAG_SLACK = 2  # columns tried on both sides of the lag that was voted for
PROMISING = 0.1  # agreement at that very lag, below which its neighbours are not tried

LEAST_AGREEMENT = 0.30  # 1 - 2 × 0.35
FULL_OVERLAP = 100  # columns; chance agrees better over fewer, as their square root says

_ONES = np.unpackbits(np.arange(1 << 16, dtype=np.uint16).view(np.uint8)).reshape(-1, 16).sum(1, dtype=np.uint8)


class Repetition(msgspec.Struct, frozen=True):
    """Two fingerprints, by their places, that sound alike: the second begins `lag` columns into the first.

    agreement  1 for equal bits, 0 for those of different recordings: 1 - 2 × bit error rate
    overlap    columns that both have and that are not silent
    """

    first: int
    second: int
    lag: int
    overlap: int
    agreement: float


def find_repetitions(fingerprints: Sequence[Fingerprint], *, least: float = LEAST_AGREEMENT) -> list[Repetition]:
    """All pairs with the same recording in them, by their places, the earlier first.

    `least` is their agreement; over an overlap of less than eight seconds it has to be higher. Two worn copies with
    less than fifteen seconds in common may share too few words to be looked at. Finds copies whatever their encoding,
    level and cut, and other mixes and transfers as far as these agree; not copies whose speed or pitch
    differs by more than some thousandths.
    """
    found = []
    for first, second, lag in _candidates(fingerprints):
        best = _compare(first, second, lag, fingerprints, least)
        if best is not None:
            found.append(best)
    return found


def agreement(a: Fingerprint, b: Fingerprint, lag: int) -> tuple[float, int]:
    """Agreement of `a` and `b` where `b` begins `lag` columns into `a`, and of how many columns it is."""
    x, y = a[max(lag, 0) :], b[max(-lag, 0) :]
    shared = min(len(x), len(y))
    x, y = x[:shared], y[:shared]
    heard = (x != 0) & (y != 0)
    overlap = int(np.count_nonzero(heard))
    wrong = int(_ONES[(x[heard] ^ y[heard]).view(np.uint16)].sum())
    return (1 - 2 * wrong / (BITS * overlap) if overlap else 0.0), overlap


def _compare(first: int, second: int, lag: int, fingerprints: Sequence[Fingerprint], least: float) -> Repetition | None:
    a, b = fingerprints[first], fingerprints[second]
    if agreement(a, b, lag)[0] < PROMISING:
        return None
    tried = [
        Repetition(first, second, near, overlap, value)
        for near in range(lag - LAG_SLACK, lag + LAG_SLACK + 1)
        for value, overlap in [agreement(a, b, near)]
    ]
    best = max(tried, key=lambda repetition: repetition.agreement)
    by_chance = max(1.0, FULL_OVERLAP / max(best.overlap, 1)) ** 0.5
    return best if best.agreement >= least * by_chance else None


@dataclass
class _Index:
    """Words of all fingerprints by their keys. Words stand in the order of the tracks; `rank` leads to the table."""

    track: NDArray[np.int32]  # of each word
    column: NDArray[np.int32]
    rank: NDArray[np.int64]  # of each word: its place in the table, which is sorted by key, then by track
    table: NDArray[np.int64]  # words
    later: NDArray[np.int64]  # of each place in the table: how many follow with the same key


def _index(fingerprints: Sequence[Fingerprint]) -> _Index:
    lengths = np.array([len(words) for words in fingerprints], dtype=np.int64)
    words = np.concatenate([*fingerprints, np.zeros(0, np.uint32)])
    track = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    column = np.concatenate([*(np.arange(n, dtype=np.int32) for n in lengths), np.zeros(0, np.int32)])
    key = words & KEY
    # A held chord is one word for a while: it votes once.
    chosen = (words != 0) & (np.diff(key, prepend=~key[:1]) != 0)
    if len(words) > INDEXED:
        chosen &= (key * np.uint32(2654435761)) < np.uint32(2**32 * INDEXED / len(words))
    key, track, column = key[chosen], track[chosen], column[chosen]
    table = np.argsort(key, kind="stable")
    ordered = key[table]
    begins = np.flatnonzero(np.diff(ordered, prepend=~ordered[:1]))
    counts = np.diff(begins, append=len(ordered))
    later = np.repeat(begins + counts, counts) - np.arange(len(ordered)) - 1
    later[np.repeat(counts > COMMON, counts)] = 0
    rank = np.empty_like(table)
    rank[table] = np.arange(len(table))
    return _Index(track, column, rank, table, later)


def _candidates(fingerprints: Sequence[Fingerprint]) -> Iterator[tuple[int, int, int]]:
    """Pairs of places, in their order, with the lag that most of their shared keys vote for."""
    index = _index(fingerprints)
    n = len(fingerprints)
    span = 2 * max((len(words) for words in fingerprints), default=0) + 4  # lags, with room between pairs
    work = np.concatenate([[0], np.cumsum(index.later[index.rank])])
    edges = np.searchsorted(index.track, np.arange(n + 1))  # of the tracks, in words
    track = 0
    while track < n:
        until = int(np.searchsorted(work[edges], work[edges[track]] + HITS, side="right")) - 1
        until = max(until, track + 1)
        yield from _voted(index, slice(edges[track], edges[until]), n, span)
        track = until


def _voted(index: _Index, block: slice, n: int, span: int) -> Iterator[tuple[int, int, int]]:
    place = index.rank[block]
    counts = index.later[place]
    first = np.repeat(np.arange(block.start, block.stop), counts)
    step = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    second = index.table[np.repeat(place, counts) + step]
    a, b = index.track[first].astype(np.int64), index.track[second]
    lag = index.column[first] - index.column[second]
    code, votes = np.unique(((a * n + b) * span + lag + span // 2)[a != b], return_counts=True)
    beside = np.diff(code) == 1  # the next lag of the same pair: a copy's columns may fall between
    total = votes.copy()
    total[1:][beside] += votes[:-1][beside]
    total[:-1][beside] += votes[1:][beside]
    code, total = code[total >= VOTES], total[total >= VOTES]
    pair = code // span
    order = np.lexsort((total, pair))
    last = order[np.diff(pair[order], append=-1) != 0]
    for winner in last:
        yield int(pair[winner] // n), int(pair[winner] % n), int(code[winner] % span - span // 2)
