"""Random trees on directions of words and style, held to scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from earmark.errors import ModelError, UsageError
from earmark.models.dense_text import fit_dense_text
from earmark.models.estimator import Fitted
from earmark.models.text_forest import TextForest
from earmark.models.text_numbers import taken_apart
from earmark.text.texts import Texts

WORDS = {0: "deus senhor jesus amor", 1: "samba roda viola amor", 2: "guitar night rock love"}
COMMON = ["que", "de", "a", "o", "uma", "noite", "dia"]
FAST = {"components": 8, "trees": 12}


def songs(n: int, rng: np.random.Generator, *, artists: bool = False) -> tuple[Texts, np.ndarray, np.ndarray]:
    """Texts of three classes, their classes, and their artists of one class each."""
    y = np.arange(n) % 3
    texts = [" ".join(rng.choice([*WORDS[label].split(), *COMMON], 12)) for label in y]
    groups = y + 3 * rng.integers(0, 5, n)
    return Texts.of(texts, [f"artist {group}" for group in groups] if artists else None), y, groups


def test_decisions_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    (shown, y, groups), (judged, _, _) = songs(90, rng), songs(30, rng)
    ours = TextForest((1,), 3, **FAST).fit(shown, y, groups)
    numbers, rows, _, _ = fit_dense_text(
        "", taken_apart(shown), y, groups, components=8, min_artists=2, classes=3, seed=0
    )
    theirs = ExtraTreesClassifier(n_estimators=12, min_samples_leaf=2, max_features=0.15, random_state=0).fit(rows, y)
    expected = theirs.predict_proba(numbers.of(taken_apart(judged)))
    np.testing.assert_allclose(np.exp(ours.decision_function(judged)) - 1e-3, expected, atol=1e-9)


def test_it_learns_and_what_is_saved_says_the_same(rng: np.random.Generator) -> None:
    shown, y, groups = songs(90, rng, artists=True)
    module = Fitted(TextForest((2,), 3, **FAST)).fit(shown, y, groups)
    assert (module.estimator.held_out.argmax(1) == y).mean() > 0.7
    other = Fitted(TextForest((2,), 3, **FAST))
    other.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(other.estimator.predict_proba(shown), module.estimator.predict_proba(shown))


def test_the_artist_speaks_and_an_unknown_one_has_a_place(rng: np.random.Generator) -> None:
    shown, y, groups = songs(90, rng, artists=True)
    fitted = TextForest((2,), 3, components=8, trees=60).fit(shown, y, groups)
    said = [fitted.predict_proba(Texts.of(["que noite"], [name]))[0] for name in ("artist 0", "artist 1", "new", None)]
    assert said[0][0] > said[1][0]
    np.testing.assert_array_equal(said[2], said[3])


def test_what_cannot_be_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ModelError, match=r"text_forest reads texts, not numbers of shape \(300,\)"):
        TextForest((300,), 3)
    with pytest.raises(UsageError, match="trees = 0"):
        TextForest((1,), 3, trees=0)
    shown, y, groups = songs(30, rng)
    state = TextForest((1,), 3, **FAST).fit(shown, y, groups).state()
    with pytest.raises(ModelError, match="the array value is None"):
        TextForest((1,), 3, **FAST).load_state({name: state[name] for name in state if name != "value"})
