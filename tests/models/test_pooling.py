"""The pool of several voices against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from earmark.errors import DataError
from earmark.models.pooling import fit_pool, pooled


def voices(rng: np.random.Generator, sharpness: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """One voice that knows something, one that guesses."""
    truth = rng.integers(0, 4, 4000)
    knows = rng.normal(size=(4000, 4)) + 2.0 * np.eye(4)[truth]  # whose logits are 2 x by Bayes' rule
    guesses = rng.normal(size=(4000, 4))
    return np.stack([log_softmax(sharpness * knows, 1), log_softmax(guesses, 1)]), truth


def test_one_voice_alone_is_left_as_it_is(rng: np.random.Generator) -> None:
    said, _ = voices(rng)
    np.testing.assert_allclose(pooled(said, np.array([1.0, 0.0])), said[0], atol=1e-12)


def test_equal_shares_are_the_geometric_mean() -> None:
    said = np.log(np.array([[[0.9, 0.1]], [[0.5, 0.5]]]))
    np.testing.assert_allclose(np.exp(pooled(said, np.array([0.5, 0.5]))), [[0.75, 0.25]])  # sqrt(.45) : sqrt(.05)


def test_who_guesses_gets_no_weight_and_sharpness_is_found(rng: np.random.Generator) -> None:
    said, truth = voices(rng)
    knows, guesses = fit_pool(said, truth)
    assert knows == pytest.approx(2.0, abs=0.15)
    assert guesses < 0.08


def test_a_sharper_voice_gets_as_much_less(rng: np.random.Generator) -> None:
    said, truth = voices(rng, sharpness=4.0)
    assert fit_pool(said, truth)[0] == pytest.approx(0.5, abs=0.05)


def test_certainty_of_one_voice_can_be_outvoted() -> None:
    with np.errstate(divide="ignore"):
        said = np.log(np.array([[[1.0, 0.0]], [[0.1, 0.9]]]))
    assert np.isfinite(pooled(said, np.array([0.5, 0.5]))).all()


def test_nothing_to_weigh_on_is_refused() -> None:
    with pytest.raises(DataError, match="there are none"):
        fit_pool(np.zeros((2, 0, 3)), np.zeros(0, np.int64))
