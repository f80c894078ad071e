"""What the letters of a word say of it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.errors import UsageError
from earmark.text.vocabulary import UNKNOWN

MOST = 24  # n-grams of a word; those behind are not read
SPREAD = 0.1  # of vectors before training


class Spelling(nn.Module):
    """The mean of the vectors of a word's character n-grams; endings and stems are shared among words.

    An n-gram is a run of `lengths[0]` to `lengths[1]` characters of the word between angle brackets: `<sa`, `mba`. Its
    vector is that of its hash, of which there are `buckets`. Which n-grams the known words have is told once, by
    `begin`, and saved with the weights; padding and unknown words have none, and are 0.

    Input (n,) word ids, output (n, width). Raises UsageError for lengths or buckets that cannot be.
    Source: Bojanowski, Grave, Joulin & Mikolov 2017, "Enriching word vectors with subword information",
    arXiv:1607.04606, section 3.2.
    """

    places: Tensor

    def __init__(self, words: int, width: int, *, lengths: Sequence[int], buckets: int) -> None:
        super().__init__()
        if len(lengths) != 2 or not 1 <= lengths[0] <= lengths[1] or buckets < 1:
            raise UsageError(
                f"character n-grams of lengths {list(lengths)} in {buckets} buckets: name the shortest and the longest "
                "length, such as [3, 5], and at least one bucket"
            )
        self.lengths = (lengths[0], lengths[1])
        self.vectors = nn.Embedding(buckets + 1, width, padding_idx=0)
        nn.init.normal_(self.vectors.weight, std=SPREAD)
        with torch.no_grad():
            self.vectors.weight[0].zero_()
        self.register_buffer("places", torch.zeros(words, MOST, dtype=torch.int32))

    def begin(self, vocabulary: Sequence[str]) -> None:
        """Learn how the words with the ids from 2 on are spelt."""
        buckets = self.vectors.num_embeddings - 1
        for row, word in zip(self.places[UNKNOWN + 1 :], vocabulary, strict=True):
            hashed = [1 + zlib.crc32(ngram.encode()) % buckets for ngram in ngrams(word, *self.lengths)[:MOST]]
            row[: len(hashed)] = torch.tensor(hashed, dtype=torch.int32)

    def forward(self, ids: Tensor) -> Tensor:
        return functional.embedding_bag(self.places[ids].long(), self.vectors.weight, mode="mean", padding_idx=0)


def ngrams(word: str, shortest: int, longest: int) -> list[str]:
    """The runs of so many characters of a word between angle brackets, the shortest first.

    >>> ngrams("mar", 3, 4)
    ['<ma', 'mar', 'ar>', '<mar', 'mar>']
    """
    marked = f"<{word}>"
    return [
        marked[begin : begin + length]
        for length in range(shortest, longest + 1)
        for begin in range(len(marked) - length + 1)
    ]
