"""Which words and neighbouring words a text holds, weighed by how rare they are, and logistic regression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, vstack
from scipy.special import log_softmax, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.class_weight import compute_sample_weight

from earmark.errors import ModelError, UsageError
from earmark.models.estimator import arrays_of, groups_to_learn_from, lines_of_bytes, lines_to_bytes
from earmark.models.regression import fit_regression
from earmark.models.shapes import Input
from earmark.models.sharpness import Places, fitting_sharpness, held_out
from earmark.text.texts import Texts
from earmark.text.vocabulary import artist_ids, fit_artists
from earmark.text.words import words

Array = NDArray[np.float64]
FOLDS = 3  # held out in turn, for the sharpness: together as dear as two fits


class TfidfLogistic:
    """Which words and neighbouring words a text holds, weighed by how rare they are, and logistic regression.

    A text is one number a term, a run of 1 to `longest` words: (1 + ln of how often it stands there) times the term's
    inverse document frequency, all scaled to length 1. Terms of fewer than `min_df` training texts are unknown, and of
    the others the `max_terms` commonest are kept. Vocabulary and frequencies are learned in `fit`, from nothing else.
    `class_weights` "balanced" counts a text in inverse proportion to how many are of its class.

    With the artist as an input each artist is one more number, and so is being unknown; each text is learned from
    twice, by its artist and as if by an unknown one, at half the weight.

    Probabilities are the softmax of the decision values times one factor, which is fitted on three folds of the
    training texts held out in turn. Nothing is random.

    Input  n texts (features `texts`), of shape (1,), or (2,) with the artist.
    Output (n, classes) probabilities.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Spärck Jones 1972, "A statistical interpretation of term specificity and its application in retrieval",
    Journal of Documentation 28.
    """

    takes: ClassVar[Input] = "texts"
    example_shape: ClassVar[tuple[int, ...]] = (1,)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        longest: int = 2,
        min_df: int = 3,
        max_terms: int = 200_000,
        C: float = 10.0,  # noqa: N803 - as everyone calls it
        class_weights: Literal["none", "balanced"] = "none",
    ) -> None:
        if shape not in ((1,), (2,)):
            raise ModelError(f"tfidf_logistic reads texts, not {shape}; set features.name = 'texts'")
        if longest < 1 or min_df < 1 or max_terms < 1 or not C > 0:
            raise UsageError(
                f"tfidf_logistic: longest = {longest}, min_df = {min_df}, max_terms = {max_terms} must be 1 or more, "
                f"C = {C:g} above 0"
            )
        self.artist = shape == (2,)
        self.classes = classes
        self.longest = longest
        self.min_df = min_df
        self.max_terms = max_terms
        self.C = C
        self.class_weights = class_weights
        self.held_out: Array = np.empty((0, classes))
        self._learned: _Learned | None = None

    def fit(self, x: Texts, y: Places, groups: Places | None = None) -> Self:
        """Learn from n texts and the places of their classes (n,).

        `groups` (n,) tells which texts belong together, such as an artist's: the probabilities are then those for a
        text of another group. Raises ModelError where a class has fewer than two texts, all are of one group, no term
        is common enough, or the artist is missing or too much.
        """
        groups = groups_to_learn_from("tfidf_logistic", y, classes=self.classes, groups=groups)
        self._require_shape(x)

        def decide(shown: Places, judged: Places) -> Array:
            return self._learn(x[shown], y[shown]).decide(x[judged])

        decisions = held_out(decide, y, groups, folds=FOLDS)
        sharpness = fitting_sharpness(decisions, y)
        self.held_out = log_softmax(sharpness * decisions, axis=1)
        self._learned = replace(self._learn(x, y), sharpness=np.array(sharpness))
        return self

    def decision_function(self, x: Texts) -> Array:
        """Logits (n, classes) of n texts. Raises ModelError before anything was learned, or for another shape."""
        self._require_shape(x)
        return self._after_learning().decide(x)

    def predict_proba(self, x: Texts) -> Array:
        """Probabilities (n, classes) of n texts. Raises as `decision_function` does."""
        probabilities: Array = softmax(self._after_learning().sharpness * self.decision_function(x), axis=1)
        return probabilities

    def telling(self) -> tuple[tuple[str, ...], Array]:
        """Terms (t,), and what each adds to the decision values of a text that holds nothing else (t, classes).

        Raises ModelError before anything was learned.
        """
        learned = self._after_learning()
        return learned.terms, learned.weight[: len(learned.terms)]

    def state(self) -> dict[str, NDArray[Any]]:
        """All that was learned, as plain arrays: terms and artists as bytes of UTF-8, a line each."""
        learned = self._after_learning()
        return {
            "terms": lines_to_bytes(learned.terms),
            "idf": learned.idf,
            "artists": lines_to_bytes(learned.artists),
            "weight": learned.weight,
            "bias": learned.bias,
            "sharpness": learned.sharpness,
        }

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what another one of the same shape, classes and options has learned.

        Raises ModelError naming the first array that is missing, too many or of another shape.
        """
        terms, artists = (lines_of_bytes("tfidf_logistic", state, name) for name in ("terms", "artists"))
        numbers = len(terms) + (len(artists) + 1 if self.artist else 0)
        shapes = {"idf": (len(terms),), "weight": (numbers, self.classes), "bias": (self.classes,), "sharpness": ()}
        rest = {name: array for name, array in state.items() if name not in ("terms", "artists")}
        self._learned = _Learned(terms=terms, artists=artists, **arrays_of("tfidf_logistic", rest, shapes))

    def _after_learning(self) -> _Learned:
        if self._learned is None:
            raise ModelError("this tfidf_logistic has learned nothing yet; fit it, or load its state")
        return self._learned

    def _require_shape(self, x: Texts) -> None:
        if x.shape[1:] != ((2,) if self.artist else (1,)):
            built, given = ("with", "without") if self.artist else ("without", "with")
            raise ModelError(f"this tfidf_logistic was built for texts {built} the artist, these come {given}")

    def _learn(self, x: Texts, y: Places) -> _Learned:
        """What texts teach, but for the sharpness."""
        vectoriser = TfidfVectorizer(
            tokenizer=words,
            token_pattern=None,
            lowercase=False,  # which `words` does
            ngram_range=(1, self.longest),
            min_df=self.min_df,
            max_features=self.max_terms,
            sublinear_tf=True,
        )
        try:
            numbers = vectoriser.fit_transform(x.words)
        except ValueError as error:
            raise ModelError(f"tfidf_logistic: no term stands in {self.min_df} of {len(y)} training texts") from error
        artists = () if x.artists is None else fit_artists(x.artists)
        counts = None if self.class_weights == "none" else compute_sample_weight(self.class_weights, y)
        if x.artists is not None:
            named = _columns(artist_ids(x.artists, artists), len(artists) + 1)
            unnamed = _columns(np.zeros(len(y), np.int32), len(artists) + 1)
            numbers = vstack([hstack([numbers, named]), hstack([numbers, unnamed])]).tocsr()
            y, counts = np.tile(y, 2), np.tile(np.ones(len(y)) if counts is None else counts, 2) / 2
        weight, bias = fit_regression(numbers, y, classes=self.classes, C=self.C, weights=counts)
        terms = tuple(vectoriser.get_feature_names_out())
        return _Learned(terms, vectoriser.idf_, artists, weight, bias, np.array(1.0))


