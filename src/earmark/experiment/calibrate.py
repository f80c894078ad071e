"""The temperature of a trained classifier, from the validation part."""

from __future__ import annotations

import msgspec
import numpy as np

from earmark.classifier import Classifier
from earmark.evaluation.calibration import fit_temperature
from earmark.experiment.prepare import Prepared
from earmark.models.estimator import Fitted

DECIMALS = 4


def calibrated(classifier: Classifier, prepared: Prepared) -> Classifier:
    """The classifier with the temperature that suits the validation part best.

    It is fitted to what is answered: over whole tracks where the songs are known, else over clips. Without a validation
    part the classifier stays as it is, and so does an estimator: that calibrated itself on the training part, which is
    larger, and on groups it held out.
    """
    valid = prepared.parts.get("valid")
    if valid is None or isinstance(classifier.model, Fitted):
        return classifier
    as_trained = Classifier(
        msgspec.structs.replace(classifier.card, temperature=1.0), classifier.model, name=classifier.name
    )
    logits = np.log(np.maximum(as_trained.probabilities(valid.x), np.finfo(np.float64).tiny))
    songs = valid.songs if prepared.dataset.songs_known else None
    n, unit = (len(valid), "clips") if songs is None else (len(set(songs)), "tracks")
    card = msgspec.structs.replace(
        classifier.card,
        temperature=round(fit_temperature(logits, valid.y, songs), DECIMALS),
        calibrated_on=f"{n} {unit} of the validation part",
    )
    return Classifier(card, classifier.model, name=classifier.name)
