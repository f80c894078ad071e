"""Pictures as examples: what a data set of pictures gives, at a scale networks learn from."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError, ModelError, UsageError
from earmark.features.on_demand import OnDemand
from earmark.features.standardise import Standardiser, fit_standardiser
from earmark.images.drawing import Drawing
from earmark.models.forward import Mirrored


class Pixels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="pixels"):
    """How pictures become examples (channels, height, width) in 0…1; travels with the classifier.

    standardise   see `earmark.features.standardise`
    mirror        a picture is judged by itself and by its mirror image, whose probabilities are averaged
    drawing       size, colour and trim, which are the data set's options; None: its pictures were not made of files
    """

    standardise: Literal["per_channel", "global", "none"] = "per_channel"
    mirror: bool = False
    drawing: Drawing | None = None

    crop_frames: ClassVar[None] = None

    @property
    def views(self) -> Mirrored | None:
        """The images of a picture that a network judges in its place; None: itself."""
        return Mirrored() if self.mirror else None

    def of(self, picture: NDArray[np.float32], where: str) -> NDArray[np.uint8]:
        """A picture (channels, height, width) in 0…1 as bytes. Raises DataError for another array."""
        self.check(picture[None], where=where)
        return np.round(picture * 255).astype(np.uint8)

    def check(self, pictures: NDArray[np.float32], where: str) -> None:
        """Raise DataError naming `where` unless these are pictures (n, channels, height, width) in 0…1."""
        if pictures.ndim != 4 or not (pictures.min() >= 0 and pictures.max() <= 1):
            raise DataError(
                f"{where}: pictures are (channels, height, width) in 0…1, not {pictures.shape[1:]} "
                f"from {pictures.min():g} to {pictures.max():g}"
            )

    def of_file(self, path: Path) -> NDArray[np.float32]:
        """The one example (1, channels, height, width) of a PNG or JPEG file, as in training.

        Raises DataError naming the file, ModelError where it is not known how files become pictures.
        """
        if self.drawing is None:
            raise ModelError(
                f"{path}: how a file becomes a picture is not known: the classifier was trained on ready-made ones, or "
                "by an earlier earmark; train it again on a folder of pictures"
            )
        return self.drawing.read(path)[None]

    def scale(self, x: NDArray[np.float32] | OnDemand) -> Standardiser:
        """The scale of training examples (n, channels, height, width)."""
        return fit_standardiser(x, self.standardise)

    def differences(self, other: object) -> list[str]:
        """Both values of each key in which `other` differs; empty if none does."""
        if not isinstance(other, Pixels):
            return [f"{type(other).__name__} instead of Pixels"]
        ours, theirs = (_settings(settings) for settings in (self, other))
        known = ours.keys() & theirs.keys()  # a recipe alone does not tell how pictures are drawn
        return [
            f"{key}={theirs[key]} instead of {ours[key]}" for key in ours if key in known and theirs[key] != ours[key]
        ]


def _settings(pixels: Pixels) -> dict[str, object]:
    drawing = {} if pixels.drawing is None else msgspec.structs.asdict(pixels.drawing)
    return {"standardise": pixels.standardise, **drawing}


def pixels(*, standardise: str = "per_channel", mirror: bool = False) -> Pixels:
    """The settings of a recipe. Raises UsageError for an unknown scale."""
    try:
        return msgspec.convert({"standardise": standardise, "mirror": mirror}, Pixels)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error
