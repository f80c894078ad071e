"""A random tone control: another record, room or loudspeaker."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import along, uniform


def equaliser(*, most: float = 0.5, knots: int = 5) -> Augmentation:
    """Add a smooth curve over the bands, linear between `knots` random values within ±`most` (in standard deviations).

    Adding to log-mel is filtering the sound. Raises UsageError where most is below 0, or knots below 1.
    """
    within("equaliser", "most", most, 0)
    within("equaliser", "knots", knots, 1)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        curve = uniform(-most, most, (len(x), 1, knots), x, generator)
        smooth = functional.interpolate(curve, size=x.shape[-2], mode="linear", align_corners=True)
        return x.add_(along(smooth[:, 0], x, -2)), target

    return apply
