"""Words and artists as whole numbers, known from the texts that were learned from and from no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

PADDING, UNKNOWN = 0, 1  # the words of a vocabulary follow, from 2 on
UNKNOWN_ARTIST = 0  # known ones follow, from 1 on


def fit_vocabulary(texts: Iterable[Sequence[str]], *, min_count: int, max_words: int) -> tuple[str, ...]:
    """The words that occur at least `min_count` times in texts, the commonest first, at most `max_words`."""
    counts = Counter(word for text in texts for word in text)
    common = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(word for word, count in common[:max_words] if count >= min_count)


def word_ids(texts: Iterable[Sequence[str]], vocabulary: Sequence[str], *, length: int) -> NDArray[np.int32]:
    """The first `length` words of n texts as places in the vocabulary, (n, length); `PADDING` follows shorter ones."""
    ids = {word: place for place, word in enumerate(vocabulary, start=UNKNOWN + 1)}
    rows = [[ids.get(word, UNKNOWN) for word in text[:length]] for text in texts]
    out = np.full((len(rows), length), PADDING, dtype=np.int32)
    for row, found in zip(out, rows, strict=True):
        row[: len(found)] = found
    return out


def fit_artists(names: Iterable[str]) -> tuple[str, ...]:
    """The artists that are named, each once, in alphabetical order."""
    return tuple(sorted({alike(name) for name in names} - {""}))


def artist_ids(names: Iterable[str], known: Sequence[str]) -> NDArray[np.int32]:
    """Places of artists, (n,); `UNKNOWN_ARTIST` for those that are not known, or not named."""
    ids = {name: place for place, name in enumerate(known, start=UNKNOWN_ARTIST + 1)}
    return np.array([ids.get(alike(name), UNKNOWN_ARTIST) for name in names], dtype=np.int32)


def alike(name: str) -> str:
    """An artist's name however it is capitalised and spaced."""
    return " ".join(name.casefold().split())
