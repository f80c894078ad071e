"""A decision tree on directions of words and style, held to scikit-learn's pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.tree import DecisionTreeClassifier

from earmark.errors import ModelError, UsageError
from earmark.models.dense_text import fit_artist_shares, shares_of_others
from earmark.models.estimator import Fitted
from earmark.models.text_tree import TextTree
from earmark.text.style import style_numbers
from earmark.text.texts import Texts

WORDS = {0: "deus senhor jesus amor", 1: "samba roda viola amor", 2: "guitar night rock love"}
COMMON = ["que", "de", "a", "o", "uma", "noite", "dia"]


def songs(n: int, rng: np.random.Generator, *, artists: bool = False) -> tuple[Texts, np.ndarray, np.ndarray]:
    """Texts of three classes, their classes, and their artists of one class each."""
    y = np.arange(n) % 3
    texts = [" ".join(rng.choice([*WORDS[label].split(), *COMMON], 12)) for label in y]
    groups = y + 3 * rng.integers(0, 5, n)
    return Texts.of(texts, [f"artist {group}" for group in groups] if artists else None), y, groups


def test_decisions_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    (shown, y, groups), (judged, _, _) = songs(90, rng), songs(60, rng)
    ours = TextTree((1,), 3, components=5, min_artists=1, max_depths=[4], min_leaves=[5]).fit(shown, y, groups)
    view = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), sublinear_tf=True)
    directions = TruncatedSVD(5, random_state=0)
    rows = np.column_stack([directions.fit_transform(view.fit_transform(shown.words)), style_numbers(shown.words)])
    theirs = DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, random_state=0).fit(rows, y)
    asked = np.column_stack([directions.transform(view.transform(judged.words)), style_numbers(judged.words)])
    same = ours.predict_proba(judged).argmax(1) == theirs.predict(asked)
    assert same.mean() > 0.9  # the order of the columns is another, and with it the sums' last bits


def test_the_size_that_is_right_most_often_on_artists_held_out_is_taken(rng: np.random.Generator) -> None:
    shown, y, groups = songs(90, rng)
    tree = TextTree((1,), 3, max_depths=[1, 6], min_leaves=[3, 40]).fit(shown, y, groups)
    assert (tree.state()["feature"] >= 0).sum() > 1  # a tree of one question cannot name three classes
    noise = rng.integers(0, 3, 90)
    noise[:6] = [0, 1, 2, 0, 1, 2]
    same = Texts.of(["a mesma noite", *["a mesma noite"] * 89])
    assert len(TextTree((1,), 3, max_depths=[1, 6], min_leaves=[3, 40]).fit(same, noise).state()["feature"]) == 1


def test_it_learns_and_what_is_saved_says_the_same(rng: np.random.Generator) -> None:
    shown, y, groups = songs(120, rng, artists=True)
    module = Fitted(TextTree((2,), 3, components=8)).fit(shown, y, groups)
    assert (module.estimator.held_out.argmax(1) == y).mean() > 0.7
    other = Fitted(TextTree((2,), 3, components=8))
    other.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(other.estimator.predict_proba(shown), module.estimator.predict_proba(shown))
    np.testing.assert_allclose(module.estimator.predict_proba(shown).sum(1), 1)


def test_the_artist_speaks_and_an_unknown_one_has_a_place() -> None:
    """All texts hold the same words, so that nothing but the artist tells the classes apart."""
    y = np.arange(90) % 3
    artists = y + 3 * (np.arange(90) // 3 % 5)
    texts = Texts.of(["que noite de samba"] * 90, [f"artist {artist}" for artist in artists])
    fitted = TextTree((2,), 3).fit(texts, y, artists)
    said = [
        fitted.decision_function(Texts.of(["que noite"], [name]))[0] for name in ("artist 0", "artist 1", "new", None)
    ]
    assert said[0].argmax() == 0
    assert said[1].argmax() == 1
    np.testing.assert_allclose(said[2], np.log(1 / 3), atol=0.05)
    np.testing.assert_array_equal(said[2], said[3])


def test_shares_of_an_artist_leave_the_text_itself_out() -> None:
    names = np.array(["a", "a", "b", "", "A "], dtype=object)
    y = np.array([0, 0, 1, 1, 0])
    fitted = fit_artist_shares(names, y, classes=2)
    assert fitted.artists == ("a", "b")
    np.testing.assert_allclose(
        fitted.of(np.array(["a", "new", ""], dtype=object)), [[3.6 / 4, 0.4 / 4], [0.6, 0.4], [0.6, 0.4]]
    )
    of_others = shares_of_others(names, y, classes=2)
    lone, others = (
        fit_artist_shares(names[[0, 2, 3, 4]], y[[0, 2, 3, 4]], classes=2),
        fit_artist_shares(names[[1]], y[[1]], classes=2),
    )
    np.testing.assert_allclose(of_others[1], lone.of(names[[1]])[0])
    np.testing.assert_allclose(of_others[2], others.shares[0])  # its only text says nothing of itself


def test_ids_of_words_and_options_that_cannot_be_are_refused(rng: np.random.Generator) -> None:
    shown, y, groups = songs(30, rng)
    with pytest.raises(ModelError, match=r"text_tree reads texts, not numbers of shape \(300,\), be they ids of words"):
        TextTree((300,), 3)
    for options in (
        {"components": 0},
        {"min_artists": 0},
        {"max_depths": []},
        {"max_depths": [3, 0]},
        {"min_leaves": [0]},
    ):
        with pytest.raises(UsageError, match=r"text_tree: .*must be 1 or more"):
            TextTree((1,), 3, **options)
    with pytest.raises(ModelError, match="no term stands in training texts of 99 artists"):
        TextTree((1,), 3, min_artists=99).fit(shown, y, groups)
    state = TextTree((1,), 3, max_depths=[3], min_leaves=[2]).fit(shown, y, groups).state()
    for missing in ("words", "idf", "components", "threshold"):
        with pytest.raises(ModelError, match=f"the array {missing} is "):
            TextTree((1,), 3).load_state({name: state[name] for name in state if name != missing})
