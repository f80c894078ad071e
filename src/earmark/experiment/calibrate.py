"""The temperatures of a trained classifier, from the validation part."""

from __future__ import annotations

import msgspec
import numpy as np

from earmark.classifier import Classifier
from earmark.evaluation.calibration import fit_temperature
from earmark.experiment.prepare import Prepared
from earmark.models.estimator import Fitted
from earmark.predictions import Predictions

DECIMALS = 4


def calibrated(classifier: Classifier, prepared: Prepared) -> Classifier:
    """The classifier with the temperatures that suit the validation part best.

    One temperature is for clips, one for whole tracks, which is the same where the songs are unknown. Without a
    validation part the classifier stays as it is, and so does an estimator: that calibrated itself on the training
    part, which is larger, and on groups it held out.
    """
    valid = prepared.parts.get("valid")
    if valid is None or isinstance(classifier.model, Fitted):
        return classifier
    clips = Predictions(classifier.genres, valid.ids, valid.songs, valid.y, classifier.uncalibrated(valid.x))
    judged, unit = (clips.by_song(), "track") if prepared.dataset.songs_known else (clips, "clip")
    card = msgspec.structs.replace(
        classifier.card,
        temperature=_temperature(clips),
        track_temperature=_temperature(judged),
        calibrated_on=f"{len(judged)} {unit}s of the validation part",
    )
    return Classifier(card, classifier.model, name=classifier.name)


def _temperature(judged: Predictions) -> float:
    logits = np.log(np.maximum(judged.probabilities, np.finfo(np.float64).tiny))
    return round(fit_temperature(logits, judged.truth), DECIMALS)
