"""Convolutions over a text's words, each filter's largest answer, and one dense layer on these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.initialisation import initialise_as_keras
from earmark.models.shapes import Input, word_shape
from earmark.models.word_convolution import WordConvolution
from earmark.models.word_input import WordInput


class TextCNN(nn.Module):
    """Learned vectors of words, convolutions over neighbouring ones, the maximum of each filter, and one dense layer.

    Each of `kernel_sizes` has `filters` of that many words, side by side; with `layers` above 1 convolutions of the
    same size follow upon each of them. What the filters find anywhere in the text goes to the dense layer, beside the
    artist's vector where that is an input. `vectors` names pretrained word vectors of `width` to begin with, which stay
    as they are if `frozen`.

    Input  (batch, length) word ids, or (batch, 1 + length) with the artist's first; features `words`.
    Output (batch, classes) logits.
    82,709 parameters at 60 × 500 × 20 and 5 classes.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Kim 2014, "Convolutional neural networks for sentence classification", arXiv:1408.5882.
    """

    takes: ClassVar[Input] = "words"
    example_shape: ClassVar[tuple[int, ...]] = (60, 500, 20)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        kernel_sizes: Sequence[int] = (3, 4, 5),
        filters: int = 64,
        layers: int = 1,
        width: int = 64,
        vectors: str | None = None,
        frozen: bool = False,
        dropout: float = 0.5,
        artist_width: int = 16,
        artist_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if not kernel_sizes or min(*kernel_sizes, filters, layers) < 1:
            raise UsageError(
                f"text_cnn: kernel_sizes = {list(kernel_sizes)}, filters = {filters} and layers = {layers} must be "
                "1 or more, of one kernel at least"
            )
        self.read = WordInput(
            "text_cnn",
            word_shape("text_cnn", shape),
            width=width,
            dropout=dropout,
            artist_width=artist_width,
            artist_dropout=artist_dropout,
            vectors=vectors,
            frozen=frozen,
        )
        self.branches = nn.ModuleList(
            _Branch(WordConvolution(width if place == 0 else filters, filters, kernel) for place in range(layers))
            for kernel in kernel_sizes
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(filters * len(kernel_sizes) + self.read.artist_width, classes)
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        read = self.read(x)
        said = self.dropout(torch.cat([branch(read.words, read.lengths) for branch in self.branches], dim=1))
        logits: Tensor = self.head(torch.cat([said, read.artist], dim=1))
        return logits


class _Branch(nn.ModuleList):
    """Convolutions one after another, and the largest answer of each of the last one's filters: (batch, filters)."""

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        for convolution in self:
            x = convolution(x, lengths)
        return x.amax(1)  # behind a text's end all is 0, and nothing is less
