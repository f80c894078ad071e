"""The feature SVM against scikit-learn's machines on the same numbers, and on real tracks."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save
from scipy.special import log_softmax, softmax
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from earmark.audio.track_statistics import track_statistics
from earmark.errors import ModelError, UsageError
from earmark.models.feature_svm import FeatureSVM

SHAPE = (32, 70)
Data = tuple[NDArray[np.float32], NDArray[np.int64]]


@pytest.fixture
def data(rng: np.random.Generator) -> Data:
    """Noise of three colours, of which two are hard to tell apart."""
    y = np.repeat([0, 1, 2], 14)
    x = rng.normal(-40, 6, (len(y), *SHAPE))
    x += np.linspace(0, 1, SHAPE[0])[:, None] * np.array([0, 2, 30])[y][:, None, None]
    return x.astype(np.float32), y


def numbers(x: NDArray[np.float32]) -> NDArray[np.float64]:
    groups = track_statistics(x, frames_per_second=12.9)
    return np.concatenate(list(groups.values()), axis=1).astype(np.float64)


def weights(x: NDArray[np.float32]) -> NDArray[np.float64]:
    sizes = [group.shape[1] for group in track_statistics(x[:1], frames_per_second=12.9).values()]
    return np.concatenate([np.full(size, 1 / np.sqrt(size * len(sizes))) for size in sizes])


def test_decisions_are_scikit_learns_on_the_same_numbers(data: Data) -> None:
    x, y = data
    model = FeatureSVM(SHAPE, 3, C=2.0, gamma=0.7, halves=False).fit(x, y)
    scaler = StandardScaler().fit(numbers(x))
    scaled = np.clip(scaler.transform(numbers(x)), -4, 4) * weights(x)
    machines = OneVsRestClassifier(SVC(C=2.0, gamma=0.7)).fit(scaled, y)
    np.testing.assert_allclose(model.decision_function(x), machines.decision_function(scaled), atol=1e-9)
    assert model.state()["support"].shape[0] <= len(y)


def test_gamma_of_one_is_scikit_learns_scale(data: Data) -> None:
    x, y = data
    model = FeatureSVM(SHAPE, 3, C=1.0, halves=False).fit(x, y)
    scaled = StandardScaler().fit_transform(numbers(x)) * weights(x)
    constant = (numbers(x).std(0) < 1e-9) @ np.square(weights(x))
    assert scaled.shape[1] * scaled.var() == pytest.approx(1 - constant, abs=0.01)
    pipeline = make_pipeline(OneVsRestClassifier(SVC(C=1.0, gamma="scale"))).fit(scaled, y)
    np.testing.assert_allclose(model.decision_function(x), pipeline.decision_function(scaled), atol=0.02)


def test_halves_are_shown_beside_the_whole(data: Data) -> None:
    x, y = data
    shown = np.concatenate([numbers(x), numbers(x[:, :, :35]), numbers(x[:, :, -35:])])
    scaler = StandardScaler().fit(shown)
    scaled = np.clip(scaler.transform(shown), -4, 4) * weights(x)
    machines = OneVsRestClassifier(SVC(C=3.0, gamma=1.0)).fit(scaled, np.tile(y, 3))
    model = FeatureSVM(SHAPE, 3).fit(x, y)
    np.testing.assert_allclose(model.decision_function(x), machines.decision_function(scaled[: len(x)]), atol=1e-9)
    assert len(FeatureSVM((32, 63), 3).numbers.of_pieces(x[:5, :, :63])) == 5  # too short for halves


def test_probabilities_are_sharpened_as_held_out_tracks_ask(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = data
    seen: list[NDArray[np.float64]] = []
    held_out: Callable[..., NDArray[np.float64]] = FeatureSVM._held_out
    monkeypatch.setattr(FeatureSVM, "_held_out", lambda *a: seen.append(held_out(*a)) or seen[-1])
    model = FeatureSVM(SHAPE, 3).fit(x, y)
    sharpness = float(model.state()["sharpness"])

    def surprise(factor: float) -> float:
        return -log_softmax(factor * seen[0], axis=1)[np.arange(len(y)), y].mean()

    assert surprise(sharpness) <= min(surprise(f) for f in np.geomspace(0.05, 20, 200)) + 1e-4
    expected = softmax(sharpness * model.decision_function(x), axis=1)
    np.testing.assert_allclose(model.predict_proba(x), expected, atol=1e-12)
    fitted = model.decision_function(x)
    assert np.abs(seen[0] - fitted).max() > 0.1  # held out, not seen


def test_groups_make_it_less_sure(rng: np.random.Generator) -> None:
    """Each artist has a sound that tells the class, and tells nothing of another artist's."""
    artist = np.repeat(np.arange(12), 5)
    y = artist % 2
    sounds = rng.normal(0, 12, (12, 32))
    x = (rng.normal(-40, 3, (60, 32, 70)) + sounds[artist][:, :, None]).astype(np.float32)
    free = FeatureSVM(SHAPE, 2).fit(x, y).state()
    grouped = FeatureSVM(SHAPE, 2).fit(x, y, artist).state()
    assert grouped["sharpness"] < 0.7 * free["sharpness"]
    np.testing.assert_array_equal(grouped["dual"], free["dual"])


