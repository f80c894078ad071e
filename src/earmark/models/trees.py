"""Decision trees as plain arrays: what scikit-learn has grown, kept and asked without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from earmark.errors import ModelError
from earmark.models.estimator import array_of

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAF = -1
ARRAYS = ("roots", "feature", "threshold", "left", "right")


@dataclass(frozen=True)
class Trees:
    """The nodes of all trees, one after the other.

    roots      (trees,) where each tree begins
    feature    (nodes,) the number that is asked for; `LEAF` where nothing is
    threshold  (nodes,) up to it one goes left, beyond it right
    left       (nodes,) the next node; both are `LEAF` in a leaf
    right      (nodes,)
    value      (nodes, values) what a leaf says
    """

    roots: Ints
    feature: Ints
    threshold: Array
    left: Ints
    right: Ints
    value: Array

    def say(self, x: Array) -> Array:
        """What the leaves say that examples (n, numbers) come to, (n, trees, values).

        Numbers are compared in single precision, as they were when the trees were grown.
        """
        x = x.astype(np.float32)
        rows = np.arange(len(x))[:, None]
        node = np.tile(self.roots, (len(x), 1))
        while (going := self.feature[node] != LEAF).any():
            left = x[rows, self.feature[node]] <= self.threshold[node]
            node = np.where(going, np.where(left, self.left[node], self.right[node]), node)
        said: Array = self.value[node]
        return said

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays."""
        return {name: getattr(self, name) for name in (*ARRAYS, "value")}

    @classmethod
    def of_state(cls, model: str, state: Mapping[str, NDArray[Any]], *, numbers: int, values: int) -> Self:
        """What `state` gave. Raises ModelError where an array does not fit, or the nodes are no trees."""
        trees, nodes = (len(state[name]) if name in state else 0 for name in ("roots", "feature"))
        roots = array_of(model, state, "roots", (trees,)).astype(np.int64)
        feature, left, right = (
            array_of(model, state, name, (nodes,)).astype(np.int64) for name in ("feature", "left", "right")
        )
        threshold = array_of(model, state, "threshold", (nodes,))
        value = array_of(model, state, "value", (nodes, values))
        inner = np.flatnonzero(feature != LEAF)
        asked = feature[inner]
        onwards = all((to[inner] > inner).all() and (to[inner] < nodes).all() for to in (left, right))
        if not (onwards and ((asked >= 0) & (asked < numbers)).all() and ((roots >= 0) & (roots < nodes)).all()):
            raise ModelError(f"{model}: its nodes are no trees on {numbers} numbers; the file is damaged")
        return cls(roots, feature, threshold, left, right, value)


def trees_of(grown: Sequence[Any], values: Sequence[Array]) -> Trees:
    """Trees of scikit-learn's (`tree_`), and what each node of each says, (nodes, values)."""
    sizes = [tree.node_count for tree in grown]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

    def onwards(name: str) -> Ints:
        steps = [getattr(tree, name) for tree in grown]
        moved = [np.where(step < 0, LEAF, step + root) for step, root in zip(steps, roots, strict=True)]
        return np.concatenate(moved).astype(np.int64)

    left = onwards("children_left")
    feature = np.concatenate([tree.feature for tree in grown]).astype(np.int64)
    return Trees(
        roots=roots,
        feature=np.where(left == LEAF, LEAF, feature),
        threshold=np.concatenate([tree.threshold for tree in grown]),
        left=left,
        right=onwards("children_right"),
        value=np.concatenate(values),
    )
