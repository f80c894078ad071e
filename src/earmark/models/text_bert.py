"""A pretrained sentence network that goes on learning."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from earmark.errors import ModelError, UsageError
from earmark.models.bert import Bert, BertSize
from earmark.models.shapes import Input, written

ENDED = -1


class TextBert(nn.Module):
    """BERT's encoder, the mean of its vectors of pieces of words, and one dense layer on it.

    It has the size of the network that `features.model` names. That one's weights come with
    `init.run = "pretrained:minilm"`, or "pretrained:FOLDER" of sentence-transformers. How fast they move
    `init.learning_rate_factor` says by parts: layers with the factor 0 stay as they are, and if these are the lowest
    they cost a third.

    Input  (batch, length) places of pieces, -1 where a text has ended; features `pieces`.
    Output (batch, classes) logits.
    4,101 parameters at 24 × 60 × 16 × 1 × 2 × 32 × 48 and 5 classes.

    Raises ModelError for another shape, UsageError for a dropout that cannot be.
    Source: Devlin, Chang, Lee & Toutanova 2019, "BERT", arXiv:1810.04805, section 3.2; the mean as in Reimers &
    Gurevych 2019, "Sentence-BERT", arXiv:1908.10084, section 3.
    """

    takes: ClassVar[Input] = "pieces"
    example_shape: ClassVar[tuple[int, ...]] = (24, 60, 16, 1, 2, 32, 48)

    def __init__(self, shape: tuple[int, ...], classes: int, *, dropout: float = 0.1) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise UsageError(f"text_bert: dropout = {dropout:g} is not a share from 0 up to, not including, 1")
        self.length, size = _length_and_size(shape)
        self.encoder = Bert(size)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(size.width, classes)

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim != 2 or x.shape[1] != self.length:
            raise ModelError(
                f"this text_bert was built for rows of {self.length} pieces, not {written(tuple(x.shape[1:]))}; "
                "use the features it was trained with"
            )
        there = x != ENDED
        longest = int(there.sum(1).max())
        ids, there = x[:, :longest].long().clamp(min=0), there[:, :longest]
        said = self.encoder(ids, there) * there.unsqueeze(2)
        logits: Tensor = self.head(self.dropout(said.sum(1) / there.sum(1, keepdim=True)))
        return logits


def _length_and_size(shape: tuple[int, ...]) -> tuple[int, BertSize]:
    """Pieces of a text, and what the network is large by. Raises ModelError for a shape of other features."""
    if len(shape) == 1 + len(BertSize._fields) and min(shape) > 0:
        length, size = shape[0], BertSize(*shape[1:])
        if length <= size.positions and size.width % size.heads == 0:
            return length, size
    raise ModelError(
        f"text_bert reads pieces of words, of at least {written((1,) * 7)} (length × pieces × width × layers × heads × "
        f"inner × positions; length up to positions, width a multiple of heads), not {written(shape)}; "
        "set features.name = 'pieces'"
    )
