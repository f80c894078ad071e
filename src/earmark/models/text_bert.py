"""A pretrained sentence network that goes on learning."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from earmark.errors import ModelError, UsageError
from earmark.models.artist_vectors import ArtistVectors
from earmark.models.bert import Bert, BertSize
from earmark.models.dropouts import refuse_no_share
from earmark.models.shapes import Input, written

ENDED = -1
LENGTHS = (1 + len(BertSize._fields), 2 + len(BertSize._fields))  # of a shape without and with artists


class PieceShape(NamedTuple):
    """What a network that reads pieces of words is built for.

    length   pieces of a text: an example is so many places, with the artist's id before them where `artists` is not 0
    size     how large the network is
    artists  ids of artists: 0 is any unknown one; none where the artist is no input
    """

    length: int
    size: BertSize
    artists: int

    @property
    def row(self) -> int:
        """Whole numbers of one example."""
        return self.length + (self.artists > 0)


def piece_shape(shape: tuple[int, ...]) -> PieceShape:
    """`shape` by its names. Raises ModelError where it is not that of the features `pieces`."""
    if len(shape) in LENGTHS and min(shape) > 0:
        length, size = shape[0], BertSize(*shape[1 : LENGTHS[0]])
        if length <= size.positions and size.width % size.heads == 0:
            return PieceShape(length, size, sum(shape[LENGTHS[0] :]))
    raise ModelError(
        f"text_bert reads pieces of words, of at least {written((1,) * 7)} (length × pieces × width × layers × heads × "
        "inner × positions, and × artists where these are an input; length up to positions, width a multiple of "
        f"heads), not {written(shape)}; set features.name = 'pieces'"
    )


class TextBert(nn.Module):
    """BERT's encoder, the mean of its vectors of pieces of words, and one dense layer on it.

    Beside the mean goes the artist's vector, where that is an input.

    It has the size of the network that `features.model` names. That one's weights come with
    `init.run = "pretrained:minilm"`, or "pretrained:FOLDER" of sentence-transformers. How fast they move
    `init.learning_rate_factor` says by parts: layers with the factor 0 stay as they are, and if these are the lowest
    they cost a third.

    Input  (batch, length) places of pieces, -1 where a text has ended, or (batch, 1 + length) with the artist's id
    first; features `pieces`.
    Output (batch, classes) logits.
    4,501 parameters at 24 × 60 × 16 × 1 × 2 × 32 × 48 × 20 and 5 classes.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Devlin, Chang, Lee & Toutanova 2019, "BERT", arXiv:1810.04805, section 3.2; the mean as in Reimers &
    Gurevych 2019, "Sentence-BERT", arXiv:1908.10084, section 3.
    """

    takes: ClassVar[Input] = "pieces"
    example_shape: ClassVar[tuple[int, ...]] = (24, 60, 16, 1, 2, 32, 48, 20)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        dropout: float = 0.1,
        artist_width: int = 16,
        artist_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        refuse_no_share("text_bert", dropout=dropout, artist_dropout=artist_dropout)
        if artist_width < 1:
            raise UsageError(f"text_bert: artist_width = {artist_width} must be 1 or more")
        self.shape = piece_shape(shape)
        self.encoder = Bert(self.shape.size)
        self.dropout = nn.Dropout(dropout)
        artists = self.shape.artists
        self.artists = ArtistVectors(artists, artist_width, dropout=artist_dropout) if artists else None
        self.head = nn.Linear(self.shape.size.width + (artist_width if artists else 0), classes)

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim != 2 or x.shape[1] != self.shape.row:
            raise ModelError(
                f"this text_bert was built for rows of {self.shape.row} whole numbers, not "
                f"{written(tuple(x.shape[1:]))}; use the features it was trained with"
            )
        places = x if self.artists is None else x[:, 1:]
        there = places != ENDED
        longest = int(there.sum(1).max())
        ids, there = places[:, :longest].long().clamp(min=0), there[:, :longest]
        vectors = self.encoder(ids, there) * there.unsqueeze(2)
        said = self.dropout(vectors.sum(1) / there.sum(1, keepdim=True))
        if self.artists is not None:
            said = torch.cat([said, self.artists(x[:, 0].long())], dim=1)
        logits: Tensor = self.head(said)
        return logits
