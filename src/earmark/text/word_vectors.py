"""Vectors of words that others have learned, as GloVe and word2vec write them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError


@dataclass(frozen=True)
class WordVectors:
    """A vector for each of n words.

    name     what errors call them
    words    (n,) each once
    vectors  (n, width) float32, in memory or memory-mapped
    """

    name: str
    words: Sequence[str]
    vectors: NDArray[np.float32]

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self.vectors.shape[1])

    def __contains__(self, word: str) -> bool:
        return word in self._places

    def of(self, words: Sequence[str]) -> NDArray[np.float32]:
        """The vectors (len(words), width) of words that are all known. Raises KeyError for one that is not."""
        return np.asarray(self.vectors[[self._places[word] for word in words]])

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}


def read_word_vectors(path: Path) -> WordVectors:
    """The vectors of a text file: a word and its numbers a line; word2vec's begins with how many words and numbers.

    A word may hold blanks; of one that stands there twice the first counts. Raises DataError naming the line where it
    is damaged.
    Source: https://nlp.stanford.edu/projects/glove and https://code.google.com/archive/p/word2vec.
    """
    words: dict[str, int] = {}
    rows: list[NDArray[np.float32]] = []
    width = 0
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                fields = line.rstrip("\r\n ").split(" ")
                if number == 1 and len(fields) == 2 and all(field.isdecimal() for field in fields):
                    width = int(fields[1])
                    continue
                width = width or len(fields) - 1
                word = " ".join(fields[:-width]) if 0 < width < len(fields) else ""
                if not word:
                    raise DataError(
                        f"{path}: line {number}: {len(fields)} fields, not a word and {width or 'its'} numbers"
                    )
                if word not in words:
                    words[word] = len(words)
                    rows.append(_row(fields[-width:], path, number))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text; vectors in binary form are not read, save them as text") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not rows:
        raise DataError(f"{path}: no word vectors in it")
    return WordVectors(str(path), tuple(words), np.stack(rows))


def _row(fields: Sequence[str], path: Path, number: int) -> NDArray[np.float32]:
    try:
        row = np.array(fields, dtype=np.float32)
    except ValueError as error:
        raise DataError(f"{path}: line {number}: {error}") from error
    if not np.isfinite(row).all():
        raise DataError(f"{path}: line {number}: a number that is not finite")
    return row
