"""A forest of random trees on the main directions of a text's words and on how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

from earmark.errors import UsageError
from earmark.models.dense_text import DenseText, DenseTextEstimator
from earmark.models.sharpness import Places
from earmark.models.text_numbers import Reading
from earmark.models.trees import Trees, trees_of

Array = NDArray[np.float64]
LOOKED_AT = 0.15  # of the numbers, at each split
LEAST = 1e-3  # a class that no leaf knows


class TextForest(DenseTextEstimator["ForestOnText"]):
    """A forest of random trees on the main directions of a text's words and on how it is built.

    The numbers are those of `text_tree`. Each of `trees` trees grows until a leaf would hold fewer than `min_leaf`
    texts; at each split it draws some of the numbers and one threshold for each, and takes the best of these (extremely
    randomised trees). A text gets the mean of what its leaves hold.

    With the artist as an input there is a number more for each class: how many of the artist's other texts are of it.
    Each text is learned from twice, by its artist and as if by an unknown one, at half the weight.

    Probabilities are sharpened on three folds of artists held out in turn. `seed` draws all that is drawn.

    Input  n texts (features `texts`), of shape (1,), or (2,) with the artist; ids of words are refused.
    Output (n, classes) probabilities.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Geurts, Ernst & Wehenkel 2006, "Extremely randomized trees", Machine Learning 63.
    """

    name: ClassVar[str] = "text_forest"

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        components: int = 100,
        min_artists: int = 2,
        trees: int = 150,
        min_leaf: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__(shape, classes, components=components, min_artists=min_artists, seed=seed)
        if min(components, min_artists, trees, min_leaf) < 1:
            raise UsageError(
                f"text_forest: components = {components}, min_artists = {min_artists}, trees = {trees}, "
                f"min_leaf = {min_leaf} must be 1 or more"
            )
        self.trees = trees
        self.min_leaf = min_leaf

    def learn(self, reading: Reading, y: Places, groups: Places) -> ForestOnText:
        """What n texts teach, given the places of their classes (n,) and which belong together (n,)."""
        numbers, rows, places, counts = self.dense(reading, y, groups)
        grown = ExtraTreesClassifier(
            n_estimators=self.trees, min_samples_leaf=self.min_leaf, max_features=LOOKED_AT, random_state=self.seed
        ).fit(rows, places, sample_weight=counts)
        trees, values = [], []
        for one in grown.estimators_:
            held = np.zeros((one.tree_.node_count, self.classes))
            held[:, grown.classes_] = one.tree_.value[:, 0]
            trees.append(one.tree_)
            values.append(held)
        return ForestOnText(numbers, trees_of(trees, values))

    def of_state(self, state: Mapping[str, NDArray[Any]]) -> ForestOnText:
        """What `state` gave. Raises ModelError naming the first array that is missing or of another shape."""
        return ForestOnText(*self.kept(state))


@dataclass(frozen=True)
class ForestOnText:
    """Texts' numbers, and trees whose leaves hold shares of classes."""

    numbers: DenseText
    trees: Trees

    def decide(self, reading: Reading) -> Array:
        """Logarithms (n, classes) of the mean shares."""
        decisions: Array = np.log(self.trees.say(self.numbers.of(reading)).mean(1) + LEAST)
        return decisions

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays."""
        return self.numbers.state() | self.trees.state()
