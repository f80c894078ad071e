"""A network that gives pictures back after it has squeezed them: its encoder is the beginning of `image_cnn`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.image_cnn import ACTIVATIONS, LEAST, Activation, Encoder
from earmark.models.initialisation import initialise_as_keras
from earmark.models.shapes import picture_size, refuse_other_shape


class Autoencoder(nn.Module):
    """The first blocks of `image_cnn`, a squeeze to `code` channels, and the way back to the size of the picture.

    Two blocks and the squeeze, a 1 × 1 convolution, leave 6 × 6 × 32 numbers of 32 × 32 pixels, 1,152 for 3,072: the
    third block would leave 2 × 2 places, of which no picture comes back sharp. Each block has its transposed
    convolution in the decoder, a step of 2 whose kernel is of 4 or 5, as the sizes ask for, with activation and batch
    normalisation; a 3 × 3 convolution gives the channels. `widths`, one for each block, and `activation` are those of
    `image_cnn`, which can start from the part named encoder.

    Input  (batch, channels, height, width) a picture, or (batch, bands, frames), one channel; standardised; at least
           22 × 22.
    Output the same shape, on the same scale.
    165,859 parameters at 3 × 32 × 32.

    Raises ModelError for a shape that is smaller or no picture, UsageError for other than one to three widths, or a
    code below 1.
    Source: Masci, Meier, Cireşan & Schmidhuber 2011, "Stacked convolutional auto-encoders for hierarchical feature
    extraction", ICANN, trained at once; steps back as in Dumoulin & Visin 2016, arXiv:1603.07285, section 4.
    """

    example_shape: ClassVar[tuple[int, ...]] = (3, 32, 32)

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        activation: Activation = "relu",
        widths: Sequence[int] = (64, 128),
        code: int = 32,
    ) -> None:
        super().__init__()
        if not 1 <= len(widths) <= 3 or min(widths) < 1:
            raise UsageError(f"autoencoder: widths = {list(widths)} must be one to three numbers, each 1 or more")
        if code < 1:
            raise UsageError(f"autoencoder: code = {code} must be 1 or more")
        self.shape = tuple(shape)
        self.picture = picture_size("autoencoder", shape, least=LEAST)
        self.encoder = Encoder(self.picture[0], widths, activation)
        self.squeeze = nn.Conv2d(widths[-1], code, 1)
        sizes = [self.picture[1:], *(given[1:] for given in self.encoder.shapes(self.picture[1:]))]
        outward = [
            code,
            *reversed(widths[:-1]),
            max(1, widths[0] // 2),
        ]  # the last has most pixels, and few channels do
        steps: list[nn.Module] = []
        for (before, after), (small, large) in zip(pairwise(outward), pairwise(reversed(sizes)), strict=True):
            kernel = (large[0] - 2 * (small[0] - 1), large[1] - 2 * (small[1] - 1))
            steps += [
                nn.ConvTranspose2d(before, after, kernel, stride=2),
                ACTIVATIONS[activation](),
                nn.BatchNorm2d(after),
            ]
        self.decoder = nn.Sequential(*steps, nn.Conv2d(outward[-1], self.picture[0], 3, padding=1))
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("autoencoder", x, self.shape)
        # Laid out channels last: faster on a CPU.
        picture = x.reshape(-1, *self.picture).contiguous(memory_format=torch.channels_last)
        given: Tensor = self.decoder(self.squeeze(self.encoder(picture)))
        return given.reshape(x.shape)
