"""A decision tree on the main directions of a text's words and on how it is built, with the depth that serves best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.tree import DecisionTreeClassifier

from earmark.errors import UsageError
from earmark.models.dense_text import DenseText, DenseTextEstimator
from earmark.models.sharpness import Places
from earmark.models.text_estimator import FOLDS
from earmark.models.text_numbers import Reading
from earmark.models.trees import Trees, trees_of

Array = NDArray[np.float64]


class TextTree(DenseTextEstimator["_Tree"]):
    """A decision tree on the main directions of a text's words and on how it is built, its size found by search.

    A text is `components` numbers, its TF-IDF of runs of 1 and 2 words along the main directions in which the training
    texts vary (latent semantic analysis), and those of `earmark.text.style`. Never ids of words: the 7th word in the
    alphabet is not less than the 8th. Words are known that stand in texts of `min_artists` artists.

    Of `max_depths` and `min_leaves` (the fewest training texts in a leaf) the pair is taken that is right most often on
    three folds of the training texts' artists held out in turn; what the tree is judged on at last has no part in it.
    A leaf says how many of its texts are of each class, with one of each counted beforehand.

    With the artist as an input there is a number more for each class: how many of the artist's other texts are of it.
    Each text is learned from twice, by its artist and as if by an unknown one, at half the weight.

    Probabilities are sharpened on three folds of artists held out, each with a search of its own. `seed` draws the
    start of the directions, and one of splits that are as good.

    Input  n texts (features `texts`), of shape (1,), or (2,) with the artist; ids of words are refused.
    Output (n, classes) probabilities.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Breiman, Friedman, Olshen & Stone 1984, "Classification and regression trees"; Deerwester et al. 1990,
    "Indexing by latent semantic analysis", JASIS 41.
    """

    name: ClassVar[str] = "text_tree"

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        components: int = 50,
        min_artists: int = 2,
        max_depths: Sequence[int] = (4, 6, 9, 13),
        min_leaves: Sequence[int] = (5, 15, 40),
        seed: int = 0,
    ) -> None:
        super().__init__(shape, classes, components=components, min_artists=min_artists, seed=seed)
        if min(components, min_artists, min(max_depths, default=0), min(min_leaves, default=0)) < 1:
            raise UsageError(
                f"text_tree: components = {components}, min_artists = {min_artists}, and each of max_depths = "
                f"{list(max_depths)} and min_leaves = {list(min_leaves)} must be 1 or more"
            )
        self.max_depths = tuple(max_depths)
        self.min_leaves = tuple(min_leaves)

    def learn(self, reading: Reading, y: Places, groups: Places) -> _Tree:
        numbers, rows, places, counts = self.dense(reading, y, groups)
        kin = np.tile(groups, len(places) // len(y))
        depth, leaf = self._best(rows, places, counts, kin)
        return _Tree(numbers, self._grow(rows, places, counts, depth, leaf))

    def _best(self, rows: Array, y: Places, counts: Array, groups: Places) -> tuple[int, int]:
        """The depth and the leaf that are right most often on folds held out; the smaller tree where two are."""
        pairs = list(product(sorted(self.max_depths), sorted(self.min_leaves, reverse=True)))
        folds = min(FOLDS, len(np.unique(groups)), int(np.bincount(y)[np.unique(y)].min()))
        if len(pairs) == 1 or folds < 2:
            return pairs[0]
        right = np.zeros(len(pairs))
        for shown, judged in StratifiedGroupKFold(folds).split(rows, y, groups):
            for place, (depth, leaf) in enumerate(pairs):
                said = self._grow(rows[shown], y[shown], counts[shown], depth, leaf).say(rows[judged])[:, 0]
                right[place] += (said.argmax(1) == y[judged]).sum()
        return pairs[int(right.argmax())]

    def _grow(self, rows: Array, y: Places, counts: Array, depth: int, leaf: int) -> Trees:
        found = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, random_state=self.seed)
        tree = found.fit(rows, y, sample_weight=counts).tree_
        value = np.zeros((tree.node_count, self.classes))
        value[:, found.classes_] = tree.value[:, 0] * tree.weighted_n_node_samples[:, None]
        value += 1
        return trees_of([tree], [np.log(value / value.sum(1, keepdims=True))])

    def of_state(self, state: Mapping[str, NDArray[Any]]) -> _Tree:
        return _Tree(*self.kept(state))


@dataclass(frozen=True)
class _Tree:
    """Texts' numbers, and the tree whose leaves say log-probabilities."""

    numbers: DenseText
    tree: Trees

    def decide(self, reading: Reading) -> Array:
        """Log-probabilities (n, classes)."""
        return self.tree.say(self.numbers.of(reading))[:, 0]

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays."""
        return self.numbers.state() | self.tree.state()
