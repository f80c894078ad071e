"""Scores against scikit-learn, against hand calculation, and under what must not change them."""

from __future__ import annotations

import warnings
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from earmark.errors import DataError, UsageError
from earmark.evaluation.metrics import confusion_matrix, losses, ranks, score
from earmark.evaluation.scores import Scores
from earmark.predictions import Predictions

CLOSE = {"rel": 1e-12, "abs": 1e-12}


def predictions(truth, probabilities, songs=None):
    truth, probabilities = np.asarray(truth), np.asarray(probabilities, dtype=np.float64)
    ids = tuple(f"clip {i}" for i in range(len(truth)))
    genres = tuple(f"genre {i}" for i in range(probabilities.shape[1]))
    return Predictions(genres, ids, ids if songs is None else tuple(songs), truth, probabilities)


@st.composite
def random_predictions(draw):
    """Up to 60 clips and 7 genres, some of which may neither occur nor be guessed, and some certain mistakes."""
    n, classes = draw(st.integers(1, 60)), draw(st.integers(3, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    probabilities = rng.dirichlet(np.full(classes, draw(st.sampled_from([0.05, 0.5, 5.0]))), size=n)
    truth = rng.integers(draw(st.integers(1, classes)), size=n)
    return predictions(truth, probabilities)


def quick(judged, **options):
    return score(judged, **{"unit": "clip", "resamples": 1, **options})


class TestAgainstScikitLearn:
    @given(judged=random_predictions(), top_k=st.integers(1, 8))
    @settings(max_examples=80, deadline=None)
    def test_every_figure(self, judged, top_k):
        classes = range(len(judged.genres))
        found = quick(judged, top_k=top_k)
        guesses = judged.probabilities.argmax(1)
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # scikit-learn warns where a genre does not occur and where k is all of them
            accuracy = sklearn_metrics.accuracy_score(judged.truth, guesses)
            macro = sklearn_metrics.f1_score(judged.truth, guesses, average="macro", zero_division=0)
            loss = sklearn_metrics.log_loss(judged.truth, judged.probabilities, labels=classes)
            table = sklearn_metrics.precision_recall_fscore_support(
                judged.truth, guesses, labels=classes, zero_division=0
            )
            # Reversed, since scikit-learn prefers the later of two equal probabilities, and we the earlier.
            top = sklearn_metrics.top_k_accuracy_score(
                len(classes) - 1 - judged.truth, judged.probabilities[:, ::-1], k=top_k, labels=classes
            )
        assert found.accuracy.value == pytest.approx(accuracy, **CLOSE)
        assert found.macro_f1.value == pytest.approx(macro, **CLOSE)
        assert found.log_loss.value == pytest.approx(loss, **CLOSE)
        assert found.top_k_accuracy.value == pytest.approx(top, **CLOSE)
        for genre, *row in zip(found.genres, *table, strict=True):
            assert [genre.precision, genre.recall, genre.f1, genre.support] == pytest.approx(row, **CLOSE)
        matrix = sklearn_metrics.confusion_matrix(judged.truth, guesses, labels=classes)
        assert found.confusion == tuple(map(tuple, matrix))

    def test_a_genre_that_neither_occurs_nor_is_guessed_is_passed_over(self):
        judged = predictions([0, 0, 1, 1], np.eye(4)[[0, 0, 1, 2]])
        found = quick(judged)
        assert [genre.f1 for genre in found.genres] == pytest.approx([1, 2 / 3, 0, 0])
        assert found.macro_f1.value == pytest.approx((1 + 2 / 3 + 0) / 3)


class TestByHand:
    def test_four_clips_of_three_genres(self):
        found = quick(
            predictions([0, 0, 1, 2], [[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.1, 0.6, 0.3], [0.6, 0.3, 0.1]]), top_k=2
        )
        assert found.confusion == ((1, 1, 0), (0, 1, 0), (1, 0, 0))
        assert found.accuracy.value == 0.5
        assert found.macro_f1.value == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)
        assert found.log_loss.value == pytest.approx(-np.log([0.7, 0.3, 0.6, 0.1]).mean())
        assert found.top_k_accuracy.value == 0.75
        assert [genre.precision for genre in found.genres] == [0.5, 0.5, 0]
        assert [genre.recall for genre in found.genres] == [0.5, 1, 0]
        assert (found.majority_genre, found.majority_accuracy) == ("genre 0", 0.5)
        assert (found.n, found.songs, found.unit) == (4, 4, "clip")

    @pytest.mark.parametrize(("top_k", "expected"), [(1, 0.5), (2, 1.0), (3, 1.0)])
    def test_the_top_k_of_two_genres(self, top_k, expected):
        judged = predictions([0, 0], [[0.7, 0.3], [0.4, 0.6]])
        assert quick(judged, top_k=top_k).top_k_accuracy.value == expected

    def test_equal_probabilities_go_to_the_earlier_genre(self):
        assert ranks(np.full((3, 3), 1 / 3), np.array([0, 1, 2])).tolist() == [0, 1, 2]
        assert ranks(np.array([[0.2, 0.4, 0.4]]), np.array([0])).tolist() == [2]

    def test_a_certain_mistake_costs_much_and_not_everything(self):
        assert losses(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(52 * np.log(2))

    def test_confusion_counts_truth_in_rows(self):
        assert confusion_matrix(np.array([0, 0, 1]), np.array([1, 1, 1]), 2).tolist() == [[0, 2], [0, 1]]


class TestWhatMustHold:
    @given(judged=random_predictions())
    @settings(max_examples=50, deadline=None)
    def test_the_truth_itself_scores_one(self, judged):
        perfect = predictions(judged.truth, np.eye(len(judged.genres))[judged.truth])
        found = score(perfect, unit="clip", resamples=20)
        for name in ("accuracy", "macro_f1", "top_k_accuracy"):
            assert msgspec.structs.astuple(getattr(found, name)) == (1, 1, 1)
        assert msgspec.structs.astuple(found.log_loss) == (0, 0, 0)

    @given(judged=random_predictions(), data=st.data())
    @settings(max_examples=50, deadline=None)
    def test_renaming_genres_permutes_the_matrix_and_keeps_the_figures(self, judged, data):
        # Of genres told alike the first stands before the others: among these a rank says nothing of the answer.
        assume(all(len(set(row)) == len(row) for row in judged.probabilities.tolist()))
        order = np.array(data.draw(st.permutations(range(len(judged.genres)))))
        renamed = predictions(np.argsort(order)[judged.truth], judged.probabilities[:, order])
        before, after = quick(judged), quick(renamed)
        assert np.array(after.confusion).tolist() == np.array(before.confusion)[np.ix_(order, order)].tolist()
        for name in ("accuracy", "macro_f1", "log_loss", "top_k_accuracy"):
            assert getattr(after, name).value == pytest.approx(getattr(before, name).value, **CLOSE)

    @given(judged=random_predictions(), seed=st.integers(0, 99))
    @settings(max_examples=50, deadline=None)
    def test_the_order_of_clips_changes_no_figure(self, judged, seed):
        order = np.random.default_rng(seed).permutation(len(judged))
        before, after = quick(judged), quick(predictions(judged.truth[order], judged.probabilities[order]))
        assert after.confusion == before.confusion
        assert after.log_loss.value == pytest.approx(before.log_loss.value, **CLOSE)

    @given(judged=random_predictions())
    @settings(max_examples=50, deadline=None)
    def test_the_matrix_holds_every_clip_and_its_margins_are_the_supports(self, judged):
        found = quick(judged)
        assert np.sum(found.confusion) == found.n == len(judged)
        assert np.sum(found.confusion, axis=1).tolist() == [genre.support for genre in found.genres]
        assert found.majority_accuracy == max(genre.support for genre in found.genres) / found.n

    def test_the_interval_holds_the_figure_and_widens_with_the_level(self, rng):
        judged = predictions(rng.integers(5, size=300), rng.dirichlet(np.ones(5), size=300))
        wide, narrow = (score(judged, unit="clip", level=level) for level in (0.99, 0.8))
        for name in ("accuracy", "macro_f1", "log_loss", "top_k_accuracy"):
            outer, inner = getattr(wide, name), getattr(narrow, name)
            assert outer.low < inner.low < inner.value == outer.value < inner.high < outer.high


class TestUnits:
    def test_a_track_is_the_mean_of_its_clips(self):
        judged = predictions([0, 0, 0, 1], [[0.9, 0.1], [0.4, 0.6], [0.4, 0.6], [0.3, 0.7]], songs=["a", "a", "a", "b"])
        by_clip, by_track = quick(judged), quick(judged, unit="track")
        assert (by_clip.n, by_clip.songs, by_clip.accuracy.value) == (4, 2, 0.5)
        assert (by_track.n, by_track.songs, by_track.accuracy.value) == (2, 2, 1.0)
        assert by_track.log_loss.value == pytest.approx(-np.log([1.7 / 3, 0.7]).mean())
        assert by_track.unit == "track"

    def test_predictions_by_song_give_the_same_track_scores(self, rng):
        songs = [f"song {i // 5}" for i in range(100)]
        judged = predictions(np.repeat(rng.integers(3, size=20), 5), rng.dirichlet(np.ones(3), size=100), songs)
        assert quick(judged.by_song(), unit="track") == quick(judged, unit="track")

    def test_those_of_unknown_truth_are_not_judged(self):
        judged = predictions([0, -1, 1], [[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]])
        found = quick(judged)
        assert (found.n, found.accuracy.value) == (2, 1.0)

    def test_scores_survive_json(self, rng):
        found = quick(predictions(rng.integers(3, size=20), rng.dirichlet(np.ones(3), size=20)))
        assert msgspec.json.decode(msgspec.json.encode(found), type=Scores) == found


@pytest.mark.parametrize("unit", ["clip", "track"])
@pytest.mark.parametrize("truth", [[], [-1, -1]])
def test_nothing_to_judge(unit, truth):
    judged = predictions(np.array(truth, dtype=np.int64), np.full((len(truth), 2), 0.5))
    with pytest.raises(DataError, match=f"none of {len(truth)} predictions has a known true genre"):
        score(judged, unit=unit)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_k": 0}, "evaluation.top_k=0: it takes at least 1"),
        ({"resamples": 0}, "evaluation.resamples=0: it takes at least 1"),
        ({"level": 95}, "evaluation.interval=95: the level lies between 0 and 1, as in 0.95"),
    ],
)
def test_settings_out_of_range(options, message):
    with pytest.raises(UsageError, match=message):
        quick(predictions([0, 1], np.eye(2)), **options)


def test_intervals_draw_all_songs_of_an_artist_together(rng):
    artists = tuple(f"artist {i // 5}" for i in range(100))
    judged = predictions(np.repeat(rng.integers(3, size=20), 5), rng.dirichlet(np.ones(3), size=100))
    by_artist = score(replace(judged, artists=artists), unit="track", resamples=300)
    as_one_song = score(replace(judged, songs=artists), unit="clip", resamples=300)
    assert by_artist.accuracy == as_one_song.accuracy
    assert (by_artist.n, by_artist.songs, by_artist.artists) == (100, 100, 20)
    assert score(judged, unit="track", resamples=300).artists is None
