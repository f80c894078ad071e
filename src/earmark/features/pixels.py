"""Pictures as examples: what a data set of pictures gives, at a scale networks learn from."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError, UsageError
from earmark.features.on_demand import OnDemand
from earmark.features.standardise import Standardiser, fit_standardiser


class Pixels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="pixels"):
    """How pictures become examples (channels, height, width) in 0…1; size, colour and trim are the data set's options.

    standardise   see `earmark.features.standardise`
    """

    standardise: Literal["per_channel", "global", "none"] = "per_channel"

    crop_frames: ClassVar[None] = None
    crops: ClassVar[int] = 1

    def of(self, picture: NDArray[np.float32], where: str) -> NDArray[np.uint8]:
        """A picture (channels, height, width) in 0…1 as bytes. Raises DataError for another array."""
        if picture.ndim != 3 or not (picture.min() >= 0 and picture.max() <= 1):
            raise DataError(
                f"{where}: pictures are (channels, height, width) in 0…1, not {picture.shape} "
                f"from {picture.min():g} to {picture.max():g}"
            )
        return np.round(picture * 255).astype(np.uint8)

    def scale(self, x: NDArray[np.float32] | OnDemand) -> Standardiser:
        """The scale of training examples (n, channels, height, width)."""
        return fit_standardiser(x, self.standardise)

    def differences(self, other: object) -> list[str]:
        """Both values of each key in which `other` differs; empty if none does."""
        if not isinstance(other, Pixels):
            return [f"{type(other).__name__} instead of Pixels"]
        same = other.standardise == self.standardise
        return [] if same else [f"standardise={other.standardise} instead of {self.standardise}"]


def pixels(*, standardise: str = "per_channel") -> Pixels:
    """The settings of a recipe. Raises UsageError for an unknown scale."""
    try:
        return msgspec.convert({"standardise": standardise}, Pixels)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error
