"""TF-IDF and logistic regression, held to scikit-learn's own pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from earmark.errors import ModelError, UsageError
from earmark.models.estimator import Fitted
from earmark.models.tfidf_logistic import TfidfLogistic
from earmark.text.texts import Texts

WORDS = {0: "deus senhor jesus amor", 1: "samba roda viola amor", 2: "guitar night rock love"}


def songs(n: int, rng: np.random.Generator, *, artists: bool = False) -> tuple[Texts, np.ndarray, np.ndarray]:
    """Texts of three classes, their classes, and their artists of one class each."""
    y = np.arange(n) % 3
    common = ["que", "de", "a", "o", "uma", "noite", "dia"]
    texts = [" ".join(rng.choice([*WORDS[label].split(), *common], 12)) for label in y]
    groups = y + 3 * rng.integers(0, 5, n)
    names = [f"artist {group}" for group in groups]
    return Texts.of(texts, names if artists else None), y, groups


def test_decisions_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    (shown, y, groups), (judged, _, _) = songs(90, rng), songs(30, rng)
    ours = TfidfLogistic((1,), 3, C=2.0, min_df=2).fit(shown, y, groups)
    vectoriser = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    theirs = make_pipeline(vectoriser, LogisticRegression(C=2.0, max_iter=10_000)).fit(shown.words, y)
    np.testing.assert_allclose(ours.decision_function(judged), theirs.decision_function(judged.words), atol=1e-6)


def test_what_is_saved_says_the_same(rng: np.random.Generator) -> None:
    shown, y, groups = songs(60, rng, artists=True)
    fitted = TfidfLogistic((2,), 3, min_df=1).fit(shown, y, groups)
    other = TfidfLogistic((2,), 3, min_df=1)
    state = fitted.state()
    assert {array.dtype.kind for array in state.values()} <= {"f", "u"}
    other.load_state(state)
    np.testing.assert_array_equal(other.predict_proba(shown), fitted.predict_proba(shown))
    module = Fitted(TfidfLogistic((2,), 3, min_df=1))
    module.load_state_dict(Fitted(other).fit(shown, y, groups).state_dict())
    np.testing.assert_array_equal(module.estimator.predict_proba(shown), fitted.predict_proba(shown))


def test_nothing_but_the_training_texts_makes_the_vocabulary(rng: np.random.Generator) -> None:
    shown, y, groups = songs(60, rng)
    fitted = TfidfLogistic((1,), 3, min_df=1).fit(shown, y, groups)
    before = fitted.state()
    fitted.predict_proba(Texts.of(["words never seen before"]))
    after = fitted.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    terms = before["terms"].tobytes().decode().split("\n")
    assert "never" not in terms
    assert "que" in terms


def test_what_was_held_out_saw_nothing_of_its_artist(rng: np.random.Generator) -> None:
    """A class that one artist alone sings cannot be told of that artist's songs when they are held out."""
    shown, y, groups = songs(60, rng)
    groups = np.where(y == 0, 0, groups + 100)
    fitted = TfidfLogistic((1,), 3, min_df=1).fit(shown, y, groups)
    assert fitted.held_out.shape == (60, 3)
    np.testing.assert_allclose(np.exp(fitted.held_out).sum(1), 1)
    assert (fitted.held_out[y == 0].argmax(1) != 0).all()
    assert (fitted.predict_proba(shown)[y == 0].argmax(1) == 0).all()


def test_a_fold_that_shows_one_class_alone_says_that_one(rng: np.random.Generator) -> None:
    """Two artists of one class each: whoever is held out, the other's class is all there was to learn."""
    shown, y, _ = songs(30, rng)
    two = y < 2
    fitted = TfidfLogistic((1,), 2, min_df=1).fit(shown[np.flatnonzero(two)], y[two], y[two])
    assert (fitted.held_out.argmax(1) == 1 - y[two]).all()
    assert (fitted.predict_proba(shown[np.flatnonzero(two)]).argmax(1) == y[two]).mean() > 0.9


def test_the_artist_speaks_and_an_unknown_one_has_a_place(rng: np.random.Generator) -> None:
    shown, y, groups = songs(90, rng, artists=True)
    fitted = TfidfLogistic((2,), 3, min_df=1).fit(shown, y, groups)
    said = [
        fitted.predict_proba(Texts.of(["que noite"], [artist]))[0] for artist in ("artist 0", "artist 1", "new", None)
    ]
    assert said[0][0] > said[2][0] > said[1][0]
    np.testing.assert_array_equal(said[2], said[3])
    unknown = fitted.state()["weight"][len(fitted.state()["idf"])]
    assert np.abs(unknown).max() > 0


def test_balance_makes_a_rare_class_likelier(rng: np.random.Generator) -> None:
    shown, y, _ = songs(90, rng)
    kept = np.flatnonzero((y != 2) | (np.arange(90) < 12))
    plain, even = (
        TfidfLogistic((1,), 3, min_df=1, class_weights=w).fit(shown[kept], y[kept]) for w in ("none", "balanced")
    )
    text = Texts.of(["que noite uma"])
    assert even.predict_proba(text)[0, 2] > plain.predict_proba(text)[0, 2]


def test_what_does_not_fit_is_refused(rng: np.random.Generator) -> None:
    shown, y, groups = songs(30, rng, artists=True)
    with pytest.raises(ModelError, match=r"reads texts, not \(80, 80\); set features\.name = 'texts'"):
        TfidfLogistic((80, 80), 3)
    with pytest.raises(ModelError, match="built for texts without the artist, these come with"):
        TfidfLogistic((1,), 3).fit(shown, y, groups)
    with pytest.raises(ModelError, match="has learned nothing yet"):
        TfidfLogistic((2,), 3).predict_proba(shown)
    with pytest.raises(ModelError, match="no term stands in 99 of"):
        TfidfLogistic((2,), 3, min_df=99).fit(shown, y, groups)
    with pytest.raises(UsageError, match="C = 0 above 0"):
        TfidfLogistic((1,), 3, C=0.0)
    state = TfidfLogistic((2,), 3).fit(shown, y, groups).state()
    with pytest.raises(ModelError, match="the array terms is missing"):
        TfidfLogistic((2,), 3).load_state({name: state[name] for name in state if name != "terms"})
    with pytest.raises(ModelError, match=r"the array weight is .* it should be"):
        TfidfLogistic((1,), 3).load_state(state)
