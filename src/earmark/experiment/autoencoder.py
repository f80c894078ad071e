"""Recipes whose model gives back what it is fed: how they are told, and what they may not ask for."""

from __future__ import annotations

from earmark.catalog import AUTOENCODERS
from earmark.errors import UsageError
from earmark.recipe import Choice, Recipe


def is_autoencoder(recipe: Recipe) -> bool:
    """Whether the recipe's model gives back what it is fed, and names no classes."""
    return recipe.model.name in AUTOENCODERS.names()


def check_autoencoder(recipe: Recipe) -> None:
    """Refuse what only a classifier can be asked for. Raises UsageError."""
    if recipe.features.name != "pixels":
        raise UsageError(f"{recipe.model.name} gives pictures back; set features.name = 'pixels'")
    if recipe.training.loss != Choice("cross_entropy"):
        raise UsageError(f"{recipe.model.name} learns by mean squared error; leave training.loss out")
    if recipe.training.class_weights is not None or recipe.training.sampling is not None:
        raise UsageError(f"{recipe.model.name} knows no classes to balance; leave class_weights and sampling out")
    if recipe.training.keep == "best_valid_accuracy":
        raise UsageError(
            f"{recipe.model.name} has no accuracy to choose an epoch by; "
            "set training.keep = 'best_valid_loss' or 'last'"
        )
