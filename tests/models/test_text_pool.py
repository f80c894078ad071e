"""Voices on texts, and how they are weighed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from earmark.errors import ModelError, UsageError
from earmark.models.artist_name import ArtistName
from earmark.models.estimator import Fitted
from earmark.models.text_boosting import TextBoosting
from earmark.models.text_forest import TextForest
from earmark.models.text_pool import TextPool
from earmark.models.tfidf_svm import TfidfSVM
from earmark.text.texts import Texts

WORDS = {0: "deus senhor jesus amor", 1: "samba roda viola amor", 2: "guitar night rock love"}
COMMON = ["que", "de", "a", "o", "uma", "noite", "dia"]
FAST = {"components": 8, "rounds": 8, "trees": 8}


def songs(n: int, rng: np.random.Generator, *, artists: bool = False) -> tuple[Texts, np.ndarray, np.ndarray]:
    """Texts of three classes, their classes, and their artists of one class each."""
    y = np.arange(n) % 3
    texts = [" ".join(rng.choice([*WORDS[label].split(), *COMMON], 6)) for label in y]
    groups = y + 3 * rng.integers(0, 5, n)
    return Texts.of(texts, [f"artist {group}" for group in groups] if artists else None), y, groups


def test_it_is_the_weighed_sum_of_its_voices(rng: np.random.Generator) -> None:
    (shown, y, groups), (judged, _, _) = songs(60, rng), songs(20, rng)
    together = TextPool((1,), 3, **FAST).fit(shown, y, groups)
    factors = together.state()["factors"]
    assert factors[0] > 0
    alone = [
        TfidfSVM((1,), 3, style=0.1).fit(shown, y, groups),
        TextBoosting((1,), 3, components=8, rounds=8).fit(shown, y, groups),
        TextForest((1,), 3, components=8, trees=8).fit(shown, y, groups),
    ]
    expected = sum(factor * voice.decision_function(judged) for factor, voice in zip(factors, alone, strict=True))
    np.testing.assert_allclose(together.decision_function(judged), expected, atol=1e-6)
    np.testing.assert_allclose(np.log(together.predict_proba(judged)), log_softmax(expected, axis=1), atol=1e-6)
    # Each voice is held out on the same folds alone and together, so that the pool is no worse than either.
    places = np.arange(60)
    surprise = [-fitted.held_out[places, y].mean() for fitted in (together, *alone)]
    assert surprise[0] <= min(surprise[1:]) + 1e-6


def test_voices_are_those_asked_for(rng: np.random.Generator) -> None:
    """Artists whose names tell their genre, and texts that tell a little of it."""
    shown, y, groups = songs(60, rng, artists=True)
    shown = Texts.of(list(shown.words), [f"{'xyz'[genre]}oa {group}" for genre, group in zip(y, groups, strict=True)])
    together = TextPool((2,), 3, voices=["words", "name"]).fit(shown, y, groups)
    alone = [TfidfSVM((2,), 3, style=0.1).fit(shown, y, groups), ArtistName((2,), 3).fit(shown, y, groups)]
    factors = together.state()["factors"]
    assert factors.shape == (2,)
    assert factors[1] > 0
    judged = Texts.of(["deus senhor", "que noite"], ["yoa new", None])
    expected = sum(factor * voice.decision_function(judged) for factor, voice in zip(factors, alone, strict=True))
    np.testing.assert_allclose(together.decision_function(judged), expected, atol=1e-6)
    assert -together.held_out[np.arange(60), y].mean() < -alone[0].held_out[np.arange(60), y].mean()


def test_what_is_saved_says_the_same(rng: np.random.Generator) -> None:
    shown, y, groups = songs(60, rng, artists=True)
    module = Fitted(TextPool((2,), 3, **FAST)).fit(shown, y, groups)
    other = Fitted(TextPool((2,), 3, **FAST))
    other.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(other.estimator.predict_proba(shown), module.estimator.predict_proba(shown))
    state = module.estimator.state()
    for missing in ("words_weight", "forest_roots", "factors"):
        with pytest.raises(ModelError, match="the array "):
            TextPool((2,), 3, **FAST).load_state({name: state[name] for name in state if name != missing})


def test_the_artist_speaks_and_an_unknown_one_has_a_place(rng: np.random.Generator) -> None:
    shown, y, groups = songs(60, rng, artists=True)
    fitted = TextPool((2,), 3, **FAST).fit(shown, y, groups)
    said = [fitted.predict_proba(Texts.of(["que noite"], [name]))[0] for name in ("artist 0", "artist 1", "new", None)]
    assert said[0][0] > said[1][0]
    np.testing.assert_array_equal(said[2], said[3])


def test_what_cannot_be_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ModelError, match=r"text_pool reads texts, not numbers of shape \(300,\)"):
        TextPool((300,), 3)
    with pytest.raises(UsageError, match="C = 0 above 0"):
        TextPool((1,), 3, C=0.0)
    with pytest.raises(UsageError, match="rounds = 0"):
        TextPool((1,), 3, rounds=0)
    for voices in ([], ["words", "words"], ["choir"]):
        with pytest.raises(UsageError, match="must be of words, boosting, forest, name, each at most once"):
            TextPool((1,), 3, voices=voices)
    with pytest.raises(ModelError, match=r"artist_name reads the artist's name; set features\.artist = true"):
        TextPool((1,), 3, voices=["words", "name"])
    with pytest.raises(ModelError, match="this text_pool has learned nothing yet"):
        TextPool((1,), 3).predict_proba(songs(3, rng)[0])
