"""Which words and pieces of words a text holds, weighed by how rare they are, and linear support-vector machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from earmark.errors import UsageError
from earmark.models.linear_text import ClassWeights, LinearText, fit_linear_text
from earmark.models.sharpness import Places
from earmark.models.text_estimator import TextEstimator
from earmark.models.text_numbers import Reading, TextNumbers, fit_text_numbers
from earmark.text.vocabulary import fit_artists


class TfidfSVM(TextEstimator[LinearText]):
    """Which words and pieces of words a text holds, weighed by how rare they are, and a linear machine for each class.

    A text is one number for each run of 1 or 2 words and one for each piece of 2 to 5 characters within a word and the
    blanks beside it: (1 + ln of how often it stands there) times its inverse document frequency, words and pieces each
    scaled to length 1. Known is what stands in texts of at least `min_artists` artists, and of these runs and these
    pieces the `max_terms` commonest: what one artist alone says tells nothing of others. All is learned in `fit`.

    With `style` above 0 how a text is built (`earmark.text.style`) speaks too: each of its numbers as a `style` in one
    of 12 columns, which hold a twelfth of the training texts each. With `passages` above 0 the text as it stands speaks
    too: runs of 2 to 5 characters across words, with capitals, punctuation and line ends, weighed and chosen like
    pieces and scaled to the length `passages`. `class_weights` "balanced" counts a text in inverse
    proportion to how many are of its class.

    With the artist as an input each artist is one more number, and so is being unknown; each text is learned from
    twice, by its artist and as if by an unknown one, at half the weight.

    Probabilities are the softmax of the decision values times one factor, which is fitted on three folds of artists
    held out in turn. Nothing is random.

    Input  n texts (features `texts`), of shape (1,), or (2,) with the artist.
    Output (n, classes) probabilities.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Joachims 1998, "Text categorization with support vector machines", ECML; Cavnar & Trenkle 1994,
    "N-gram-based text categorization", SDAIR.
    """

    name: ClassVar[str] = "tfidf_svm"

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        min_artists: int = 2,
        max_terms: int = 300_000,
        style: float = 0.0,
        passages: float = 0.0,
        C: float = 0.1,  # noqa: N803 - as everyone calls it
        class_weights: ClassWeights = "none",
    ) -> None:
        super().__init__(shape, classes)
        if min_artists < 1 or max_terms < 1 or style < 0 or passages < 0 or not C > 0:
            raise UsageError(
                f"{self.name}: min_artists = {min_artists} and max_terms = {max_terms} must be 1 or more, "
                f"style = {style:g} and passages = {passages:g} 0 or more, C = {C:g} above 0"
            )
        self.min_artists = min_artists
        self.max_terms = max_terms
        self.style = style
        self.passages = passages
        self.C = C
        self.class_weights: ClassWeights = class_weights

    def telling(self) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Runs of words (t,), and what each adds to the decision values of a text of nothing else (t, classes).

        Raises ModelError before anything was learned.
        """
        learned = self._after_learning()
        terms = learned.numbers.words.terms
        return terms, learned.weight[: len(terms)].astype(np.float64)

    def learn(self, reading: Reading, y: Places, groups: Places) -> LinearText:
        numbers = fit_text_numbers(
            self.name,
            reading,
            groups,
            min_artists=self.min_artists,
            max_terms=self.max_terms,
            style=self.style,
            artists=None if reading.artists is None else fit_artists(reading.artists),
            passages=self.passages,
        )
        return fit_linear_text(numbers, reading, y, classes=self.classes, C=self.C, class_weights=self.class_weights)

    def of_state(self, state: Mapping[str, NDArray[Any]]) -> LinearText:
        numbers = TextNumbers.of_state(self.name, state, style=self.style, artist=self.artist, passages=self.passages)
        return LinearText.of_state(self.name, state, numbers, classes=self.classes)
