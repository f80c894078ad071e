"""Losses by hand."""

import math

import pytest
import torch

from earmark.training.losses import cross_entropy

LOGITS = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def test_cross_entropy_by_hand() -> None:
    first = math.log(math.exp(2) + 2) - 2
    second = math.log(math.exp(1) + 2) - 1
    loss = cross_entropy()(LOGITS, torch.tensor([0, 1]))
    assert float(loss) == pytest.approx((first + second) / 2, rel=1e-6)


def test_label_smoothing_shares_the_target_among_all_classes() -> None:
    soft = torch.full((2, 3), 0.1 / 3)
    soft[0, 0] += 0.9
    soft[1, 1] += 0.9
    smoothed = cross_entropy(label_smoothing=0.1)(LOGITS, torch.tensor([0, 1]))
    assert float(smoothed) == pytest.approx(float(cross_entropy()(LOGITS, soft)), rel=1e-6)
