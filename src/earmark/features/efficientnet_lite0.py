"""What a network that has learned from ImageNet sees in pictures: examples of 1,280 numbers."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from earmark.errors import ModelError, UsageError
from earmark.features.pixels import Pixels
from earmark.models.efficientnet_lite0 import EfficientNetLite0
from earmark.models.forward import Mirrored
from earmark.pretrained.efficientnet_lite0 import CLASSES, EFFICIENTNET_LITE0

SIZE = 160  # pixels


class SeenByEfficientNet(Pixels, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="efficientnet_lite0"):
    """How pictures become examples (1280,): the means of EfficientNet-Lite0's last maps; travels with the classifier.

    size  pixels of height and width to which pictures are resized for the network, 224 in its own training

    With `mirror` the numbers are the means over a picture and its mirror image. What learns from them has its own
    scale: `standardise` is "none". Raises UsageError for a size below 32.
    """

    size: int = SIZE

    def __post_init__(self) -> None:
        if self.size < 32:
            raise UsageError(f"features.size = {self.size} must be 32 or more")

    def seen(self, pictures: NDArray[np.float32], where: str) -> NDArray[np.float32]:
        """Examples (n, 1280) of pictures (n, 3, height, width) in 0…1.

        Raises DataError naming `where` for other arrays, ModelError for other than three channels, or where the
        weights are not on this machine and cannot be fetched.
        """
        self.check(pictures, where)
        if pictures.shape[1] != 3:
            raise ModelError(f"{where}: efficientnet_lite0 sees pictures in three colours, not {pictures.shape[1]}")
        network = _network(pictures.shape[1:], self.size)
        views = Mirrored() if self.mirror else None
        x = torch.from_numpy(np.ascontiguousarray(pictures))
        with torch.inference_mode():
            each = network(x if views is None else views.of(x))
            numbers: NDArray[np.float32] = each.unflatten(0, (len(x), -1)).mean(1).numpy()
        return numbers

    @property
    def views(self) -> None:
        """What learns from the numbers judges them once: a mirror image is in them already."""
        return

    def of_file(self, path: Path) -> NDArray[np.float32]:
        """The one example (1, 1280) of a PNG or JPEG file. Raises as `Pixels.of_file` and `seen` do."""
        return self.seen(super().of_file(path), str(path))

    def differences(self, other: object) -> list[str]:
        """Both values of each key in which `other` differs; empty if none does."""
        if not isinstance(other, SeenByEfficientNet):
            return [f"{type(other).__name__} instead of {type(self).__name__}"]
        own = [
            f"{key}={theirs} instead of {ours}"
            for key, ours, theirs in (("size", self.size, other.size), ("mirror", self.mirror, other.mirror))
            if theirs != ours
        ]
        return own + super().differences(other)


@functools.lru_cache(maxsize=4)
def _network(shape: tuple[int, ...], size: int) -> EfficientNetLite0:
    """The published network without its last layer, for pictures of that shape."""
    network = EfficientNetLite0(shape, CLASSES, size=size)
    network.load_state_dict(EFFICIENTNET_LITE0.load())
    network.head = nn.Identity()  # type: ignore[assignment]
    return network.eval()


def efficientnet_lite0_features(*, size: int = SIZE, mirror: bool = False) -> SeenByEfficientNet:
    """The settings of a recipe. Raises UsageError for values that cannot be."""
    try:
        return msgspec.convert({"standardise": "none", "size": size, "mirror": mirror}, SeenByEfficientNet)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error
