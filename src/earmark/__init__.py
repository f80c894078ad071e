"""earmark names the genre of music and says how far the answer can be trusted.

import earmark

classifier = earmark.load("runs/2026-11-21T10-32-07-parallel_cnn-s1")
print(classifier.predict("song.mp3").genre)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earmark.classifier import load as load
    from earmark.experiment.evaluate import evaluate as evaluate
    from earmark.experiment.evaluate import evaluate_on as evaluate_on
    from earmark.experiment.train import resume as resume
    from earmark.experiment.train import train as train
    from earmark.publish.genre_classifier import GenreClassifier as GenreClassifier
    from earmark.recipe import find_recipe as find_recipe
    from earmark.recipe import read_recipe as read_recipe

__version__ = "0.1.0"

# Looked up on first use, so that `import earmark` does not wait for torch.
_HOMES = {
    "GenreClassifier": "earmark.publish.genre_classifier",
    "load": "earmark.classifier",
    "evaluate": "earmark.experiment.evaluate",
    "evaluate_on": "earmark.experiment.evaluate",
    "resume": "earmark.experiment.train",
    "train": "earmark.experiment.train",
    "find_recipe": "earmark.recipe",
    "read_recipe": "earmark.recipe",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'earmark' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
