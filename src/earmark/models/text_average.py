"""The mean of a text's word vectors, and one dense layer on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from earmark.models.dropouts import refuse_no_share
from earmark.models.initialisation import initialise_as_keras
from earmark.models.shapes import Input, word_shape
from earmark.models.spelling import Spelling
from earmark.models.word_input import WordInput


class TextAverage(nn.Module):
    """Learned vectors of words, their mean over the text, and one dense layer on it, whatever the words' order.

    `distinct` counts a word once, however often a text repeats it. In training the share `word_dropout` of the words is
    left out. `char_ngrams`, such as [3, 5], adds to a word's vector the mean of those of its character n-grams, hashed
    to `buckets`. `vectors` names pretrained word vectors of `width` to begin with, which stay as they are if `frozen`.
    Beside the mean goes the artist's vector, where that is an input.

    Input  (batch, length) word ids, or (batch, 1 + length) with the artist's first; features `words`.
    Output (batch, classes) logits.
    32,725 parameters at 60 × 500 × 20 and 5 classes.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Joulin, Grave, Bojanowski & Mikolov 2016, "Bag of tricks for efficient text classification",
    arXiv:1607.01759; words left out as in Iyyer et al. 2015, "Deep unordered composition rivals syntactic methods for
    text classification", ACL, section 3.
    """

    takes: ClassVar[Input] = "words"
    example_shape: ClassVar[tuple[int, ...]] = (60, 500, 20)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        width: int = 64,
        distinct: bool = False,
        char_ngrams: Sequence[int] | None = None,
        buckets: int = 20_000,
        vectors: str | None = None,
        frozen: bool = False,
        dropout: float = 0.3,
        word_dropout: float = 0.2,
        artist_width: int = 16,
        artist_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        refuse_no_share("text_average", word_dropout=word_dropout)
        of = word_shape("text_average", shape)
        self.distinct = distinct
        self.word_dropout = word_dropout
        self.read = WordInput(
            "text_average",
            of,
            width=width,
            dropout=0.0,
            artist_width=artist_width,
            artist_dropout=artist_dropout,
            vectors=vectors,
            frozen=frozen,
            spelling=None if char_ngrams is None else Spelling(of.words, width, lengths=char_ngrams, buckets=buckets),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width + self.read.artist_width, classes)
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        read = self.read(x)
        counted = read.mask.squeeze(2)
        if self.distinct:
            counted = counted & _first(read.ids)
        if self.training:
            counted = counted & (torch.rand(counted.shape, device=x.device) >= self.word_dropout)
        weights = counted.to(read.words.dtype)
        weights = weights / weights.sum(1, keepdim=True).clamp(min=1)
        mean = torch.einsum("bw,bwn->bn", weights, read.words)
        logits: Tensor = self.head(torch.cat([self.dropout(mean), read.artist], dim=1))
        return logits


def _first(ids: Tensor) -> Tensor:
    """(batch, words), true where a text has each of its words for the first time."""
    ordered, places = ids.sort(dim=1, stable=True)
    fresh = torch.ones_like(ids, dtype=torch.bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return torch.empty_like(fresh).scatter_(1, places, fresh)
