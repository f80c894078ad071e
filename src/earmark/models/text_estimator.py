"""What estimators that read texts have in common: the shape, artists held out in turn, and what is saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from earmark.errors import ModelError
from earmark.models.estimator import array_of, groups_to_learn_from
from earmark.models.shapes import Input
from earmark.models.sharpness import Places, fitting_sharpness, held_out
from earmark.models.text_numbers import Reading, taken_apart
from earmark.text.texts import Texts

Array = NDArray[np.float64]
FOLDS = 3  # held out in turn, for the sharpness: together as dear as two fits


class Learned(Protocol):
    """What was learned: decision values (n, classes) of texts taken apart, and itself as plain arrays."""

    def decide(self, reading: Reading) -> Array: ...
    def state(self) -> dict[str, NDArray[Any]]: ...


L = TypeVar("L", bound=Learned)


class TextEstimator(ABC, Generic[L]):
    """An estimator of texts (features `texts`), of shape (1,), or (2,) with the artist.

    A model says how it learns from some of the texts and how it is built again from its arrays. Probabilities are the
    softmax of its decision values times one factor, which is fitted on three folds of artists held out in turn.

    Raises ModelError for another shape.
    """

    name: ClassVar[str]
    takes: ClassVar[Input] = "texts"
    example_shape: ClassVar[tuple[int, ...]] = (1,)

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        if shape not in ((1,), (2,)):
            raise ModelError(
                f"{self.name} reads texts, not numbers of shape {shape}, be they ids of words; "
                "set features.name = 'texts'"
            )
        self.artist = shape == (2,)
        self.classes = classes
        self.held_out: Array = np.empty((0, classes))
        self.passages = 0.0
        self._sharpness = 1.0
        self._learned: L | None = None

    def fit(self, x: Texts, y: Places, groups: Places | None = None) -> Self:
        """Learn from n texts and the places of their classes (n,).

        `groups` (n,) tells which texts belong together, such as an artist's: the probabilities are then those for a
        text of another group. Raises ModelError where a class has fewer than two texts, all are of one group, no term
        is common enough, or the artist is missing or too much.
        """
        groups = groups_to_learn_from(self.name, y, classes=self.classes, groups=groups)
        reading = self.read(x)

        def decide(shown: Places, judged: Places) -> Array:
            return self.learn(reading[shown], y[shown], groups[shown]).decide(reading[judged])

        decisions = held_out(decide, y, groups, folds=FOLDS)
        self._sharpness = fitting_sharpness(decisions, y)
        self.held_out = log_softmax(self._sharpness * decisions, axis=1)
        self._learned = self.learn(reading, y, groups)
        return self

    def decision_function(self, x: Texts) -> Array:
        """Decision values (n, classes). Raises ModelError before anything was learned, or for another shape."""
        return self._after_learning().decide(self.read(x))

    def predict_proba(self, x: Texts) -> Array:
        """Probabilities (n, classes) of n texts. Raises as `decision_function` does."""
        probabilities: Array = softmax(self._sharpness * self.decision_function(x), axis=1)
        return probabilities

    def state(self) -> dict[str, NDArray[Any]]:
        """All that was learned, as plain arrays: terms and artists as bytes of UTF-8, a line each."""
        return self._after_learning().state() | {"sharpness": np.array(self._sharpness)}

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what another one of the same shape, classes and options has learned.

        Raises ModelError naming the first array that is missing or of another shape.
        """
        self._learned = self.of_state(state)
        self._sharpness = float(array_of(self.name, state, "sharpness", ()))

    @abstractmethod
    def learn(self, reading: Reading, y: Places, groups: Places) -> L:
        """What n texts teach, given the places of their classes (n,) and which belong together (n,)."""

    @abstractmethod
    def of_state(self, state: Mapping[str, NDArray[Any]]) -> L:
        """What `state` gave. Raises ModelError naming the first array that is missing or of another shape."""

    def read(self, x: Texts) -> Reading:
        """Texts taken apart. Raises ModelError where the artist is missing or too much."""
        if x.shape[1:] != ((2,) if self.artist else (1,)):
            built, given = ("with", "without") if self.artist else ("without", "with")
            raise ModelError(f"this {self.name} was built for texts {built} the artist, these come {given}")
        return taken_apart(x, with_passages=self.passages > 0)

    def _after_learning(self) -> L:
        if self._learned is None:
            raise ModelError(f"this {self.name} has learned nothing yet; fit it, or load its state")
        return self._learned
