"""A network that gives pictures back after it has squeezed them: its encoder is that of `image_cnn`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from earmark.models.image_cnn import ACTIVATIONS, LEAST, Activation, Encoder
from earmark.models.initialisation import initialise_as_keras
from earmark.models.shapes import picture_size, refuse_other_shape


class Autoencoder(nn.Module):
    """The three blocks of `image_cnn`, and three transposed convolutions that lead back to the size of the picture.

    Of 32 × 32 pixels the encoder leaves 1,024 numbers, a third of theirs. The decoder's steps of 2 have kernels of 4 or
    5, as the sizes ask for, each with activation and batch normalisation; a 3 × 3 convolution gives the channels.
    `widths` and `activation` are those of `image_cnn`, which can start from the parts named encoder.

    Input  (batch, channels, height, width) a picture, or (batch, bands, frames), one channel; standardised; at least
           22 × 22.
    Output the same shape, on the same scale.
    1,136,451 parameters at 3 × 32 × 32.

    Raises ModelError for a shape that is smaller or no picture, UsageError for other than three widths.
    Source: Masci, Meier, Cireşan & Schmidhuber 2011, "Stacked convolutional auto-encoders for hierarchical feature
    extraction", ICANN, trained at once; steps back as in Dumoulin & Visin 2016, arXiv:1603.07285, section 4.
    """

    example_shape: ClassVar[tuple[int, ...]] = (3, 32, 32)

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        activation: Activation = "relu",
        widths: Sequence[int] = (64, 128, 256),
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.picture = picture_size("autoencoder", shape, least=LEAST)
        channels, *size = self.picture
        self.encoder = Encoder(channels, widths, activation)
        sizes = [(size[0], size[1])]
        for _ in widths:
            height, width = sizes[-1]
            sizes.append(((height - 2) // 2, (width - 2) // 2))
        outward = [*reversed(widths), max(1, widths[0] // 2)]  # the last step has most pixels, and few channels do
        steps: list[nn.Module] = []
        for (before, after), (small, large) in zip(pairwise(outward), pairwise(reversed(sizes)), strict=True):
            kernel = (large[0] - 2 * (small[0] - 1), large[1] - 2 * (small[1] - 1))
            steps += [
                nn.ConvTranspose2d(before, after, kernel, stride=2),
                ACTIVATIONS[activation](),
                nn.BatchNorm2d(after),
            ]
        self.decoder = nn.Sequential(*steps, nn.Conv2d(outward[-1], channels, 3, padding=1))
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("autoencoder", x, self.shape)
        # Laid out channels last: faster on a CPU.
        picture = x.reshape(-1, *self.picture).contiguous(memory_format=torch.channels_last)
        given: Tensor = self.decoder(self.encoder(picture))
        return given.reshape(x.shape)
