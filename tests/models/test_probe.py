"""The probe against scikit-learn's own regression and machines, and on real tags."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from earmark.errors import ModelError, UsageError
from earmark.models import probe, sharpness
from earmark.models.probe import Probe

Data = tuple[NDArray[np.float32], NDArray[np.int64]]
Kind = Literal["discriminant", "logistic", "svm"]
every_kind = pytest.mark.parametrize("kind", ["discriminant", "logistic", "svm"])


@pytest.fixture
def data(rng: np.random.Generator) -> Data:
    """Three classes in seven numbers of different sizes, two of them hard to tell apart; one number never changes."""
    y = np.repeat([0, 1, 2], 20)
    x = rng.normal(0, 1, (60, 7)) + np.eye(3, 7)[y] * np.array([1, 1, 4])[y][:, None]
    return (x * np.geomspace(0.01, 100, 7) * (np.arange(7) != 5)).astype(np.float32), y


def scaled(x: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.clip(StandardScaler().fit_transform(x.astype(np.float64)), -4, 4)


def test_logits_are_scikit_learns(data: Data) -> None:
    x, y = data
    regression = LogisticRegression(C=0.5, max_iter=1000).fit(scaled(x), y)
    model = Probe((7,), 3, kind="logistic", C=0.5).fit(x, y)
    np.testing.assert_allclose(model.decision_function(x), regression.decision_function(scaled(x)), atol=1e-6)


def test_two_classes_are_told_apart_as_scikit_learn_does(data: Data) -> None:
    x, y = data
    x, y = x[y < 2], y[y < 2]
    regression = LogisticRegression(C=0.5, max_iter=1000).fit(scaled(x), y)
    logits = Probe((7,), 2, kind="logistic", C=0.5).fit(x, y).decision_function(x)
    np.testing.assert_allclose(softmax(logits, axis=1), regression.predict_proba(scaled(x)), atol=1e-6)


def test_distances_are_scikit_learns(data: Data) -> None:
    x, y = data
    machines = OneVsRestClassifier(SVC(C=3.0, gamma=1 / 7)).fit(scaled(x), y)
    model = Probe((7,), 3, kind="svm", C=3.0).fit(x, y)
    np.testing.assert_allclose(model.decision_function(x), machines.decision_function(scaled(x)), atol=1e-9)
    assert len(model.state()["support"]) < len(y)


@every_kind
def test_probabilities_are_sharpened_as_held_out_examples_ask(
    data: Data, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    x, y = data
    seen: list[NDArray[np.float64]] = []
    held_out: Callable[..., NDArray[np.float64]] = sharpness.held_out
    monkeypatch.setattr(probe, "held_out", lambda *a: seen.append(held_out(*a)) or seen[-1])
    model = Probe((7,), 3, kind=kind).fit(x, y)
    factor = float(model.state()["sharpness"])

    def surprise(factor: float) -> float:
        return -log_softmax(factor * seen[0], axis=1)[np.arange(len(y)), y].mean()

    assert surprise(factor) <= min(surprise(f) for f in np.geomspace(0.05, 20, 200)) + 1e-4
    expected = softmax(factor * model.decision_function(x), axis=1)
    np.testing.assert_allclose(model.predict_proba(x), expected, atol=1e-12)
    assert np.abs(seen[0] - model.decision_function(x)).max() > 0.01  # held out, not seen


@every_kind
def test_groups_make_it_less_sure(rng: np.random.Generator, kind: Kind) -> None:
    """Each artist has a sound that tells the class, and tells nothing of another artist's."""
    artist = np.repeat(np.arange(20), 6)
    x = rng.normal(0, 0.3, (120, 30)) + rng.normal(0, 1, (20, 30))[artist]
    free = Probe((30,), 2, kind=kind).fit(x, artist % 2).state()
    grouped = Probe((30,), 2, kind=kind).fit(x, artist % 2, artist).state()
    assert grouped["sharpness"] < 0.7 * free["sharpness"]
    np.testing.assert_array_equal(grouped["bias"], free["bias"])


