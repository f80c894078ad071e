"""From a picture to the array that a network is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from earmark.errors import DataError
from earmark.images.decode import read_image

Colour = Literal["rgb", "grey", "decibels"]
MOST_LEVELS = 255


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """How a picture becomes an array; the settings are the options of the data set `image_folder`."""

    trim: bool
    height: int
    width: int
    colour: Colour
    colour_map: str | None = None

    def of(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(channels, height, width) float32 in 0…1 of a picture (height, width, 3). Raises DataError."""
        # They load matplotlib and much of SciPy, for which those who classify sound or texts would wait at each start.
        from earmark.images.colour_maps import to_decibels
        from earmark.images.trim import trim as trimmed

        bare = trimmed(image) if self.trim else image
        if self.colour == "decibels":
            levels = to_decibels(bare, colour_map=self.colour_map, db_range=(0, MOST_LEVELS))
            picture = Image.fromarray(levels[::-1])
        else:
            picture = Image.fromarray(bare)
            if self.colour == "grey":
                picture = picture.convert("L")
        # Pillow averages over all pixels that become one when it makes a picture smaller: no aliasing.
        resized = np.asarray(picture.resize((self.width, self.height), Image.Resampling.BILINEAR))
        channels = resized.transpose(2, 0, 1) if resized.ndim == 3 else resized[None]
        return np.ascontiguousarray(channels.round(), np.float32) / np.float32(MOST_LEVELS)

    def read(self, path: Path) -> NDArray[np.float32]:
        """The same of a PNG or JPEG file. Raises DataError naming the file and what is wrong with it."""
        image = read_image(path)
        try:
            return self.of(image)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
