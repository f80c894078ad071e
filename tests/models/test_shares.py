"""What a linear classifier hears adds up to what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax

from earmark.models.feature_discriminant import FeatureDiscriminant
from earmark.models.probe import Probe


@pytest.mark.parametrize("kind", ["discriminant", "logistic"])
def test_the_numbers_of_a_probe_add_up(kind: Any, rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(40, 6)), np.arange(40) % 3
    x[:, 2] += y
    probe = Probe((6,), 3, kind=kind).fit(x, y)
    far = np.concatenate([x[:5], 100 * x[5:7]])  # which the scale holds at its end
    shares = probe.shares(far)
    assert shares is not None
    assert shares.parts.shape == (7, 6, 3)
    logits = shares.parts.sum(1) + shares.constant
    np.testing.assert_allclose(log_softmax(logits, axis=1), np.log(probe.predict_proba(far)), atol=1e-9)
    pull = np.abs(shares.parts[:5, :, 2] - shares.parts[:5, :, 0]).mean(0)
    assert pull.argmax() == 2  # the number that tells the classes apart


def test_machines_are_no_sums(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(20, 4)), np.arange(20) % 2
    assert Probe((4,), 2, kind="svm").fit(x, y).shares(x) is None


def test_the_statistics_add_up_by_group(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(12, 32, 64)).astype(np.float32), np.arange(12) % 2
    model = FeatureDiscriminant((32, 64), 2, halves=False).fit(x, y)
    shares = model.shares(x)
    assert shares.names == tuple(model.numbers.groups)
    assert {"timbre", "onsets"} < set(shares.names)
    assert sum(model.numbers.groups.values()) == len(model.numbers.weight)
    logits = shares.parts.sum(1) + shares.constant
    np.testing.assert_allclose(log_softmax(logits, axis=1), np.log(model.predict_proba(x)), atol=1e-9)
