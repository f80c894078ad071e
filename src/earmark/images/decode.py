"""PNG and JPEG files to RGB arrays."""

from __future__ import annotations

import os
import struct
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from earmark.errors import DataError

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
FORMATS = ("PNG", "JPEG")
MOST_PIXELS = 64_000_000  # 192 MB as RGB; a spectrogram at 300 dpi over a whole page has 9 million


def read_image(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read a PNG or JPEG file as RGB, (height, width, 3) uint8; what is transparent lies on white.

    Content decides, not the name. Greyscale (8 and 16 bit), palette and CMYK pictures become RGB.
    Raises DataError naming file and cause where it is missing, empty, no such picture, damaged or truncated, or larger
    than 64 million pixels.
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(path, formats=FORMATS)
        with opened as image:
            if image.width * image.height > MOST_PIXELS:
                raise _too_large(path, f"{image.width} × {image.height} pixels")
            return _rgb(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path, str(error).partition(",")[0]) from error
    except UnidentifiedImageError as error:
        raise DataError(f"{path}: not a PNG or JPEG picture{_beginning(path)}; convert or remove the file") from error
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        # Pillow tells damage by any of these, with the cause in its text.
        raise DataError(
            f"{path}: cannot be read as a picture: {getattr(error, 'strerror', None) or error}; make the file again"
        ) from error


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I"):  # 16 bit grey, which Pillow would clip instead of scaling
        levels = np.asarray(image).astype(np.uint16) >> 8
        return np.repeat(levels.astype(np.uint8)[..., None], 3, axis=2)
    if not image.has_transparency_data:
        return np.array(image.convert("RGB"))
    white = Image.new("RGBA", image.size, "white")
    return np.array(Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"))


def _too_large(path: Path, size: str) -> DataError:
    return DataError(f"{path}: {size}: above the {MOST_PIXELS:,} pixels that a spectrogram may have; make it smaller")


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        first = file.read(8)
    return f" (it begins with {first!r})" if first else ": the file has 0 bytes"
