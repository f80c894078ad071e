"""Blended examples: the same share of sound and of label, by the law that the paper gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from earmark.augment.mixup import mixup
from earmark.errors import UsageError

N = 2000


def shares(alpha: float) -> np.ndarray:
    """What is left of each example of itself; a batch of unit vectors says so itself."""
    x = torch.eye(N)[:, None, :]
    mixed, target = mixup(alpha=alpha)(x, torch.eye(N), torch.Generator().manual_seed(1))
    np.testing.assert_array_equal(mixed[:, 0].numpy(), target.numpy())  # the sound as the label
    np.testing.assert_allclose(target.sum(1), 1, atol=1e-6)
    assert (np.count_nonzero(target, axis=1) <= 2).all()
    assert len(target.sum(0).nonzero()) > 0.6 * N  # others are a permutation, not one and the same
    return target.diagonal().numpy()


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_shares_follow_the_beta_distribution(alpha: float) -> None:
    kept = shares(alpha).astype(np.float64)
    law = stats.beta(alpha, alpha)
    assert kept.mean() == pytest.approx(law.mean(), abs=4 * law.std() / np.sqrt(N))
    assert kept.var() == pytest.approx(law.var(), rel=0.1)
    assert stats.kstest(kept, law.cdf).pvalue > 0.01


def test_alone_an_example_stays_what_it_is() -> None:
    x, target = torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(3)), torch.tensor([[0.0, 1.0]])
    mixed, shared = mixup()(x.clone(), target.clone(), torch.Generator().manual_seed(1))
    torch.testing.assert_close(mixed, x)
    torch.testing.assert_close(shared, target)


def test_a_tiny_alpha_gives_shares_still() -> None:
    _, target = mixup(alpha=1e-3)(torch.zeros(500, 1, 1), torch.eye(500), torch.Generator().manual_seed(1))
    assert target.isfinite().all()
    torch.testing.assert_close(target.sum(1), torch.ones(500))


def test_alpha_must_be_above_nothing() -> None:
    with pytest.raises(UsageError, match="mixup: alpha = 0 must be above 0"):
        mixup(alpha=0)
