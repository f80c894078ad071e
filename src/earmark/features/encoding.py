"""From what examples are to what a model is fed: the same, but for texts, of which something is learned first."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from earmark.errors import ModelError
from earmark.features.on_demand import OnDemand
from earmark.features.plain_text import TextSettings
from earmark.features.settings import Features
from earmark.features.standardise import AS_IT_IS, Standardiser
from earmark.models.shapes import Input, WordShape
from earmark.models.text_bert import piece_shape
from earmark.text.texts import Texts

X = NDArray[Any] | OnDemand | Texts


def gives(features: Features) -> Input:
    """What a model is fed by these features."""
    return features.gives if isinstance(features, TextSettings) else "numbers"


def fitted(features: Features, shown: X) -> Features:
    """The features with what they learn of the training part's examples; those of sound and pictures learn nothing."""
    return features.fitted(shown) if isinstance(features, TextSettings) and isinstance(shown, Texts) else features


def encoded(features: Features, x: X) -> X:
    """What a model is fed of examples, by features that have learned.

    Raises ModelError where they have not, or read texts and these are none.
    """
    if not isinstance(features, TextSettings):
        return x
    if not isinstance(x, Texts):
        raise ModelError(f"examples of shape {x.shape} are no texts, which these features read")
    return features.encoded(x)


def arrays(x: X) -> NDArray[Any] | OnDemand:
    """What a network is fed. Raises ModelError where it is texts, which only estimators read."""
    if isinstance(x, Texts):
        raise ModelError("only an estimator reads whole texts; for a network, set features.name = 'words' or 'pieces'")
    return x


def scale_of(features: Features, x: X) -> Standardiser:
    """The scale of encoded training examples; texts have none."""
    return AS_IT_IS if isinstance(features, TextSettings) or isinstance(x, Texts) else features.scale(x)


def model_shape(features: Features, example: tuple[int, ...]) -> tuple[int, ...]:
    """What a model is built for, given the shape of one encoded example: that, cropped where the features say so."""
    if isinstance(features, TextSettings):
        return features.model_shape(example)
    crop = features.crop_frames
    return example if crop is None else (*example[:-1], min(crop, example[-1]))


def fed_shape(features: Features, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of one example that a model built for `shape` is fed; None of texts, which have none."""
    given = gives(features)
    if given == "words":
        return (WordShape(*shape).row,)
    if given == "pieces":
        return (piece_shape(shape).row,)
    return shape if given == "numbers" else None
