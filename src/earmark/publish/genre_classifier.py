"""A classifier behind scikit-learn's contract: fitted to arrays or sound in memory, without a data set or a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self, cast

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from earmark.audio.decode import read_audio
from earmark.audio.waveform import Waveform
from earmark.catalog import MODELS
from earmark.classifier import Classifier
from earmark.errors import ModelError
from earmark.experiment.assemble import assemble
from earmark.experiment.fitting import fit, is_estimator
from earmark.experiment.prepare import Prepared, features_of
from earmark.features.extract import extract
from earmark.models.estimator import Estimator
from earmark.recipe import Recipe, find_recipe, read_recipe
from earmark.splits import Split
from earmark.tracks import Dataset, Track
from earmark.training.checkpoint import to_device
from earmark.training.loop import train

Sound = Path | str | Waveform


class GenreClassifier(ClassifierMixin, BaseEstimator):
    """What a recipe trains, as an estimator of scikit-learn: `fit`, `predict`, `predict_proba`, `classes_`.

    recipe  of which the features, the model, the augmentation and the training are used, not the data and the split: a
            `Recipe`, or the path or name of one. `X` is then sound: paths of files, or `Waveform`s; a sound's
            probabilities are the mean over its clips. A training goes through all its epochs: no part is held out.
            None: `X` is an array (n, numbers), of which a `probe` learns with `model_options`.

    `fit` takes `groups` too: examples, or sounds, of one group are not independent of each other, such as an artist's;
    estimators calibrate themselves on groups held out. After it `classifier_` is the `Classifier` of a recipe, which
    `save_pretrained` writes down.

    ValueError is raised for what cannot be learned from, as everywhere in scikit-learn.
    """

    def __init__(
        self,
        recipe: Recipe | Path | str | None = None,
        *,
        model_options: dict[str, Any] | None = None,
        device: str = "cpu",
    ) -> None:
        self.recipe = recipe
        self.model_options = model_options
        self.device = device

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn from (n, numbers), or n sounds, and their n classes of any kind."""
        if self.recipe is None:
            X, y = validate_data(self, X, y, dtype=np.float64)  # noqa: N806
        check_classification_targets(y)
        self.classes_, places = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        kin = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
        try:
            if self.recipe is None:
                self._fit_numbers(X, places, kin)
            else:
                self.classifier_ = self._trained(_recipe(self.recipe), list(X), places, kin)
        except ModelError as error:
            raise ValueError(str(error)) from error
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Probabilities (n, classes) in the order of `classes_`."""
        check_is_fitted(self)
        if self.recipe is None:
            return self.estimator_.predict_proba(validate_data(self, X, dtype=np.float64, reset=False))
        return np.stack([self.classifier_.predict(sound).probabilities for sound in cast(Iterable[Sound], X)])

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The likeliest class of each, (n,)."""
        likeliest = self.predict_proba(X).argmax(1)
        found: NDArray[Any] = self.classes_[likeliest]
        return found

    def _fit_numbers(self, x: NDArray[np.float64], y: NDArray[np.int64], groups: NDArray[np.int64] | None) -> None:
        options = self.model_options or {}
        self.estimator_: Estimator = MODELS.build("probe", x.shape[1:], len(self.classes_), options=options)
        self.estimator_.fit(x, y, groups)

    def _trained(
        self, recipe: Recipe, sounds: Sequence[Sound], y: NDArray[np.int64], groups: NDArray[np.int64] | None
    ) -> Classifier:
        if len(sounds) != len(y):
            raise ModelError(f"{len(sounds)} sounds have {len(y)} classes; give one for each")
        genres = tuple(str(name) for name in self.classes_)
        tracks = tuple(
            Track(id=str(i), genres=(genres[place],), artist=None if groups is None else str(groups[i]))
            for i, place in enumerate(y)
        )

        def read(track: Track) -> Waveform:
            sound = sounds[int(track.id)]
            return sound if isinstance(sound, Waveform) else read_audio(Path(sound))

        dataset = Dataset(name="sounds in memory", medium="audio", genres=genres, tracks=tracks, read=read)
        features = features_of(recipe)
        extraction = extract(dataset, tracks, features)
        if extraction.skipped:
            raise ModelError(f"sound {extraction.skipped[0].where}: {extraction.skipped[0].what}")
        split = Split(kind="as_given", parts={track.id: "train" for track in tracks})
        prepared = Prepared(dataset, split, features, {"train": extraction.examples})
        if is_estimator(recipe):
            card, model = fit(recipe, prepared)
            return Classifier(card, model.eval(), name="fitted")
        device = to_device(self.device)
        job = assemble(recipe, prepared, device)
        for _ in train(job.trainee, job.train, None, job.plan):
            pass
        return Classifier(job.card, job.trainee.judged.eval(), name="fitted")


def _recipe(recipe: Recipe | Path | str) -> Recipe:
    """The recipe, trained to its last epoch."""
    found = recipe if isinstance(recipe, Recipe) else read_recipe(find_recipe(str(recipe)))
    return msgspec.structs.replace(found, training=msgspec.structs.replace(found.training, keep="last", patience=None))
