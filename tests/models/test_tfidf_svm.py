"""Words, pieces of words and linear machines, held to scikit-learn's own pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from earmark.errors import ModelError, UsageError
from earmark.models.estimator import Fitted
from earmark.models.margin import fit_margin
from earmark.models.text_numbers import BINS, fit_bins
from earmark.models.tfidf_svm import TfidfSVM
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
    (shown, y, groups), (judged, _, _) = songs(60, rng), songs(30, rng)
    ours = TfidfSVM((1,), 3, min_artists=1, C=0.5).fit(shown, y, groups)
    views = (
        TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    theirs = LinearSVC(C=0.5, tol=1e-5, max_iter=10_000, random_state=0)
    theirs.fit(hstack([view.fit_transform(shown.words) for view in views]), y)
    expected = theirs.decision_function(hstack([view.transform(judged.words) for view in views]))
    np.testing.assert_allclose(ours.decision_function(judged), expected, atol=0.02)
    np.testing.assert_array_equal(ours.predict_proba(judged).argmax(1), expected.argmax(1))


def test_passages_are_runs_of_characters_as_they_stand(rng: np.random.Generator) -> None:
    """Across words and lines, capitals told apart: scikit-learn's analyser `char`, on text left as it is."""
    (shown, y, groups), (judged, _, _) = songs(60, rng), songs(30, rng)
    shown, judged = (Texts.of([text.replace(" a ", "\nA ") for text in texts.words]) for texts in (shown, judged))
    ours = TfidfSVM((1,), 3, min_artists=1, passages=1.5, C=0.5).fit(shown, y, groups)
    views = (
        (1, TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), sublinear_tf=True)),
        (1, TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)),
        (1.5, TfidfVectorizer(analyzer="char", ngram_range=(2, 5), lowercase=False, sublinear_tf=True)),
    )
    theirs = LinearSVC(C=0.5, tol=1e-5, max_iter=10_000, random_state=0)
    theirs.fit(hstack([length * view.fit_transform(shown.words) for length, view in views]), y)
    expected = theirs.decision_function(hstack([length * view.transform(judged.words) for length, view in views]))
    np.testing.assert_allclose(ours.decision_function(judged), expected, atol=0.02)


def test_what_one_artist_alone_says_says_nothing(rng: np.random.Generator) -> None:
    shown, y, groups = songs(60, rng)
    texts = [f"{text} refrão{'x' * group}" for text, group in zip(shown.words, groups, strict=True)]
    fitted = TfidfSVM((1,), 3).fit(Texts.of(texts), y, groups)
    known = fitted.state()["words"].tobytes().decode().split("\n")
    assert "samba" in known
    assert not [term for term in known if "refrão" in term]


def test_what_is_saved_says_the_same(rng: np.random.Generator) -> None:
    shown, y, groups = songs(60, rng, artists=True)
    shown = Texts.of([text.replace(" a ", "\nA ") for text in shown.words], list(shown.artists))
    module = Fitted(TfidfSVM((2,), 3, style=0.1, passages=1.5)).fit(shown, y, groups)
    state = module.estimator.state()
    assert {array.dtype.kind for array in state.values()} <= {"f", "u"}
    other = Fitted(TfidfSVM((2,), 3, style=0.1, passages=1.5))
    other.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(other.estimator.predict_proba(shown), module.estimator.predict_proba(shown))


def test_nothing_but_the_training_texts_makes_the_vocabulary(rng: np.random.Generator) -> None:
    shown, y, groups = songs(60, rng)
    fitted = TfidfSVM((1,), 3).fit(shown, y, groups)
    before = fitted.state()
    fitted.predict_proba(Texts.of(["words never seen before"]))
    after = fitted.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_what_was_held_out_saw_nothing_of_its_artist(rng: np.random.Generator) -> None:
    """A class that one artist alone sings cannot be told of that artist's songs when they are held out."""
    shown, y, groups = songs(60, rng)
    fitted = TfidfSVM((1,), 3).fit(shown, y, np.where(y == 0, 0, groups + 100))
    np.testing.assert_allclose(np.exp(fitted.held_out).sum(1), 1)
    assert (fitted.held_out[y == 0].argmax(1) != 0).all()
    assert (fitted.predict_proba(shown)[y == 0].argmax(1) == 0).mean() > 0.9


