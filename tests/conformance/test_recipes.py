"""What every shipped recipe must be, by being listed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from earmark.catalog import (
    AUGMENTATIONS,
    AUTOENCODERS,
    DATASETS,
    FEATURES,
    LOSSES,
    MODELS,
    OPTIMISERS,
    SCHEDULES,
    Catalog,
)
from earmark.errors import nearest
from earmark.experiment.autoencoder import is_autoencoder
from earmark.models.ensemble import ENSEMBLE
from earmark.recipe import Choice, Recipe, find_recipe, parse_recipe, read_recipe, recipe_names

pytestmark = pytest.mark.parametrize("name", recipe_names())


def choices(recipe: Recipe) -> Iterator[tuple[Catalog, Choice]]:
    yield DATASETS, recipe.data
    yield FEATURES, recipe.features
    if recipe.model.name != ENSEMBLE:  # which is made of other runs, and takes no options but these
        yield AUTOENCODERS if is_autoencoder(recipe) else MODELS, recipe.model
    yield OPTIMISERS, recipe.training.optimiser
    yield SCHEDULES, recipe.training.schedule
    yield LOSSES, recipe.training.loss
    for augmentation in recipe.augment:
        yield AUGMENTATIONS, augmentation


def test_names_what_exists_with_options_that_exist(name):
    unknown = [
        f"{catalog.kind} {choice.name!r} has no option {option!r}{nearest(option, catalog.options(choice.name))}"
        for catalog, choice in choices(read_recipe(find_recipe(name)))
        for option in choice.options
        if option not in catalog.options(choice.name)
    ]
    assert unknown == []


def test_an_ensemble_names_runs_alone(name):
    recipe = read_recipe(find_recipe(name))
    assert (recipe.model.name == ENSEMBLE) == (list(recipe.model.options) == ["runs"])


def test_says_why_it_is_as_it_is(name):
    assert len(read_recipe(find_recipe(name)).rationale.split()) >= 5


def test_is_the_same_when_written_out(name):
    recipe = read_recipe(find_recipe(name))
    assert parse_recipe(recipe.to_toml(), where=name) == recipe


def test_names_its_format(name):
    assert "format = 1" in find_recipe(name).read_text(encoding="utf-8").splitlines()
