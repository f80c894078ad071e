"""A small data set that trains in a moment."""

from pathlib import Path

import numpy as np
import pytest

from earmark.datasets.tfdata import write_folder
from earmark.recipe import Recipe, parse_recipe

RECIPE = """
rationale = "small"
[data]
name = "tfdata"
path = "{path}"
genres = ["low", "middle", "high"]
[split]
kind = "as_given"
[features]
name = "log_mel"
n_mels = 16
[model]
name = "cnn_rnn"
[training]
epochs = 4
batch_size = 16
optimiser = {{ name = "sgd", learning_rate = 0.1, momentum = 0.9 }}
schedule = {{ name = "one_cycle" }}
"""


def write_clips(folder: Path, n: int, seed: int) -> None:
    """Clips (16, 20) in dB of three kinds: energy in low, middle or high bands."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, n)
    x = rng.normal(-50, 8, (n, 16, 20)).astype(np.float32)
    for row, kind in enumerate(label):
        x[row, 5 * kind : 5 * kind + 5] += 12
    write_folder(folder, np.clip(x, -80, 0)[..., None], np.eye(3, dtype=np.float32)[label])


@pytest.fixture
def recipe_text(tmp_path: Path) -> str:
    """A recipe over freshly written clips."""
    write_clips(tmp_path / "clips" / "train", 96, seed=1)
    write_clips(tmp_path / "clips" / "valid", 40, seed=2)
    return RECIPE.format(path=tmp_path / "clips")


@pytest.fixture
def recipe(recipe_text: str) -> Recipe:
    """That recipe, parsed."""
    return parse_recipe(recipe_text, where="recipe.toml")
