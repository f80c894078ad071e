"""Gradient-boosted trees on the main directions of a text's words and on how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier

from earmark.errors import UsageError
from earmark.models.dense_text import DenseText, DenseTextEstimator
from earmark.models.estimator import array_of
from earmark.models.sharpness import Places
from earmark.models.text_numbers import Reading
from earmark.models.trees import Trees, trees_of

Array = NDArray[np.float64]


class TextBoosting(DenseTextEstimator["_Boosted"]):
    """Gradient-boosted trees on the main directions of a text's words and on how it is built.

    The numbers are those of `text_tree`. In each of `rounds` rounds one small tree for each class corrects what those
    before say, by `learning_rate` of its own; it is grown on half of the texts, drawn anew, and at each split it looks
    at the square root of all numbers (stochastic gradient boosting, with the random subspaces of a forest).

    With the artist as an input there is a number more for each class: how many of the artist's other texts are of it.
    Each text is learned from twice, by its artist and as if by an unknown one, at half the weight.

    Probabilities are sharpened on three folds of artists held out in turn. `seed` draws all that is drawn.

    Input  n texts (features `texts`), of shape (1,), or (2,) with the artist; ids of words are refused.
    Output (n, classes) probabilities.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Friedman 2001, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29;
    Friedman 2002, "Stochastic gradient boosting", Computational Statistics & Data Analysis 38.
    """

    name: ClassVar[str] = "text_boosting"

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        components: int = 100,
        min_artists: int = 2,
        rounds: int = 150,
        learning_rate: float = 0.1,
        max_depth: int = 4,
        min_leaf: int = 5,
        seed: int = 0,
    ) -> None:
        super().__init__(shape, classes, components=components, min_artists=min_artists, seed=seed)
        if min(components, min_artists, rounds, max_depth, min_leaf) < 1 or not 0 < learning_rate <= 1:
            raise UsageError(
                f"text_boosting: components = {components}, min_artists = {min_artists}, rounds = {rounds}, "
                f"max_depth = {max_depth}, min_leaf = {min_leaf} must be 1 or more, "
                f"learning_rate = {learning_rate:g} above 0 and at most 1"
            )
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_leaf = min_leaf

    def learn(self, reading: Reading, y: Places, groups: Places) -> _Boosted:
        numbers, rows, places, counts = self.dense(reading, y, groups)
        there = np.unique(places)
        found = np.bincount(places, weights=counts, minlength=self.classes)
        start = np.log(np.where(found > 0, found, 0.5) / found.sum())
        if len(there) == 1:  # nothing to tell apart
            silent = np.zeros((1, self.classes))
            leaf = np.full(1, -1)
            return _Boosted(numbers, Trees(np.zeros(1, np.int64), leaf, np.zeros(1), leaf, leaf, silent), start)
        grown = GradientBoostingClassifier(
            n_estimators=self.rounds,
            learning_rate=self.learning_rate,
            max_depth=self.max_depth,
            min_samples_leaf=self.min_leaf,
            subsample=0.5,
            max_features="sqrt",
            random_state=self.seed,
        ).fit(rows, places, sample_weight=counts)
        trees, values = [], []
        for round_of in grown.estimators_:
            for column, one in enumerate(round_of):
                said = np.zeros((one.tree_.node_count, self.classes))
                shift = self.learning_rate * one.tree_.value[:, 0, 0]
                # Of two classes scikit-learn grows trees for the second alone.
                said[:, there[1] if len(there) == 2 else there[column]] = shift
                trees.append(one.tree_)
                values.append(said)
        return _Boosted(numbers, trees_of(trees, values), start)

    def of_state(self, state: Mapping[str, NDArray[Any]]) -> _Boosted:
        return _Boosted(*self.kept(state), array_of(self.name, state, "start", (self.classes,)))


@dataclass(frozen=True)
class _Boosted:
    """Texts' numbers, the trees that are added up, and where the classes start (classes,)."""

    numbers: DenseText
    trees: Trees
    start: Array

    def decide(self, reading: Reading) -> Array:
        """Logits (n, classes)."""
        decisions: Array = self.start + self.trees.say(self.numbers.of(reading)).sum(1)
        return decisions

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays."""
        return self.numbers.state() | self.trees.state() | {"start": self.start}