@every_kind
def test_what_it_learned_survives_as_plain_arrays(data: Data, kind: Kind) -> None:
    x, y = data
    model = Probe((7,), 3, kind=kind).fit(x, y)
    other = Probe((7,), 3, kind=kind)
    other.load_state(load(save(model.state())))
    np.testing.assert_array_equal(other.predict_proba(x), model.predict_proba(x))
    again = Probe((7,), 3, kind=kind).fit(x, y)
    for name, array in model.state().items():
        np.testing.assert_array_equal(again.state()[name], array)


@every_kind
def test_a_class_of_one_artist_is_learned_too(data: Data, kind: Kind) -> None:
    x, y = data
    groups = np.where(y == 2, 0, np.arange(len(y)))
    model = Probe((7,), 3, kind=kind).fit(x, y, groups)
    assert (model.predict_proba(x).argmax(1) == 2)[y == 2].mean() > 0.8
    assert np.isfinite(model.predict_proba(x)).all()


def test_an_outlying_example_is_held_where_the_training_ended(data: Data) -> None:
    x, y = data
    model = Probe((7,), 3).fit(x, y)
    np.testing.assert_allclose(model.predict_proba(x[:1] * 1e6), model.predict_proba(x[:1] * 1e9))


def test_a_state_that_does_not_fit_is_refused_by_name(data: Data) -> None:
    state = Probe((7,), 3).fit(*data).state()
    for changed, message in (
        ({k: v for k, v in state.items() if k != "bias"}, r"probe: the array bias is None, it should be \(3,\)"),
        ({**state, "weight": state["weight"][1:]}, r"the array weight is \(6, 3\), it should be \(7, 3\)"),
        ({**state, "more": np.zeros(2)}, r"the array more is \(2,\), it should be None"),
    ):
        with pytest.raises(ModelError, match=message):
            Probe((7,), 3).load_state(changed)
    with pytest.raises(ModelError, match=r"the array support is None, it should be \(0, 7\)"):
        Probe((7,), 3, kind="svm").load_state(state)


def test_what_it_cannot_learn_from_is_refused(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = data
    with pytest.raises(
        ModelError, match=r"probe takes at least 2 examples of each of 4 classes to .*, not 20, 20, 20, 0"
    ):
        Probe((7,), 4).fit(x, y)
    with pytest.raises(ModelError, match=r"probe: all examples are of one group"):
        Probe((7,), 3).fit(x, y, np.zeros_like(y))
    with pytest.raises(ModelError, match=r"built for examples of 8, these are of 7; use the features it was trained"):
        Probe((8,), 3).fit(x, y)
    with pytest.raises(ModelError, match=r"has learned nothing yet; fit it, or load its state"):
        Probe((7,), 3).predict_proba(x)
    monkeypatch.setattr(probe, "MOST", 50)
    with pytest.raises(ModelError, match=r"each of 60 examples with each, at most 50; set kind = 'discriminant'"):
        Probe((7,), 3, kind="svm").fit(x, y)


def test_options_and_shapes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ModelError, match=r"probe takes examples of some numbers each, such as .* musicnn, not 80 × 80"):
        Probe((80, 80), 3)
    with pytest.raises(UsageError, match=r"probe: C = 0 must be above 0"):
        Probe((7,), 3, C=0)


def test_real_tags_of_artists_it_never_heard(shared: Path) -> None:
    """The mean of the published tags of each training track; chance is 10 %."""
    root = shared / "gtzan"
    file = np.load(root / "musicnn_taggrams_train.npz")
    with (root / "artists.csv").open(encoding="utf-8", newline="") as table:
        names = {row["id"]: row["artist"] or row["id"] for row in csv.DictReader(table)}
    rows = zip(file["offsets"], file["offsets"][1:], strict=False)
    x = np.stack([file["taggram"][start:end].astype(np.float32).mean(0) for start, end in rows])
    y = np.unique(file["label"], return_inverse=True)[1]
    ids = [Path(name).stem for name in file["ids"]]
    artist = np.unique([names[name] for name in ids], return_inverse=True)[1]
    held = artist % 3 == 0
    model = Probe((50,), 10).fit(x[~held], y[~held], artist[~held])
    assert (model.predict_proba(x[held]).argmax(1) == y[held]).mean() > 0.65
