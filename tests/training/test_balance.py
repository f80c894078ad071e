"""Classes of which there are few, made to count like the others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from earmark.errors import UsageError
from earmark.training.balance import balanced_order, class_weights, weighted
from earmark.training.losses import cross_entropy

Y = torch.tensor([0, 0, 0, 0, 1, 1, 3])


def test_weights_are_scikit_learns_and_a_class_without_examples_has_none() -> None:
    expected = compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=Y.numpy())
    torch.testing.assert_close(class_weights(Y, 4)[[0, 1, 3]].double(), torch.from_numpy(expected), rtol=1e-6, atol=0)
    assert class_weights(Y, 4)[2] == 0
    assert float(class_weights(Y, 4)[Y].mean()) == pytest.approx(1)


def test_a_weighted_loss_is_torchs_times_the_weight_of_each() -> None:
    logits, weights = torch.randn(7, 4, requires_grad=True), class_weights(Y, 4)
    each = functional.cross_entropy(logits, Y, reduction="none")
    found = weighted(cross_entropy(), weights)(logits, Y)
    torch.testing.assert_close(found, (each * weights[Y]).mean())
    found.backward()
    assert logits.grad is not None
    assert logits.grad.abs().sum(1).min() > 0


def test_mixed_examples_have_no_one_weight() -> None:
    with pytest.raises(UsageError, match=r"training\.sampling = 'balanced' instead"):
        weighted(cross_entropy(), torch.ones(4))(torch.randn(7, 4), torch.rand(7, 4))


def test_an_even_order_holds_each_class_as_often() -> None:
    torch.manual_seed(1)
    y = Y.repeat(300)
    order = balanced_order(y)
    assert order.shape == y.shape
    counts = torch.bincount(y[order], minlength=4)
    assert counts[2] == 0
    assert ((counts[[0, 1, 3]] - 700).abs() < 80).all()
