"""What a network that reads words is told of them before its training, and never again."""

from __future__ import annotations

from torch import nn

from earmark.features.settings import Features
from earmark.features.word_vectors import word_vectors
from earmark.features.words import Words
from earmark.models.word_input import WordInput


def tell_words(model: nn.Module, features: Features) -> None:
    """Tell a network how the words of the training part's vocabulary are spelt, and give them the vectors it names.

    What it is told is part of its weights. Raises UsageError where the vectors do not fit, and what `word_vectors`
    raises.
    """
    if not isinstance(features, Words):
        return
    for module in model.modules():
        if isinstance(module, WordInput):
            module.begin(features.vocabulary, word_vectors(module.vectors) if module.vectors is not None else None)
