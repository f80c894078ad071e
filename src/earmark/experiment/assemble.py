"""From a recipe and its examples to all that a training needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.augment.chain import Augmentation, chain
from earmark.augment.random_crop import random_crop
from earmark.catalog import AUGMENTATIONS, AUTOENCODERS, AVERAGINGS, LOSSES, OPTIMISERS, SCHEDULES
from earmark.classifier import ClassifierCard, build_model
from earmark.errors import DataError, UsageError
from earmark.experiment.autoencoder import is_autoencoder
from earmark.experiment.fitting import is_estimator
from earmark.experiment.inheritance import Inheritance, start
from earmark.experiment.prepare import Prepared
from earmark.experiment.word_start import tell_words
from earmark.features.encoding import arrays, encoded, fitted, model_shape, scale_of
from earmark.recipe import InitSettings, Recipe
from earmark.training.averaging import Averaged
from earmark.training.balance import class_weights, weighted
from earmark.training.distributed import synchronised
from earmark.training.loop import Part, Plan, Trainee, seeded
from earmark.training.losses import Loss, squared_error
from earmark.training.precision import precision_on
from earmark.training.transfer import held_epochs, pace


@dataclass(frozen=True)
class Job:
    """A training ready to start: what is saved with the weights, what is changed, by which plan, on which examples.

    `inheritance` is what it starts from in place of random weights; None: nothing.
    """

    card: ClassifierCard
    trainee: Trainee
    plan: Plan
    train: Part
    valid: Part | None
    inheritance: Inheritance | None = None


def assemble(
    recipe: Recipe,
    prepared: Prepared,
    device: torch.device,
    *,
    on_batch: Callable[[int, int], None] | None = None,
    begun: Inheritance | None = None,
) -> Job:
    """Build the untrained model of the training's seed, with the scale, and the vocabulary, of the training part.

    What the recipe names to start from is loaded, unless the training has `begun` from it already.
    Raises DataError where there is nothing to train on, UsageError where the recipe's `keep` needs a validation part or
    its model is an estimator, which nothing here trains.
    """
    if is_estimator(recipe):
        raise UsageError(f"{recipe.model.name} is fitted at once, by earmark train; it has no epochs to watch or tune")
    settings = recipe.training
    if "train" not in prepared.parts:
        raise DataError(f"{prepared.dataset.name}: the split ({prepared.split.describe()}) leaves no track to train on")
    if "valid" not in prepared.parts and settings.keep != "last":
        raise UsageError(
            f"training.keep = {settings.keep!r} needs a validation part; set split.valid, or keep = 'last'"
        )
    shown, valid = prepared.parts["train"], prepared.parts.get("valid")
    genres = prepared.dataset.genres
    crop = prepared.features.crop_frames
    if crop is not None and crop > shown.shape[-1]:
        raise UsageError(f"features.crop_frames = {crop}, but the examples have only {shown.shape[-1]} frames")
    features = fitted(prepared.features, shown.x)
    x = arrays(encoded(features, shown.x))
    shape = model_shape(features, tuple(x.shape[1:]))
    standardiser = scale_of(features, x)
    reconstructs = is_autoencoder(recipe)
    with seeded(settings.seed, 0, device):
        model: nn.Module = (
            AUTOENCODERS.build(recipe.model.name, shape, options=recipe.model.options)
            if reconstructs
            else build_model(recipe.model, shape, len(genres))
        )
    tell_words(model, features)
    init = recipe.init
    inheritance = start(model, init) if init is not None and begun is None else begun
    loaded = inheritance.tensors.loaded if inheritance is not None else ()
    model = synchronised(model).to(device)
    optimiser = OPTIMISERS.build(settings.optimiser.name, model, options=settings.optimiser.options)
    if init is not None:
        pace(optimiser, model, init.learning_rate_factor, loaded)
    rule = settings.averaging
    return Job(
        ClassifierCard(
            genres=() if reconstructs else genres,
            model=recipe.model,
            shape=shape,
            features=features,
            standardiser=standardiser,
            trained_on=prepared.dataset.name,
            synthetic=prepared.dataset.synthetic,
        ),
        Trainee(
            model,
            optimiser,
            Averaged(model, AVERAGINGS.build(rule.name, options=rule.options)) if rule is not None else None,
        ),
        Plan(
            loss=squared_error if reconstructs else _loss(recipe, torch.from_numpy(shown.y), len(genres)),
            schedule=SCHEDULES.build(settings.schedule.name, options=settings.schedule.options),
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            seed=settings.seed,
            device=device,
            prepare=standardiser,
            augment=_augmentation(recipe, crop, len(genres)),
            clip_gradient=settings.clip_gradient,
            accumulate=settings.accumulate,
            schedule_epochs=settings.schedule_epochs,
            bfloat16=precision_on(device, settings.precision) == "bfloat16",
            balanced=settings.sampling == "balanced",
            views=prepared.features.views,
            reconstructs=reconstructs,
            held={} if init is None else held_epochs(model, init.learning_rate_factor, loaded, frozen=_frozen(init)),
            on_batch=on_batch,
        ),
        Part.of(x, shown.y),
        Part.of(arrays(encoded(features, valid.x)), valid.y) if valid is not None else None,
        inheritance,
    )


def _frozen(init: InitSettings) -> float:
    return math.inf if init.frozen_epochs == "all" else init.frozen_epochs


def _loss(recipe: Recipe, y: Tensor, classes: int) -> Loss:
    settings = recipe.training
    loss: Loss = LOSSES.build(settings.loss.name, options=settings.loss.options)
    return loss if settings.class_weights is None else weighted(loss, class_weights(y, classes))


def _augmentation(recipe: Recipe, crop: int | None, classes: int) -> Augmentation | None:
    augmentations = [AUGMENTATIONS.build(choice.name, options=choice.options) for choice in recipe.augment]
    if crop is not None:
        augmentations.insert(0, random_crop(frames=crop))
    return chain(augmentations, classes=classes) if augmentations else None
