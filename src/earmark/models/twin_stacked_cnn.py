"""Two stacks of convolutions side by side: the course's accurate model."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from earmark.models.initialisation import initialise_as_keras
from earmark.models.shapes import bands_and_frames, refuse_other_shape
from earmark.models.stacked_cnn import LEAST, Stack, dense_layers


class TwinStackedCNN(nn.Module):
    """The four blocks of `stacked_cnn` twice, with `narrow` and with `wide` filters, flattened and joined.

    Input  (batch, bands, frames) log-mel, standardised; at least 23 × 23.
    Output (batch, classes) logits.
    320,936 parameters at 80 × 80 and 8 classes.

    Raises ModelError for a shape that is smaller or not bands × frames.
    Source: the course's own accurate model; two columns of unlike width, joined before the dense layers, are those of
    Ciresan, Meier & Schmidhuber 2012, "Multi-column deep neural networks for image classification", arXiv:1202.2745,
    which averages its columns' answers instead.
    """

    example_shape: ClassVar[tuple[int, ...]] = (80, 80)

    def __init__(
        self, shape: tuple[int, ...], classes: int, *, narrow: int = 32, wide: int = 64, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.shape = bands_and_frames("twin_stacked_cnn", shape, least=LEAST)
        self.narrow = Stack(narrow)
        self.wide = Stack(wide)
        flat = self.narrow.flat_size(self.shape) + self.wide.flat_size(self.shape)
        self.dense = dense_layers(flat, classes, dropout=dropout)
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("twin_stacked_cnn", x, self.shape)
        logits: Tensor = self.dense(torch.cat([self.narrow(x), self.wide(x)], dim=1))
        return logits