def test_the_artist_speaks_and_an_unknown_one_has_a_place(rng: np.random.Generator) -> None:
    shown, y, groups = songs(90, rng, artists=True)
    fitted = TfidfSVM((2,), 3).fit(shown, y, groups)
    said = [fitted.predict_proba(Texts.of(["que noite"], [name]))[0] for name in ("artist 0", "artist 1", "new", None)]
    assert said[0][0] > said[2][0] > said[1][0]
    np.testing.assert_array_equal(said[2], said[3])


def test_how_a_text_is_built_speaks_where_it_is_asked_for(rng: np.random.Generator) -> None:
    """The words are the same in all classes; those of the first come in lines of two, and of the others in one line."""
    y = np.arange(60) % 3
    texts = [("\n" if label == 0 else " ").join(rng.choice(COMMON, 12)) for label in y]
    right = [
        (TfidfSVM((1,), 3, style=style).fit(Texts.of(texts), y).held_out[y == 0].argmax(1) == 0).mean()
        for style in (0.0, 0.3)
    ]
    assert right[0] < 0.7
    assert right[1] == 1


def test_bins_hold_the_same_share_and_keep_strangers() -> None:
    values = np.column_stack([np.arange(120.0), np.zeros(120)])
    bins = fit_bins(values)
    told = bins.numbers(values).toarray()
    np.testing.assert_array_equal(told[:, :BINS].sum(0), 10)
    np.testing.assert_array_equal(told.sum(1), 2)
    strangers = bins.numbers(np.array([[-1e9, -5.0], [1e9, 5.0]])).toarray()
    np.testing.assert_array_equal(strangers.argmax(1), [0, BINS - 1])
    assert strangers[0, BINS:].argmax() != strangers[1, BINS:].argmax()


def test_machines_know_two_classes_one_class_and_none() -> None:
    x = np.array([[0.0], [1.0], [3.0], [4.0]])
    weight, bias = fit_margin(x, np.array([0, 0, 2, 2]), classes=3, C=10.0)
    said = x @ weight + bias
    np.testing.assert_array_equal(said.argmax(1), [0, 0, 2, 2])
    np.testing.assert_array_equal(said[:, 1], -1)
    weight, bias = fit_margin(x, np.array([1, 1, 1, 1]), classes=3, C=10.0)
    np.testing.assert_array_equal((x @ weight + bias), [[-1, 1, -1]] * 4)


def test_balance_makes_a_rare_class_likelier(rng: np.random.Generator) -> None:
    shown, y, _ = songs(90, rng)
    kept = np.flatnonzero((y != 2) | (np.arange(90) < 12))
    plain, even = (TfidfSVM((1,), 3, class_weights=w).fit(shown[kept], y[kept]) for w in ("none", "balanced"))
    text = Texts.of(["que noite uma"])
    assert even.predict_proba(text)[0, 2] > plain.predict_proba(text)[0, 2]


def test_what_does_not_fit_is_refused(rng: np.random.Generator) -> None:
    shown, y, groups = songs(30, rng, artists=True)
    with pytest.raises(ModelError, match=r"tfidf_svm reads texts, not numbers of shape \(300,\)"):
        TfidfSVM((300,), 3)
    with pytest.raises(ModelError, match="built for texts without the artist, these come with"):
        TfidfSVM((1,), 3).fit(shown, y, groups)
    with pytest.raises(ModelError, match="has learned nothing yet"):
        TfidfSVM((2,), 3).predict_proba(shown)
    with pytest.raises(ModelError, match="no term stands in training texts of 99 artists"):
        TfidfSVM((2,), 3, min_artists=99).fit(shown, y, groups)
    with pytest.raises(UsageError, match="C = 0 above 0"):
        TfidfSVM((1,), 3, C=0.0)
    state = TfidfSVM((2,), 3, min_artists=1).fit(shown, y, groups).state()
    for missing in ("words", "pieces_idf", "edges", "weight", "sharpness"):
        with pytest.raises(ModelError, match=f"the array {missing} is "):
            TfidfSVM((2,), 3).load_state({name: state[name] for name in state if name != missing})
    with pytest.raises(ModelError, match=r"the array weight is .* it should be"):
        TfidfSVM((1,), 3).load_state(state)
