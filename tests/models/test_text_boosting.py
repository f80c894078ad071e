"""Boosted trees on directions of words and style, held to scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from earmark.errors import ModelError, UsageError
from earmark.models.dense_text import fit_dense_text
from earmark.models.estimator import Fitted
from earmark.models.text_boosting import TextBoosting
from earmark.models.text_numbers import taken_apart
from earmark.text.texts import Texts

WORDS = {0: "deus senhor jesus amor", 1: "samba roda viola amor", 2: "guitar night rock love"}
COMMON = ["que", "de", "a", "o", "uma", "noite", "dia"]
FAST = {"components": 8, "rounds": 12, "max_depth": 2}


def songs(n: int, rng: np.random.Generator, *, artists: bool = False) -> tuple[Texts, np.ndarray, np.ndarray]:
    """Texts of three classes, their classes, and their artists of one class each."""
    y = np.arange(n) % 3
    texts = [" ".join(rng.choice([*WORDS[label].split(), *COMMON], 12)) for label in y]
    groups = y + 3 * rng.integers(0, 5, n)
    return Texts.of(texts, [f"artist {group}" for group in groups] if artists else None), y, groups


@pytest.mark.parametrize("classes", [2, 3])
def test_decisions_are_those_of_scikit_learn(classes: int, rng: np.random.Generator) -> None:
    shown, y, groups = songs(90, rng)
    kept = np.flatnonzero(y < classes)
    shown, y, groups = shown[kept], y[kept], groups[kept]
    ours = TextBoosting((1,), classes, **FAST).fit(shown, y, groups)
    numbers, rows, _, _ = fit_dense_text(
        "", taken_apart(shown), y, groups, components=8, min_artists=2, classes=classes, seed=0
    )
    theirs = GradientBoostingClassifier(
        n_estimators=12, max_depth=2, min_samples_leaf=5, subsample=0.5, max_features="sqrt", random_state=0
    ).fit(rows, y)
    judged, _, _ = songs(30, rng)
    expected = np.log(theirs.predict_proba(numbers.of(taken_apart(judged))))
    said = ours.decision_function(judged)
    np.testing.assert_allclose(said - said[:, :1], expected - expected[:, :1], atol=1e-6)


def test_it_learns_and_what_is_saved_says_the_same(rng: np.random.Generator) -> None:
    shown, y, groups = songs(90, rng, artists=True)
    module = Fitted(TextBoosting((2,), 3, **FAST)).fit(shown, y, groups)
    assert (module.estimator.held_out.argmax(1) == y).mean() > 0.7
    other = Fitted(TextBoosting((2,), 3, **FAST))
    other.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(other.estimator.predict_proba(shown), module.estimator.predict_proba(shown))


def test_the_artist_speaks_and_an_unknown_one_has_a_place(rng: np.random.Generator) -> None:
    shown, y, groups = songs(90, rng, artists=True)
    fitted = TextBoosting((2,), 3, **FAST).fit(shown, y, groups)
    said = [fitted.predict_proba(Texts.of(["que noite"], [name]))[0] for name in ("artist 0", "artist 1", "new", None)]
    assert said[0][0] > said[2][0] > said[1][0]
    np.testing.assert_array_equal(said[2], said[3])


def test_a_class_that_one_artist_alone_sings_is_unlikely_of_others(rng: np.random.Generator) -> None:
    shown, y, _ = songs(60, rng)
    kept = np.flatnonzero(y < 2)
    fitted = TextBoosting((1,), 2, **FAST, min_artists=1).fit(shown[kept], y[kept], y[kept])
    assert np.isfinite(fitted.held_out).all()
    assert (fitted.held_out.argmax(1) != y[kept]).all()


def test_what_cannot_be_is_refused(rng: np.random.Generator) -> None:
    shown, y, groups = songs(30, rng)
    with pytest.raises(ModelError, match=r"text_boosting reads texts, not numbers of shape \(300,\)"):
        TextBoosting((300,), 3)
    with pytest.raises(UsageError, match="rounds = 0"):
        TextBoosting((1,), 3, rounds=0)
    with pytest.raises(UsageError, match="learning_rate = 2 above 0 and at most 1"):
        TextBoosting((1,), 3, learning_rate=2.0)
    state = TextBoosting((1,), 3, **FAST).fit(shown, y, groups).state()
    with pytest.raises(ModelError, match="the array start is None"):
        TextBoosting((1,), 3, **FAST).load_state({name: state[name] for name in state if name != "start"})
