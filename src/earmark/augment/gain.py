"""Louder or softer."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import along, uniform


def gain(*, most: float = 0.3) -> Augmentation:
    """Add one random number within ±`most` (in standard deviations) to all of an example: a change of level in dB.

    A record may be mastered louder or softer and stays of its genre. Raises UsageError where most is below 0.
    """
    within("gain", "most", most, 0)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return x.add_(along(uniform(-most, most, (len(x), 1), x, generator), x, -1)), target

    return apply
