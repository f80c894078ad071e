"""Calibration and abstention against scikit-learn, hand calculation, and what must hold of any answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator

from earmark.errors import ModelError
from earmark.evaluation.calibration import (
    BINS,
    calibration,
    calibration_error,
    fit_temperature,
    reliability,
    risk_coverage,
)
from earmark.evaluation.metrics import losses, score
from earmark.evaluation.scores import Bin, Kept
from earmark.predictions import Predictions, tempered

seeds = st.integers(0, 2**32)


def drawn(probabilities, rng):
    """A truth for each row, by its probabilities."""
    return (probabilities.cumsum(1) > rng.random(len(probabilities))[:, None]).argmax(1)


def judged_as(probabilities, truth, songs=None):
    ids = tuple(f"clip {i}" for i in range(len(truth)))
    genres = tuple(f"genre {i}" for i in range(probabilities.shape[1]))
    return Predictions(genres, ids, ids if songs is None else tuple(songs), truth, probabilities)


class AsGiven(ClassifierMixin, BaseEstimator):
    """A classifier of scikit-learn whose decision values are what it is fed."""

    def fit(self, x, y):  # noqa: ARG002 - scikit-learn's contract
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, x):
        return x

    def predict(self, x):
        return x.argmax(1)


@st.composite
def some_answers(draw):
    """Up to 200 answers, of which many are equally sure."""
    n = draw(st.integers(1, 200))
    rng = np.random.default_rng(draw(seeds))
    sureness = rng.integers(1, 1 + draw(st.integers(1, 100)), size=n) / 100
    return sureness, rng.random(n) < sureness


class TestTemperature:
    @given(seed=seeds, temperature=st.floats(0.25, 6), classes=st.integers(2, 12))
    @settings(max_examples=40, deadline=None)
    def test_what_the_logits_were_scaled_by_is_found(self, seed, temperature, classes):
        rng = np.random.default_rng(seed)
        logits = rng.normal(0, 2, size=(4000, classes))
        truth = drawn(softmax(logits, axis=1), rng)
        assert fit_temperature(logits * temperature, truth) == pytest.approx(temperature, rel=0.15)

    @given(seed=seeds, n=st.integers(1, 60), classes=st.integers(2, 6))
    @settings(max_examples=60, deadline=None)
    def test_no_other_temperature_does_better(self, seed, n, classes):
        rng = np.random.default_rng(seed)
        truth = rng.integers(classes, size=n)
        logits = rng.normal(0, 3, size=(n, classes))
        logits[np.arange(n), truth] += rng.normal(2, 3)

        def surprise(temperature):
            given_it = log_softmax(logits / temperature, axis=1)[np.arange(n), truth]
            return -given_it.sum() + (1 / temperature - 1) ** 2 / 2

        found = fit_temperature(logits, truth)
        assert surprise(found) <= min(map(surprise, np.geomspace(0.05, 20, 200))) * (1 + 1e-5) + 1e-4

    def test_it_is_that_of_scikit_learn(self):
        rng = np.random.default_rng(11)
        logits = rng.normal(0, 2, size=(5000, 6))
        truth = drawn(softmax(logits / 1.7, axis=1), rng)
        known = CalibratedClassifierCV(FrozenEstimator(AsGiven().fit(logits, truth)), method="temperature")
        expected = known.fit(logits, truth).predict_proba(logits)
        np.testing.assert_allclose(softmax(logits / fit_temperature(logits, truth), axis=1), expected, atol=1e-3)

    @given(seed=seeds, n=st.integers(1, 40))
    @settings(max_examples=20, deadline=None)
    def test_neither_order_nor_what_softmax_ignores_matters(self, seed, n):
        rng = np.random.default_rng(seed)
        logits, truth = rng.normal(0, 3, size=(n, 4)), rng.integers(4, size=n)
        order = rng.permutation(n)
        found = fit_temperature(logits, truth)
        assert fit_temperature(logits[order] + 7, truth[order]) == pytest.approx(found, rel=1e-4)
        assert fit_temperature(log_softmax(logits, axis=1), truth) == pytest.approx(found, rel=1e-4)

    @pytest.mark.parametrize(("n", "least", "most"), [(1, 0.6, 1), (18, 0.3, 0.6), (10_000, 0.15, 0.25)])
    def test_a_few_right_answers_make_nobody_certain(self, n, least, most):
        logits = np.tile([2.0, 0.0, 0.0], (n, 1))
        assert least < fit_temperature(logits, np.zeros(n, dtype=int)) < most

    def test_where_all_is_wrong_the_answers_become_even_but_not_undefined(self):
        assert fit_temperature(np.tile([9.0, 0.0], (50, 1)), np.ones(50, dtype=int)) == pytest.approx(20, rel=1e-3)
        assert fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=int)) == pytest.approx(1, rel=1e-4)
        assert fit_temperature(np.array([[0.0, -800.0]]), np.array([1])) == pytest.approx(20, rel=1e-3)

    def test_a_training_that_diverged_is_named(self):
        with pytest.raises(ModelError, match=r"logits are not finite, .* the training diverged"):
            fit_temperature(np.array([[0.0, np.nan]]), np.array([0]))

    @given(seed=seeds, temperature=st.floats(0.05, 20))
    @settings(max_examples=30, deadline=None)
    def test_tempering_divides_logits_and_is_undone_by_the_inverse(self, seed, temperature):
        logits = np.random.default_rng(seed).normal(0, 3, size=(20, 5))
        warm = tempered(softmax(logits, axis=1), temperature)
        np.testing.assert_allclose(warm, softmax(logits / temperature, axis=1), atol=1e-12)
        np.testing.assert_allclose(tempered(warm, 1 / temperature), softmax(logits, axis=1), atol=1e-9)
        assert (warm.argmax(1) == logits.argmax(1)).all()

    def test_a_probability_of_nothing_stays_nothing(self):
        np.testing.assert_allclose(tempered(np.array([[0.0, 0.2, 0.8]]), 2.0), [[0, 1 / 3, 2 / 3]])


class TestCalibrationError:
    def test_by_hand(self):
        sureness = np.array([0.95, 0.97, 0.99, 0.55, 0.6, 0.3])
        right = np.array([True, True, False, True, False, False])
        bins = reliability(sureness, right)
        assert bins == (
            Bin(1, 0.3, 0.0),
            Bin(2, pytest.approx(0.575), 0.5),
            Bin(3, pytest.approx(0.97), pytest.approx(2 / 3)),
        )
        by_hand = (1 * 0.3 + 2 * 0.075 + 3 * (0.97 - 2 / 3)) / 6
        assert calibration_error(bins) == pytest.approx(by_hand)

    @given(answers=some_answers())
    @settings(max_examples=60, deadline=None)
    def test_the_bins_are_those_of_scikit_learn(self, answers):
        bins = reliability(*answers)
        right, probability = calibration_curve(answers[1], answers[0], n_bins=BINS)
        np.testing.assert_allclose([each.right for each in bins], right)
        np.testing.assert_allclose([each.probability for each in bins], probability)
        assert sum(each.n for each in bins) == len(answers[0])

    @given(answers=some_answers(), seed=seeds)
    @settings(max_examples=40, deadline=None)
    def test_the_order_of_the_answers_says_nothing(self, answers, seed):
        order = np.random.default_rng(seed).permutation(len(answers[0]))
        sureness, right = answers[0][order], answers[1][order]
        error = calibration_error(reliability(*answers))
        assert calibration_error(reliability(sureness, right)) == pytest.approx(error)
        assert risk_coverage(sureness, right).area == pytest.approx(risk_coverage(*answers).area)

    @given(seed=seeds, n=st.sampled_from([30, 300, 10_000]), skill=st.floats(0.5, 4))
    # The same examples each time: chance is told by 2,000 draws, so one of some thousands errs by more than all these.
    @settings(max_examples=30, deadline=None, derandomize=True)
    def test_true_probabilities_err_as_little_as_chance_says(self, seed, n, skill):
        rng = np.random.default_rng(seed)
        probabilities = softmax(rng.normal(0, skill, size=(n, 8)), axis=1)
        judged = judged_as(probabilities, drawn(probabilities, rng))
        found = calibration(judged, temperature=1.0, level=0.9999)
        assert found.ece == found.ece_before <= found.ece_by_chance * 1.1
        assert found.ece_by_chance < 3.2 / np.sqrt(n)

    def test_the_level_of_chance_is_kept(self):
        rng = np.random.default_rng(3)
        found = []
        for _ in range(300):
            probabilities = rng.dirichlet(np.ones(5), size=100)
            judged = judged_as(probabilities, drawn(probabilities, rng))
            found.append(calibration(judged, temperature=1.0, level=0.9))
        assert np.mean([each.ece < each.ece_by_chance for each in found]) == pytest.approx(0.9, abs=0.05)

    @pytest.mark.parametrize("unit", ["clip", "track"])
    def test_a_score_tells_of_before_and_after_and_keeps_every_answer(self, unit):
        rng = np.random.default_rng(5)
        logits = rng.normal(0, 2, size=(3000, 5))
        songs = [f"song {i // 3}" for i in range(3000)]
        plain = judged_as(softmax(logits, axis=1), np.repeat(drawn(softmax(logits[::3], axis=1), rng), 3), songs)
        before, after = (score(plain, unit=unit, resamples=9, temperature=t) for t in (1.0, 0.4))
        whole = plain.by_song() if unit == "track" else plain
        warm = tempered(whole.probabilities, 0.4)
        found = after.calibration
        assert (found.temperature, found.ece_before) == (0.4, before.calibration.ece)
        assert found.ece == calibration_error(reliability(warm.max(1), whole.guesses == whole.truth))
        assert after.log_loss.value == pytest.approx(losses(warm, whole.truth).mean())
        for same in ("accuracy", "macro_f1", "top_k_accuracy", "confusion"):
            assert getattr(after, same) == getattr(before, same)

    def test_what_is_of_unknown_truth_is_left_out(self):
        probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
        judged = judged_as(probabilities, np.array([0, -1, 0]))
        assert sum(each.n for each in score(judged, unit="clip", resamples=1).calibration.bins) == 2


class TestRiskCoverage:
    def test_by_hand(self):
        curve = risk_coverage(np.array([0.9, 0.8, 0.8, 0.5]), np.array([True, False, True, False]))
        np.testing.assert_allclose(curve.thresholds, [0.9, 0.8, 0.5])
        np.testing.assert_allclose(curve.coverage, [0.25, 0.75, 1])
        np.testing.assert_allclose(curve.risk, [0, 1 / 3, 1 / 2])
        assert curve.area == pytest.approx((0 + 0.5 / 2 + 1 / 3 + 2 / 4) / 4)
        assert curve.kept(0.95) == Kept(0.95, 0.0, None)
        assert curve.kept(0.8) == Kept(0.8, 0.75, pytest.approx(2 / 3))
        assert curve.kept(0.0) == Kept(0.0, 1.0, 0.5)
        assert curve.reaching(0.5) == Kept(0.0, 1.0, 0.5)
        assert curve.reaching(0.66) == Kept(0.501, 0.75, pytest.approx(2 / 3))
        assert curve.reaching(0.7) == Kept(0.801, 0.25, 1.0)
        assert risk_coverage(np.array([0.9, 0.8]), np.array([False, True])).reaching(0.6) is None

    @given(answers=some_answers())
    @settings(max_examples=60, deadline=None)
    def test_answering_all_is_wrong_as_often_as_the_classifier(self, answers):
        curve = risk_coverage(*answers)
        assert curve.coverage[-1] == 1
        assert curve.risk[-1] == pytest.approx(np.mean(~answers[1]))
        assert (np.diff(curve.coverage) > 0).all()
        assert 0 <= curve.area <= 1

    @given(answers=some_answers(), threshold=st.floats(0, 1), accuracy=st.floats(0, 1))
    @settings(max_examples=100, deadline=None)
    def test_thresholds_say_what_counting_says(self, answers, threshold, accuracy):
        sureness, right = answers
        curve = risk_coverage(sureness, right)
        given_then = sureness >= threshold
        kept = curve.kept(threshold)
        assert kept.share == pytest.approx(given_then.mean())
        assert kept.accuracy == (pytest.approx(right[given_then].mean()) if given_then.any() else None)
        steps = [t for t in np.arange(1001) / 1000 if t <= sureness.max()]
        enough = [t for t in steps if 1 - (~right[sureness >= t]).sum() / (sureness >= t).sum() >= accuracy]
        reached = curve.reaching(accuracy)
        assert (reached.threshold if reached else None) == (min(enough) if enough else None)

    @given(answers=some_answers(), seed=seeds)
    @settings(max_examples=20, deadline=None)
    def test_the_area_among_equally_sure_answers_is_the_mean_over_their_orders(self, answers, seed):
        sureness, right = answers
        rng = np.random.default_rng(seed)
        number = np.arange(1, len(right) + 1)
        areas = []
        for _ in range(300):
            order = np.lexsort((rng.random(len(right)), -sureness))
            areas.append(((~right)[order].cumsum() / number).mean())
        spread = np.std(areas) / np.sqrt(300)
        assert risk_coverage(sureness, right).area == pytest.approx(np.mean(areas), abs=5 * spread + 1e-9)

    def test_surest_first_is_the_best_order_where_probabilities_are_true(self):
        rng = np.random.default_rng(7)
        sureness = rng.random(5000)
        right = rng.random(5000) < sureness
        assert risk_coverage(sureness, right).area < 0.3
        assert risk_coverage(1 - sureness, right).area > 0.7
        judged = judged_as(np.eye(2), np.array([0, 0]))
        assert score(judged, unit="clip", resamples=1).calibration.aurc == pytest.approx((0.5 + 0.5) / 2)
