"""What every network that reads words begins with: vectors of words, and of the artist where that is an input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from earmark.errors import ModelError, UsageError
from earmark.models.artist_vectors import SPREAD, ArtistVectors
from earmark.models.dropouts import refuse_no_share
from earmark.models.shapes import WordShape, written
from earmark.models.spelling import Spelling
from earmark.text.vocabulary import PADDING, UNKNOWN
from earmark.text.word_vectors import WordVectors


class Read(NamedTuple):
    """A batch as vectors; it is cut to its longest text.

    ids      (batch, words) of the words, `PADDING` where a text has ended
    words    (batch, words, width), 0 where a text has ended
    lengths  (batch,) words of each text, at least 1
    artist   (batch, artist_width), of which there is none where the artist is no input
    """

    ids: Tensor
    words: Tensor
    lengths: Tensor
    artist: Tensor

    @property
    def mask(self) -> Tensor:
        """(batch, words, 1), true where a text has a word."""
        return mask_of(self.lengths, self.words.shape[1]).unsqueeze(2)


def mask_of(lengths: Tensor, most: int) -> Tensor:
    """(batch, most), true at as many places as `lengths` (batch,) says, from the first on."""
    return torch.arange(most, device=lengths.device) < lengths[:, None]


class WordInput(nn.Module):
    """Rows of word ids, with the artist's first where it is an input, to learned vectors.

    Input (batch, row) whole numbers of any type, output `Read`.

    vectors   name or path of the word vectors that a training begins with, in place of random ones; see `begin`
    frozen    they stay as they are, and words that have none are 0
    spelling  adds to a word's vector what its letters say; None: nothing

    Raises UsageError for shares out of range, ModelError for rows that `shape` is not of.
    """

    def __init__(
        self,
        model: str,
        shape: WordShape,
        *,
        width: int,
        dropout: float,
        artist_width: int,
        artist_dropout: float,
        vectors: str | None = None,
        frozen: bool = False,
        spelling: Spelling | None = None,
    ) -> None:
        super().__init__()
        refuse_no_share(model, dropout=dropout, artist_dropout=artist_dropout)
        if width < 1 or artist_width < 1:
            raise UsageError(f"{model}: width = {width} and artist_width = {artist_width} must be 1 or more")
        if frozen and vectors is None:
            raise UsageError(f"{model}: frozen = true keeps random vectors as they are; name vectors, or leave it out")
        self.model = model
        self.shape = shape
        self.artist_width = artist_width if shape.artists else 0
        self.vectors = vectors
        self.frozen = frozen
        self.spelling = spelling
        self.words = nn.Embedding(shape.words, width, padding_idx=PADDING)
        nn.init.normal_(self.words.weight, std=SPREAD)
        with torch.no_grad():
            self.words.weight[PADDING].zero_()
        self.words.weight.requires_grad_(not frozen)
        if shape.artists:
            self.artists = ArtistVectors(shape.artists, artist_width, dropout=artist_dropout)
        self.dropout = nn.Dropout(dropout)

    @torch.no_grad()
    def begin(self, vocabulary: Sequence[str], vectors: WordVectors | None) -> None:
        """Before a training: learn how the words with the ids from 2 on are spelt, and give them their `vectors`.

        All of it is saved with the weights, so that a trained network needs neither again. Raises UsageError where the
        vectors are of another width, or know none of the words.
        """
        if self.spelling is not None:
            self.spelling.begin(vocabulary)
        if vectors is None:
            return
        width = self.words.embedding_dim
        if vectors.width != width:
            raise UsageError(
                f"{self.model}: {vectors.name} has vectors of {vectors.width} numbers; "
                f"set model.width = {vectors.width}, not {width}"
            )
        known = [place for place, word in enumerate(vocabulary) if word in vectors]
        if not known:
            raise UsageError(f"{self.model}: {vectors.name} has a vector for none of {len(vocabulary)} words")
        if self.frozen:
            self.words.weight.zero_()
        found = torch.from_numpy(vectors.of([vocabulary[place] for place in known]))
        self.words.weight[torch.tensor(known) + UNKNOWN + 1] = found.to(self.words.weight.device)

    def forward(self, x: Tensor) -> Read:
        if x.ndim != 2 or x.shape[1] != self.shape.row:
            raise ModelError(
                f"this {self.model} was built for rows of {self.shape.row} ids, not {written(tuple(x.shape[1:]))}; "
                "use the features it was trained with"
            )
        ids = x.long()
        artist, ids = (ids[:, 0], ids[:, 1:]) if self.shape.artists else (None, ids)
        lengths = (ids != PADDING).sum(1).clamp(min=1)
        ids = ids[:, : int(lengths.max())]
        vectors = self.dropout(self._vectors(ids))
        return Read(ids, vectors, lengths, vectors.new_zeros(len(x), 0) if artist is None else self.artists(artist))

    def _vectors(self, ids: Tensor) -> Tensor:
        if self.spelling is None:
            own: Tensor = self.words(ids)
            return own
        each, places = torch.unique(ids, return_inverse=True)  # a word is spelt once, however often it stands there
        vectors: Tensor = self.words(each) + self.spelling(each)
        return vectors[places]
