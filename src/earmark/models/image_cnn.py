"""A small network for small pictures: three convolutions with pools, two dense layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.initialisation import initialise_as_keras
from earmark.models.shapes import picture_size, refuse_other_shape

Activation = Literal["relu", "tanh", "leaky_relu", "elu", "gelu"]
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
}
WIDE, NARROW = 512, 256  # units of the dense layers
LEAST = (22, 22)  # what three blocks leave one value of


class ImageCNN(nn.Module):
    """Three blocks of a 3 × 3 convolution without padding, activation, batch normalisation and max-pool of 2.

    Flattened, 512 units, `dropout`, 256 units, `dropout`, one dense layer; the same `activation` follows each. `widths`
    are the channels of the blocks. With `skip`, the layer of 256 sees what the second block and the third gave too,
    beside the 512 units: 2,496,228 parameters.

    Input  (batch, channels, height, width) a picture, or (batch, bands, frames), one channel; standardised; at least
           22 × 22.
    Output (batch, classes) logits.
    1,054,436 parameters at 3 × 32 × 32 and 100 classes.

    Raises ModelError for a shape that is smaller or no picture, UsageError for other than three widths.
    Source: the plain network of courses, LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to
    document recognition", with batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167); its weights begin as
    Keras' do.
    """

    example_shape: ClassVar[tuple[int, ...]] = (3, 32, 32)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        activation: Activation = "relu",
        skip: bool = False,
        widths: Sequence[int] = (64, 128, 256),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.picture = picture_size("image_cnn", shape, least=LEAST)
        if len(widths) != 3 or min(widths) < 1:
            raise UsageError(f"image_cnn: widths = {list(widths)} must be three numbers, each 1 or more")
        self.skip = skip
        self.encoder = Encoder(self.picture[0], widths, activation)
        second, third = (maps * height * width for maps, height, width in self.encoder.shapes(self.picture[1:])[1:])
        self.wide = nn.Sequential(nn.Linear(third, WIDE), ACTIVATIONS[activation](), nn.Dropout(dropout))
        self.narrow = nn.Sequential(
            nn.Linear(WIDE + second + third if skip else WIDE, NARROW), ACTIVATIONS[activation](), nn.Dropout(dropout)
        )
        self.head = nn.Linear(NARROW, classes)
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("image_cnn", x, self.shape)
        # Laid out channels last: faster on a CPU.
        maps = x.reshape(-1, *self.picture).contiguous(memory_format=torch.channels_last)
        given = []
        for block in self.encoder:
            maps = block(maps)
            given.append(maps.flatten(1))
        units = self.wide(given[2])
        logits: Tensor = self.head(self.narrow(torch.cat([units, *given[1:]], dim=1) if self.skip else units))
        return logits


class Encoder(nn.Sequential):
    """The blocks, one a width. Input (batch, channels, height, width), output smaller maps, widths[-1] of them."""

    def __init__(self, channels: int, widths: Sequence[int], activation: str) -> None:
        super().__init__(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 3), ACTIVATIONS[activation](), nn.BatchNorm2d(after), nn.MaxPool2d(2)
                )
                for before, after in zip((channels, *widths), widths, strict=False)
            )
        )
        self.widths = tuple(widths)

    def shapes(self, size: tuple[int, int]) -> list[tuple[int, int, int]]:
        """(channels, height, width) of what each block gives of a picture of that height and width."""
        height, width = size
        found = []
        for maps in self.widths:
            height, width = (height - 2) // 2, (width - 2) // 2
            found.append((maps, height, width))
        return found