def test_what_it_learned_survives_as_plain_arrays(data: Data) -> None:
    x, y = data
    model = FeatureSVM(SHAPE, 3).fit(x, y)
    other = FeatureSVM(SHAPE, 3)
    other.load_state(load(save(model.state())))
    np.testing.assert_array_equal(other.predict_proba(x), model.predict_proba(x))
    again = FeatureSVM(SHAPE, 3).fit(x, y)
    for name, array in model.state().items():
        np.testing.assert_array_equal(again.state()[name], array)


def test_a_state_that_does_not_fit_is_refused_by_name(data: Data) -> None:
    state = FeatureSVM(SHAPE, 3).fit(*data).state()
    with pytest.raises(ModelError, match=r"feature_svm: the array bias is \(3,\), it should be \(4,\)|dual"):
        FeatureSVM(SHAPE, 4).load_state(state)
    for changed, message in (
        ({k: v for k, v in state.items() if k != "bias"}, r"the array bias is None, it should be \(3,\)"),
        ({**state, "mean": state["mean"][1:]}, r"the array mean is \(\d+,\), it should be"),
        ({**state, "more": np.zeros(2)}, r"the array more is \(2,\), it should be None"),
    ):
        with pytest.raises(ModelError, match=message):
            FeatureSVM(SHAPE, 3).load_state(changed)


def test_what_it_cannot_learn_from_is_refused(data: Data) -> None:
    x, y = data
    with pytest.raises(ModelError, match=r"at least 2 examples of each of 4 classes to learn from, not 14, 14, 14, 0"):
        FeatureSVM(SHAPE, 4).fit(x, y)
    with pytest.raises(ModelError, match=r"all examples are of one group"):
        FeatureSVM(SHAPE, 3).fit(x, y, np.zeros_like(y))
    with pytest.raises(ModelError, match=r"built for examples of 32 × 80, these are of 32 × 70; use the features"):
        FeatureSVM((32, 80), 3).fit(x, y)
    with pytest.raises(ModelError, match=r"has learned nothing yet; fit it, or load its state"):
        FeatureSVM(SHAPE, 3).predict_proba(x)


def test_options_and_shapes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ModelError, match=r"feature_svm needs examples of at least 32 × 32 .*, not 16 × 387"):
        FeatureSVM((16, 387), 3)
    with pytest.raises(UsageError, match=r"feature_svm: C = 0 and gamma = 1 must be above 0"):
        FeatureSVM(SHAPE, 3, C=0)
    with pytest.raises(UsageError, match=r"frames_per_second = 10; rhythm takes at least 12"):
        FeatureSVM(SHAPE, 3, frames_per_second=10)


def test_a_class_of_one_artist_is_learned_too(data: Data) -> None:
    x, y = data
    groups = np.where(y == 2, 0, np.arange(len(y)))
    model = FeatureSVM(SHAPE, 3).fit(x, y, groups)
    assert (model.predict_proba(x).argmax(1) == 2)[y == 2].all()


def test_real_tracks_of_artists_it_never_heard(shared: Path) -> None:
    """Every third track of the training list; chance is 10 %."""
    root = shared / "gtzan"
    file = np.load(root / "mel" / "mel128.npz")
    with (root / "artists.csv").open(encoding="utf-8", newline="") as table:
        names = {row["id"]: row["artist"] or row["id"] for row in csv.DictReader(table)}
    rows = np.flatnonzero(file["split"] == "train")[::3]
    x = file["floor_db"][rows, None, None] * (1 - file["level"][rows].astype(np.float32) / 255)
    y = np.unique(file["genre"][rows], return_inverse=True)[1]
    artist = np.unique([names[name] for name in file["ids"][rows]], return_inverse=True)[1]
    held = artist % 3 == 0
    model = FeatureSVM(x.shape[1:], 10).fit(x[~held], y[~held], artist[~held])
    assert (model.predict_proba(x[held]).argmax(1) == y[held]).mean() > 0.4


def test_more_than_a_kernel_can_hold_is_refused(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earmark.models.feature_svm.MOST", 100)
    with pytest.raises(ModelError, match=r"each of 126 examples and halves with each, at most 100; .* halves = false"):
        FeatureSVM(SHAPE, 3).fit(*data)
    assert FeatureSVM(SHAPE, 3, halves=False).fit(*data).state()["dual"].shape[1] == 3
