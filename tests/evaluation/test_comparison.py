"""Paired comparisons, against scipy's tests, hand calculations and the distributions they must have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from earmark.errors import DataError
from earmark.evaluation.comparison import compare, holm, mcnemar
from earmark.evaluation.metrics import score
from earmark.predictions import Predictions

GENRES = ("blues", "jazz", "metal")


def answers(right, *, songs=None, ids=None, genres=GENRES, sure=0.8):
    """Predictions that name the true genre, "jazz", just where `right` says."""
    right = np.asarray(right, dtype=bool)
    ids = tuple(ids or (f"{i:04d}" for i in range(len(right))))
    truth = np.full(len(right), genres.index("jazz"))
    guess = np.where(right, truth, genres.index("metal"))
    probabilities = np.full((len(right), len(genres)), (1 - sure) / (len(genres) - 1))
    probabilities[np.arange(len(right)), guess] = sure
    return Predictions(genres, ids, tuple(songs or ids), truth, probabilities)


def discordant(both, only_first, only_second, neither):
    counts = both, only_first, only_second, neither
    return np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_the_binomial_test_of_those_only_one_has_right(ours, theirs):
    expected = binomtest(ours, ours + theirs).pvalue if ours + theirs else 1.0
    assert mcnemar(ours, theirs) == pytest.approx(expected)


def test_mcnemar_by_hand():
    # 3 of 15: twice (1 + 15 + 105 + 455) / 2^15
    np.testing.assert_allclose(mcnemar([3, 12, 4, 0], [12, 3, 4, 0]), [2 * 576 / 2**15, 2 * 576 / 2**15, 1, 1])


def test_holm_by_hand():
    # Sorted: 0.01·4, 0.02·3 = 0.06, 0.03·2 = 0.06, 0.04·1 lifted to 0.06
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.6, 0.5]), [1, 1])
    assert holm([]).shape == (0,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.randoms())
def test_holm_keeps_the_order_and_lies_between_the_raw_and_bonferroni(p, random):
    corrected = holm(p)
    assert (corrected >= np.array(p)).all()
    assert (corrected <= np.minimum(1, np.array(p) * len(p))).all()
    assert (np.diff(corrected[np.argsort(p)]) >= 0).all()
    order = list(range(len(p)))
    random.shuffle(order)
    np.testing.assert_array_equal(holm([p[i] for i in order]), corrected[order])


@pytest.mark.parametrize("counts", [(500, 60, 40, 100), (300, 80, 40, 80), (50, 20, 30, 20)])
def test_the_bootstrap_has_the_normal_distribution_of_a_paired_difference(counts):
    first, second = discordant(*counts)
    pair = compare({"a": [answers(first)], "b": [answers(second)]}).pairs[0]
    n, (_, ours, theirs, _) = sum(counts), counts
    gap = (ours - theirs) / n
    spread = np.sqrt((ours + theirs) / n - gap**2) / np.sqrt(n)
    assert pair.difference.value == pytest.approx(gap)
    assert pair.difference.low == pytest.approx(gap - 1.96 * spread, abs=0.1 * spread + 0.5 / n)
    assert pair.difference.high == pytest.approx(gap + 1.96 * spread, abs=0.1 * spread + 0.5 / n)
    assert pair.p == pytest.approx(2 * norm.sf(abs(gap) / spread), rel=0.25, abs=0.01)
    assert (pair.only_first, pair.only_second) == (ours, theirs)
    assert pair.mcnemar == pytest.approx(binomtest(ours, ours + theirs).pvalue)


def test_p_says_whether_the_interval_leaves_out_0(rng):
    for _ in range(20):
        first, second = rng.random((2, 80)) < 0.6
        pair = compare({"a": [answers(first)], "b": [answers(second)]}, resamples=999).pairs[0]
        inside = pair.difference.low <= 0 <= pair.difference.high
        assert inside == (pair.p > 0.05) or pair.p == pytest.approx(0.05, abs=0.01)


def test_clips_of_one_song_count_as_one_thing():
    first, second = discordant(50, 30, 10, 10)
    alone = compare({"a": [answers(first)], "b": [answers(second)]}).pairs[0]
    songs = [f"{i:04d}" for i in range(100) for _ in range(20)]
    clips = [
        answers(np.repeat(x, 20), songs=songs, ids=[f"{s}@{i:04d}" for i, s in enumerate(songs)])
        for x in (first, second)
    ]
    together = compare({"a": clips[:1], "b": clips[1:]}).pairs[0]
    assert together.difference == alone.difference
    assert together.p == alone.p


def test_several_seeds_are_compared_by_their_mean_accuracy():
    a = [answers([1, 1, 1, 0]), answers([1, 1, 0, 0])]
    b = [answers([0, 1, 1, 1]), answers([0, 0, 0, 1])]
    comparison = compare({"a": a, "b": b}, resamples=200)
    assert comparison.accuracy["a"].value == pytest.approx((3 + 2) / 8)
    assert comparison.accuracy["b"].value == pytest.approx((3 + 1) / 8)
    assert comparison.pairs[0].difference.value == pytest.approx(1 / 8)


def test_mcnemar_tests_the_seeds_pooled_answer():
    sure, doubtful = answers([1, 0], sure=0.9), answers([0, 1], sure=0.5)
    pair = compare({"a": [sure, doubtful], "b": [answers([0, 0])]}, resamples=50).pairs[0]
    assert (pair.only_first, pair.only_second) == (1, 0)


def test_the_accuracy_s_interval_is_that_of_its_evaluation(rng):
    right = rng.random(60) < 0.7
    songs = [f"{i // 3:02d}" for i in range(60)]
    scores = score(answers(right, songs=songs), unit="clip", resamples=2000, seed=4)
    comparison = compare({"a": [answers(right, songs=songs)]}, resamples=2000, seed=4)
    assert comparison.accuracy["a"].value == pytest.approx(scores.accuracy.value)
    assert comparison.accuracy["a"].low == pytest.approx(scores.accuracy.low)
    assert comparison.accuracy["a"].high == pytest.approx(scores.accuracy.high)
    assert comparison.pairs == ()
    assert (comparison.n, comparison.drawn) == (60, 20)


def test_songs_by_one_artist_count_as_one_thing_where_all_name_artists(rng):
    right = rng.random((2, 60)) < 0.7
    artists = tuple(f"{i // 3:02d}" for i in range(60))
    named = [replace(answers(each), artists=artists) for each in right]
    as_songs = [answers(each, songs=artists) for each in right]
    comparison = compare({"a": named[:1], "b": named[1:]}, resamples=500)
    assert (comparison.drawn, comparison.by_artist) == (20, True)
    expected = compare({"a": as_songs[:1], "b": as_songs[1:]}, resamples=500)
    assert (comparison.accuracy, comparison.pairs) == (expected.accuracy, expected.pairs)
    mixed = compare({"a": named[:1], "b": [answers(right[1])]}, resamples=500)
    assert (mixed.drawn, mixed.by_artist) == (60, False)


def test_a_pair_seen_from_the_other_side():
    first, second = discordant(5, 8, 2, 5)
    names = {"a": [answers(first)], "b": [answers(second)]}
    comparison = compare(names, resamples=300)
    there, back = comparison.between("a", "b"), comparison.between("b", "a")
    assert (back.first, back.second, back.only_first, back.only_second) == ("b", "a", 2, 8)
    assert back.difference.value == -there.difference.value
    assert (back.difference.low, back.difference.high) == (-there.difference.high, -there.difference.low)
    turned = compare(dict(reversed(names.items())), resamples=300).pairs[0]
    assert turned.difference.value == pytest.approx(back.difference.value)
    assert turned.p == back.p


def test_all_pairs_are_corrected_together(rng):
    right = {
        name: [answers(rng.random(200) < share)] for name, share in zip("abcd", (0.5, 0.6, 0.65, 0.8), strict=True)
    }
    pairs = compare(right, resamples=999).pairs
    assert [(p.first, p.second) for p in pairs] == [
        ("a", "b"),
        ("a", "c"),
        ("a", "d"),
        ("b", "c"),
        ("b", "d"),
        ("c", "d"),
    ]
    np.testing.assert_allclose([p.p_holm for p in pairs], holm([p.p for p in pairs]))
    np.testing.assert_allclose([p.mcnemar_holm for p in pairs], holm([p.mcnemar for p in pairs]))
    assert min(p.p for p in pairs) == pytest.approx(2 / 1000)


def test_classifiers_that_answer_alike_do_not_differ():
    pair = compare({"a": [answers([1, 0, 1])] * 3, "b": [answers([1, 0, 1])]}, resamples=500).pairs[0]
    assert (pair.difference.value, pair.difference.low, pair.difference.high) == (0, 0, 0)
    assert (pair.p, pair.mcnemar) == (1, 1)


def test_the_order_of_things_and_genres_does_not_matter():
    mixed = answers([0, 1, 1], ids=("c", "a", "b"), genres=("metal", "jazz", "blues"))
    comparison = compare({"a": [answers([1, 1, 0], ids=("a", "b", "c"))], "b": [mixed]}, resamples=50)
    assert (comparison.pairs[0].only_first, comparison.pairs[0].only_second) == (0, 0)


def test_things_that_differ_are_named():
    three = answers([1, 1, 0], ids=("a", "b", "c"))
    with pytest.raises(DataError, match="vgg and cnn were not judged on the same things: c is among those of vgg, not"):
        compare({"vgg": [three], "cnn": [answers([1, 1], ids=("a", "b"))]})
    with pytest.raises(DataError, match="b is among those of cnn, not of vgg; compare classifiers of one split"):
        compare({"vgg": [answers([1], ids="a")], "cnn": [answers([1, 1], ids=("a", "b"))]})
    with pytest.raises(DataError, match="b: jazz, of song b, to vgg; jazz, of song x, to cnn; compare"):
        compare({"vgg": [three], "cnn": [answers([1, 1, 0], ids=("a", "b", "c"), songs=("a", "x", "c"))]})
    with pytest.raises(DataError, match="a: jazz, of song a, to vgg; blues, of song a, to cnn"):
        compare({"vgg": [three], "cnn": [replace(three, truth=three.truth * 0)]})


def test_predictions_without_truth_are_refused():
    unknown = Predictions(GENRES, ("a",), ("a",), np.array([-1]), np.array([[1.0, 0, 0]]))
    with pytest.raises(DataError, match="vgg: none of its predictions has a known true genre"):
        compare({"vgg": [unknown]})
