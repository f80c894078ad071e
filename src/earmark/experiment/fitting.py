"""Training without epochs: an estimator is fitted to the training part at once."""

from __future__ import annotations

import numpy as np
import torch

from earmark.catalog import MODELS
from earmark.classifier import ClassifierCard
from earmark.errors import DataError, UsageError
from earmark.experiment.autoencoder import is_autoencoder
from earmark.experiment.prepare import Prepared
from earmark.features.encoding import encoded, fitted, model_shape, scale_of
from earmark.models.estimator import Fitted
from earmark.recipe import Recipe
from earmark.text.texts import Texts


def is_estimator(recipe: Recipe) -> bool:
    """Whether the recipe's model is fitted and not trained by gradients."""
    return not is_autoencoder(recipe) and callable(getattr(MODELS.find(recipe.model.name), "predict_proba", None))


def fit(recipe: Recipe, prepared: Prepared) -> tuple[ClassifierCard, Fitted]:
    """Fit the recipe's estimator to the training part on its scale; tracks of one artist, or song, are one group.

    Of the recipe's training, nothing but the model is used. Raises DataError where there is nothing to learn from,
    UsageError where the recipe asks for crops, augmentation or balance, which take epochs.
    """
    if "train" not in prepared.parts:
        raise DataError(f"{prepared.dataset.name}: the split ({prepared.split.describe()}) leaves no track to train on")
    if recipe.augment or prepared.features.crop_frames is not None:
        raise UsageError(
            f"{recipe.model.name} sees each example once, as it is; leave augment and features.crop_frames out"
        )
    if recipe.training.class_weights is not None or recipe.training.sampling is not None:
        raise UsageError(
            f"{recipe.model.name} is fitted without epochs; leave training.class_weights and training.sampling out "
            "(some such models have an option class_weights of their own)"
        )
    shown = prepared.parts["train"]
    features = fitted(prepared.features, shown.x)
    given = encoded(features, shown.x)
    card = ClassifierCard(
        genres=prepared.dataset.genres,
        model=recipe.model,
        shape=model_shape(features, tuple(given.shape[1:])),
        features=features,
        standardiser=scale_of(features, given),
        trained_on=prepared.dataset.name,
        synthetic=prepared.dataset.synthetic,
        calibrated_on="training tracks that it held out in turn",
    )
    estimator = MODELS.build(recipe.model.name, card.shape, len(card.genres), options=recipe.model.options)
    x = given if isinstance(given, Texts) else card.standardiser(torch.from_numpy(np.array(given))).numpy()
    kin = np.array([track.artist or track.song for track in shown.tracks])
    groups = np.unique(kin[shown.track], return_inverse=True)[1]
    return card, Fitted(estimator).fit(x, shown.y, groups)
