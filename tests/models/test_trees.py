"""Trees as arrays, held to scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from earmark.errors import ModelError
from earmark.models.trees import Trees, trees_of


def grown(rng: np.random.Generator) -> tuple[Trees, list[DecisionTreeRegressor]]:
    x = rng.standard_normal((80, 4))
    found = [DecisionTreeRegressor(max_depth=depth, random_state=0).fit(x, x[:, depth] ** 2) for depth in (1, 3)]
    return trees_of([tree.tree_ for tree in found], [tree.tree_.value[:, 0] for tree in found]), found


def test_they_say_what_scikit_learn_says(rng: np.random.Generator) -> None:
    trees, theirs = grown(rng)
    x = rng.standard_normal((50, 4))
    said = trees.say(x)
    assert said.shape == (50, 2, 1)
    np.testing.assert_array_equal(said[:, :, 0], np.column_stack([tree.predict(x) for tree in theirs]))


def test_a_tree_of_one_leaf_says_one_thing() -> None:
    lone = DecisionTreeRegressor().fit(np.zeros((3, 2)), np.full(3, 7.0))
    trees = trees_of([lone.tree_], [lone.tree_.value[:, 0]])
    np.testing.assert_array_equal(trees.say(np.ones((2, 2))), np.full((2, 1, 1), 7.0))


def test_what_is_saved_says_the_same_and_damage_is_refused(rng: np.random.Generator) -> None:
    trees, _ = grown(rng)
    x, state = rng.standard_normal((9, 4)), trees.state()
    again = Trees.of_state("text_tree", state, numbers=4, values=1)
    np.testing.assert_array_equal(again.say(x), trees.say(x))
    with pytest.raises(ModelError, match="text_tree: the array left is None"):
        Trees.of_state("text_tree", {name: state[name] for name in state if name != "left"}, numbers=4, values=1)
    circle = np.where(state["left"] == -1, -1, 0)
    for damage in ({"left": circle}, {"roots": state["roots"] + 1000}, {"right": state["right"] + 1000}):
        with pytest.raises(ModelError, match="its nodes are no trees on 4 numbers"):
            Trees.of_state("text_tree", state | damage, numbers=4, values=1)
    with pytest.raises(ModelError, match="its nodes are no trees on 1 numbers"):
        Trees.of_state("text_tree", state, numbers=1, values=1)
