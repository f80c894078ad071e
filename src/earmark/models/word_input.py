"""What every network that reads words begins with: vectors of words, and of the artist where that is an input."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from earmark.errors import ModelError, UsageError
from earmark.models.shapes import WordShape, written
from earmark.text.vocabulary import PADDING, UNKNOWN_ARTIST

SPREAD = 0.1  # of vectors before training


class Read(NamedTuple):
    """A batch as vectors; it is cut to its longest text.

    words    (batch, words, width), 0 where a text has ended
    lengths  (batch,) words of each text, at least 1
    artist   (batch, artist_width), of which there is none where the artist is no input
    """

    words: Tensor
    lengths: Tensor
    artist: Tensor

    @property
    def mask(self) -> Tensor:
        """(batch, words, 1), true where a text has a word."""
        places = torch.arange(self.words.shape[1], device=self.words.device)
        return (places < self.lengths[:, None]).unsqueeze(2)


class WordInput(nn.Module):
    """Rows of word ids, with the artist's first where it is an input, to learned vectors.

    In training a known artist is told as unknown with the chance `artist_dropout`, so that being unknown is learned and
    the words are listened to. Input (batch, row) whole numbers of any type, output `Read`.

    Raises UsageError for shares out of range, ModelError for rows that `shape` is not of.
    """

    def __init__(
        self, model: str, shape: WordShape, *, width: int, dropout: float, artist_width: int, artist_dropout: float
    ) -> None:
        super().__init__()
        for key, share in (("dropout", dropout), ("artist_dropout", artist_dropout)):
            if not 0 <= share < 1:
                raise UsageError(f"{model}: {key} = {share:g} is not a share from 0 up to, not including, 1")
        if width < 1 or artist_width < 1:
            raise UsageError(f"{model}: width = {width} and artist_width = {artist_width} must be 1 or more")
        self.model = model
        self.shape = shape
        self.artist_dropout = artist_dropout
        self.artist_width = artist_width if shape.artists else 0
        self.words = nn.Embedding(shape.words, width, padding_idx=PADDING)
        nn.init.normal_(self.words.weight, std=SPREAD)
        with torch.no_grad():
            self.words.weight[PADDING].zero_()
        if shape.artists:
            self.artists = nn.Embedding(shape.artists, artist_width)
            nn.init.normal_(self.artists.weight, std=SPREAD)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Read:
        if x.ndim != 2 or x.shape[1] != self.shape.row:
            raise ModelError(
                f"this {self.model} was built for rows of {self.shape.row} ids, not {written(tuple(x.shape[1:]))}; "
                "use the features it was trained with"
            )
        ids = x.long()
        artist, ids = (ids[:, 0], ids[:, 1:]) if self.shape.artists else (None, ids)
        lengths = (ids != PADDING).sum(1).clamp(min=1)
        vectors = self.dropout(self.words(ids[:, : int(lengths.max())]))
        return Read(vectors, lengths, vectors.new_zeros(len(x), 0) if artist is None else self._artist(artist))

    def _artist(self, ids: Tensor) -> Tensor:
        if self.training:
            unknown = torch.rand(ids.shape, device=ids.device) < self.artist_dropout
            ids = ids.masked_fill(unknown, UNKNOWN_ARTIST)
        vectors: Tensor = self.artists(ids)
        return vectors
