"""From a recipe to the examples of each part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from earmark.catalog import (
    AUGMENTATIONS,
    AUTOENCODERS,
    AVERAGINGS,
    DATASETS,
    FEATURES,
    LOSSES,
    MODELS,
    OPTIMISERS,
    SCHEDULES,
)
from earmark.errors import DataError, UsageError
from earmark.experiment.autoencoder import check_autoencoder, is_autoencoder
from earmark.experiment.training_log import check_log
from earmark.experiment.watcher import Watcher
from earmark.features.cache import FeatureCache
from earmark.features.encoding import gives
from earmark.features.examples import Examples
from earmark.features.extract import extract
from earmark.features.pixels import Pixels
from earmark.features.settings import Features
from earmark.models.ensemble import ENSEMBLE
from earmark.models.shapes import Input, input_of
from earmark.recipe import Recipe
from earmark.splits import Split, draw
from earmark.tracks import Dataset, Part
from earmark.wording import plural

READ: dict[Input, str] = {
    "numbers": "arrays of numbers",
    "words": "rows of word ids",
    "pieces": "rows of pieces of words",
    "texts": "whole texts",
}


@dataclass(frozen=True)
class Prepared:
    """A recipe's data: who is judged, and the examples; nothing has been learned from any of them yet."""

    dataset: Dataset
    split: Split
    features: Features
    parts: dict[Part, Examples]


def check(recipe: Recipe) -> None:
    """Refuse a recipe that names something unknown, needs what is not installed, or is not trained.

    Nothing is read for it. Raises UsageError.
    """
    if recipe.model.name == ENSEMBLE:
        raise UsageError("an ensemble is made of finished runs, by earmark train: it has no training of its own")
    for catalog, choice in (
        (DATASETS, recipe.data),
        (FEATURES, recipe.features),
        (AUTOENCODERS if is_autoencoder(recipe) else MODELS, recipe.model),
        (OPTIMISERS, recipe.training.optimiser),
        (SCHEDULES, recipe.training.schedule),
        (LOSSES, recipe.training.loss),
        *((AVERAGINGS, choice) for choice in [recipe.training.averaging] if choice is not None),
        *((AUGMENTATIONS, choice) for choice in recipe.augment),
    ):
        catalog.check(choice.name, choice.options)
    check_log(recipe)
    if is_autoencoder(recipe):
        check_autoencoder(recipe)
    else:
        _check_fit(recipe)


def _check_fit(recipe: Recipe) -> None:
    """Refuse features that the recipe's model does not read, and augmentation of what is no spectrogram."""
    taken, given = input_of(MODELS.find(recipe.model.name)), gives(features_of(recipe))
    if taken != given:
        wanted = "another model.name" if taken == "numbers" else f"features.name = {taken!r}"
        raise UsageError(
            f"{recipe.model.name} reads {READ[taken]}, and features {recipe.features.name!r} give {READ[given]}; "
            f"set {wanted}"
        )
    if recipe.augment and given != "numbers":
        raise UsageError(f"augment changes spectrograms, not {READ[given]}; leave it out")


def features_of(recipe: Recipe) -> Features:
    """The features that the recipe asks for."""
    features: Features = FEATURES.build(recipe.features.name, options=recipe.features.options)
    return features


def prepare(
    recipe: Recipe,
    *,
    split: Split | None = None,
    only: Sequence[Part] = ("train", "valid", "test"),
    watcher: Watcher | None = None,
) -> Prepared:
    """Build the data set, share out its tracks (or take `split`), and make the examples of the parts in `only`.

    Raises DataError where a track to be trained or judged on has no genre.
    """
    watcher = watcher or Watcher()
    watcher.stage(f"reading {recipe.data.name}")
    dataset: Dataset = DATASETS.build(recipe.data.name, options=recipe.data.options)
    split = split or draw(dataset, **msgspec.structs.asdict(recipe.split))
    features = features_of(recipe)
    if isinstance(features, Pixels):
        features = msgspec.structs.replace(features, drawing=dataset.drawing)
    cache = FeatureCache()
    parts: dict[Part, Examples] = {}
    for part in only:
        tracks = split.tracks(dataset, part)
        if not tracks:
            continue
        watcher.stage(f"features of {len(tracks)} {part} {plural(dataset.wording.track)}")
        extraction = extract(dataset, tracks, features, cache=cache, on_track=watcher.step)
        watcher.skipped(extraction.skipped)
        parts[part] = extraction.examples
    unknown = [examples.ids[i] for examples in parts.values() for i in np.flatnonzero(examples.y < 0)[:1]]
    if unknown:
        raise DataError(f"{dataset.name}: {unknown[0]} has no genre; tracks to train or judge on need one")
    return Prepared(dataset, split, features, parts)
