"""The discriminant against scikit-learn's, alone and on the statistics of tracks."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedGroupKFold

from earmark.datasets.mel_arrays import mel_arrays
from earmark.errors import ModelError, UsageError
from earmark.models.discriminant import fit_discriminant
from earmark.models.feature_discriminant import FeatureDiscriminant
from earmark.models.scale import scale_of
from earmark.models.track_numbers import TrackNumbers

SHAPE = (32, 70)


@pytest.mark.parametrize(("examples", "numbers"), [(60, 5), (30, 80)])
@pytest.mark.parametrize("shrinkage", [0.1, 0.9, 1.0])
def test_it_is_scikit_learns(examples: int, numbers: int, shrinkage: float, rng: np.random.Generator) -> None:
    y = np.arange(examples) % 3
    x = rng.normal(size=(examples, numbers)) + 0.3 * y[:, None]
    x = (x - x.mean(0)) / x.std(0)
    found = fit_discriminant(x, y, classes=3, shrinkage=shrinkage)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=[1 / 3] * 3).fit(x, y)
    new = rng.normal(size=(7, numbers))
    np.testing.assert_allclose(softmax(new @ found.weight + found.bias, 1), theirs.predict_proba(new), atol=1e-9)


def test_a_class_without_examples_is_never_the_likeliest_at_the_centre(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 3))
    found = fit_discriminant(x, np.arange(20) % 2, classes=3, shrinkage=0.5)
    assert (x.mean(0) @ found.weight + found.bias).argmax() != 2


def test_groups_of_statistics_weigh_the_same(rng: np.random.Generator) -> None:
    numbers = TrackNumbers("feature_discriminant", SHAPE, 12.9, halves=True)
    x = rng.normal(-40, 6, (4, *SHAPE)).astype(np.float32)
    pieces = numbers.of_pieces(x)
    assert pieces.shape == (12, len(numbers.weight))
    np.testing.assert_array_equal(pieces[4:8], numbers.of(x[:, :, :35]))
    assert np.square(numbers.weight).sum() == pytest.approx(1)
    assert np.abs(scale_of(pieces)(100 * pieces)).max() <= 4


def test_what_it_learned_is_taken_up(rng: np.random.Generator) -> None:
    y = np.repeat([0, 1, 2], 8)
    x = (rng.normal(-40, 6, (24, *SHAPE)) + 8 * y[:, None, None]).astype(np.float32)
    learned = FeatureDiscriminant(SHAPE, 3).fit(x, y, np.arange(24) // 2)
    again = FeatureDiscriminant(SHAPE, 3)
    again.load_state(learned.state())
    np.testing.assert_array_equal(again.predict_proba(x), learned.predict_proba(x))
    np.testing.assert_allclose(learned.predict_proba(x).sum(1), 1)
    with pytest.raises(ModelError, match=r"the array weight is None, it should be"):
        again.load_state({name: array for name, array in learned.state().items() if name != "weight"})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FeatureDiscriminant(SHAPE, 3, shrinkage=0), "shrinkage = 0 must be above 0"),
        (lambda: FeatureDiscriminant(SHAPE, 3, frames_per_second=8), "frames_per_second = 8; rhythm takes at least 12"),
    ],
)
def test_options_that_cannot_be_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def test_it_asks_for_learning_first() -> None:
    with pytest.raises(ModelError, match="learned nothing yet"):
        FeatureDiscriminant(SHAPE, 3).predict_proba(np.zeros((1, *SHAPE), np.float32))


def test_it_names_the_genre_of_artists_never_heard(shared: Path) -> None:
    """Three genres that lie apart; one fold of artists in five is judged."""
    data = mel_arrays(path=shared / "gtzan/mel/mel128.npz", parts=["train"], genres=["classical", "hiphop", "metal"])
    with (shared / "gtzan/artists.csv").open() as file:
        artists = {row["id"]: row["artist"] or row["id"] for row in csv.DictReader(file)}
    x = np.stack([data.read(track) for track in data.tracks])
    y: NDArray[np.int64] = data.labels(data.tracks)
    groups = np.unique([artists[track.id] for track in data.tracks], return_inverse=True)[1]
    shown, judged = next(iter(StratifiedGroupKFold(5).split(x, y, groups)))
    model = FeatureDiscriminant(x.shape[1:], 3).fit(x[shown], y[shown], groups[shown])
    right: NDArray[np.bool_] = model.predict_proba(x[judged]).argmax(1) == y[judged]
    assert right.mean() > 0.7  # of 36, where a guess gets a third
