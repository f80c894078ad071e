"""What stands in classifier.json, and where a classifier lies."""

from __future__ import annotations

from pathlib import Path

import msgspec

from earmark.atomic import write_bytes
from earmark.features.settings import Features
from earmark.features.standardise import Standardiser
from earmark.recipe import Choice

FORMAT = 1
CARD, WEIGHTS = "classifier.json", "weights.safetensors"


class ClassifierCard(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in classifier.json: all but the weights.

    `temperature` divides the logits of an example, `track_temperature` the logarithm of the mean probabilities of a
    track's examples; `calibrated_on` says what they were fitted on, None where nothing was.
    """

    genres: tuple[str, ...]
    model: Choice
    shape: tuple[int, ...]
    features: Features
    standardiser: Standardiser
    trained_on: str
    synthetic: bool
    temperature: float = 1.0
    track_temperature: float = 1.0
    calibrated_on: str | None = None
    format: int = FORMAT


def write_card(folder: Path, card: ClassifierCard) -> None:
    """Write classifier.json into `folder`."""
    write_bytes(folder / CARD, msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
