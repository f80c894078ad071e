"""The hinge: what may stand in predictions, their means over songs, and the file they are kept in."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import DataError
from earmark.predictions import Predictions, joined, read_predictions

NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)


def predictions(probabilities, truth=None, songs=None):
    probabilities = np.asarray(probabilities, dtype=np.float64)
    ids = tuple(f"clip {i}" for i in range(len(probabilities)))
    truth = np.zeros(len(ids), dtype=np.int64) if truth is None else np.asarray(truth)
    return Predictions(("jazz", "rock", "soul")[: probabilities.shape[1]], ids, songs or ids, truth, probabilities)


def test_the_likeliest_genre_is_guessed_and_of_equals_the_first():
    assert predictions([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]]).guesses.tolist() == [1, 0]


@pytest.mark.parametrize("row", [[0.5, 0.6], [1.2, -0.2], [np.nan, 1.0], [np.inf, 0.0], [0.0, 0.0]])
def test_what_are_no_probabilities_is_refused_by_name(row):
    with pytest.raises(DataError, match="clip 1: not probabilities: none may be negative and their sum must be 1"):
        predictions([[0.5, 0.5], row])


def test_float32_sums_are_near_enough(rng):
    logits = rng.normal(size=(1000, 3)).astype(np.float32) * 20
    weights = np.exp(logits - logits.max(1, keepdims=True))
    assert len(predictions(weights / weights.sum(1, keepdims=True))) == 1000


@pytest.mark.parametrize(("truth", "songs"), [([0], None), ([0, 0], ("a",))])
def test_lengths_must_agree(truth, songs):
    with pytest.raises(DataError, match="predictions for 2 things and 2 genres have probabilities"):
        predictions(np.eye(2), truth, songs)


class TestBySong:
    def test_clips_are_averaged_in_the_order_songs_appear(self):
        judged = predictions(
            [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.4, 0.6]], truth=[1, 0, 1, -1], songs=("b", "a", "b", "c")
        )
        songs = judged.by_song()
        assert songs.ids == songs.songs == ("b", "a", "c")
        assert songs.truth.tolist() == [1, 0, -1]
        assert songs.probabilities == pytest.approx(np.array([[0.7, 0.3], [0.2, 0.8], [0.4, 0.6]]))

    def test_whole_songs_stay_as_they_are(self, rng):
        judged = predictions(rng.dirichlet(np.ones(3), size=20), truth=rng.integers(3, size=20))
        again = judged.by_song()
        assert again.ids == judged.ids
        assert np.array_equal(again.probabilities, judged.probabilities)

    def test_of_nothing_is_nothing(self):
        assert len(predictions(np.zeros((0, 3))).by_song()) == 0

    def test_a_song_has_one_genre(self):
        with pytest.raises(DataError, match="x: its clips have different true genres"):
            predictions(np.eye(2), truth=[0, 1], songs=("x", "x")).by_song()


def test_known_keeps_those_whose_truth_is_known():
    judged = predictions(np.eye(3), truth=[2, -1, 0], songs=("a", "b", "c")).known()
    assert (judged.ids, judged.songs, judged.truth.tolist()) == (("clip 0", "clip 2"), ("a", "c"), [2, 0])
    assert judged.probabilities.tolist() == [[1, 0, 0], [0, 0, 1]]


class TestFile:
    @given(
        names=st.lists(st.tuples(NAMES, NAMES), max_size=8, unique_by=lambda pair: pair[0]),
        genres=st.lists(NAMES, min_size=1, max_size=4, unique=True),
        seed=st.integers(0, 999),
    )
    @settings(max_examples=60, deadline=None)
    def test_reading_gives_back_what_was_written(self, names, genres, seed, tmp_path_factory):
        rng = np.random.default_rng(seed)
        judged = Predictions(
            tuple(genres),
            tuple(name for name, _ in names),
            tuple(song for _, song in names),
            rng.integers(-1, len(genres), size=len(names)),
            rng.dirichlet(np.full(len(genres), 0.3), size=len(names)),
        )
        path = tmp_path_factory.mktemp("predictions") / "valid.csv"
        judged.write(path)
        again = read_predictions(path)
        assert (again.genres, again.ids, again.songs) == (judged.genres, judged.ids, judged.songs)
        assert again.truth.tolist() == judged.truth.tolist()
        assert again.probabilities == pytest.approx(judged.probabilities, abs=5.1e-10)

    def test_is_a_table_people_can_read(self, tmp_path):
        predictions([[0.25, 0.75], [1, 0]], truth=[0, -1]).write(tmp_path / "valid.csv")
        with (tmp_path / "valid.csv").open(newline="") as file:
            first, second = csv.DictReader(file)
        assert first == {
            "id": "clip 0",
            "song": "clip 0",
            "truth": "jazz",
            "guess": "rock",
            "jazz": "0.250000000",
            "rock": "0.750000000",
        }
        assert (second["truth"], second["guess"]) == ("", "jazz")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "the first line must be id,song,truth,guess and the genres; it is ''"),
            ("id,song,truth,guess\n", "the first line must be"),
            ("id,song,guess,truth,jazz\n", "it is 'id,song,guess,truth,jazz'"),
            ("id,song,truth,guess,jazz,jazz\n", "the first line must be"),
            ("id,song,truth,guess,jazz\na,a,jazz,jazz\n", "row 2: 4 columns, not 5"),
            ("id,song,truth,guess,jazz\na,a,jazz,jazz,one\n", "row 2: could not convert string to float: 'one'"),
            ("id,song,truth,guess,jazz\na,a,rock,jazz,1\n", "row 2: truth 'rock' is none of the genres jazz"),
            ("id,song,truth,guess,jazz\na,a,jazz,jazz,0.4\n", "a: not probabilities"),
        ],
    )
    def test_what_is_wrong_is_said(self, tmp_path, text, message):
        (tmp_path / "valid.csv").write_text(text)
        with pytest.raises(DataError, match=f"valid.csv: .*{message}"):
            read_predictions(tmp_path / "valid.csv")

    def test_no_such_file(self, tmp_path):
        with pytest.raises(DataError, match=r"gone\.csv: cannot be read as predictions"):
            read_predictions(tmp_path / "gone.csv")


class TestArtists:
    """Whom the data name."""

    def named(self):
        return replace(predictions([[0.25, 0.75], [1, 0], [0.5, 0.5]], truth=[0, -1, 1]), artists=("Nina", "", "Nina"))

    def test_are_written_and_read_back(self, tmp_path):
        self.named().write(tmp_path / "valid.csv")
        again = read_predictions(tmp_path / "valid.csv")
        assert again.artists == ("Nina", "", "Nina")
        assert (again.genres, again.truth.tolist()) == (("jazz", "rock"), [0, -1, 1])

    def test_hold_their_songs_together_and_the_unknown_stand_alone(self):
        first, second, third = self.named().clusters
        assert first == third != second
        assert len(set(replace(self.named(), artists=()).clusters)) == 3

    def test_stay_with_those_that_are_taken(self):
        assert self.named().known().artists == ("Nina", "Nina")
        assert self.named().by_song().artists == ("Nina", "", "Nina")

    def test_must_be_as_many(self):
        with pytest.raises(DataError, match=r"artists \(1,\)"):
            replace(self.named(), artists=("Nina",))


class TestJoined:
    """Folds of a cross-validation together."""

    def test_hold_all_that_the_folds_hold(self):
        whole = replace(predictions([[0.25, 0.75], [1, 0]], truth=[0, 1]), artists=("Nina", "Elis"))
        again = joined([whole.rows([1]), whole.rows([0])])
        assert (again.ids, again.artists, again.truth.tolist()) == (whole.ids[::-1], ("Elis", "Nina"), [1, 0])
        np.testing.assert_array_equal(again.probabilities, whole.probabilities[::-1])

    def test_nothing_is_judged_twice(self):
        whole = predictions([[0.25, 0.75], [1, 0]], truth=[0, 1])
        with pytest.raises(DataError, match="clip 0 was judged in more than one fold"):
            joined([whole, whole])

    def test_genres_are_the_same(self):
        whole = predictions([[0.25, 0.75], [1, 0]], truth=[0, 1])
        with pytest.raises(DataError, match="folds of different genres: jazz, rock; and rock, jazz"):
            joined([whole.rows([0]), replace(whole.rows([1]), genres=("rock", "jazz"))])