@dataclass(frozen=True)
class _Learned:
    """Terms (t,) with their inverse document frequency, artists (a,), what each adds to the logits (t + 1 + a, classes)
    or (t, classes), first the terms, then being unknown and the artists, biases (classes,), and the factor from
    decision values to logits ()."""

    terms: tuple[str, ...]
    idf: Array
    artists: tuple[str, ...]
    weight: Array
    bias: Array
    sharpness: Array

    def decide(self, x: Texts) -> Array:
        """Decision values (n, classes)."""
        numbers = self._vectoriser.transform(x.words)
        if x.artists is not None:
            numbers = hstack([numbers, _columns(artist_ids(x.artists, self.artists), len(self.artists) + 1)])
        decisions: Array = numbers @ self.weight + self.bias
        return decisions

    @cached_property
    def _vectoriser(self) -> TfidfVectorizer:
        places = {term: place for place, term in enumerate(self.terms)}
        longest = max(term.count(" ") for term in self.terms) + 1
        vectoriser = TfidfVectorizer(
            tokenizer=words,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, longest),
            sublinear_tf=True,
            vocabulary=places,
        )
        vectoriser.idf_ = self.idf
        return vectoriser


def _columns(ids: NDArray[np.int32], count: int) -> csr_matrix:
    """A one in the column of each id, (n, count)."""
    return csr_matrix((np.ones(len(ids)), (np.arange(len(ids)), ids)), shape=(len(ids), count))
