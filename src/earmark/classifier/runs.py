"""The classifier that a run has left, read from its folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from earmark.classifier.card import CARD, FORMAT, WEIGHTS, ClassifierCard
from earmark.classifier.trained import Classifier
from earmark.errors import EarmarkError, ModelError
from earmark.models.ensemble import build_network
from earmark.recipe import Choice
from earmark.run import open_run


def build_model(choice: Choice, shape: tuple[int, ...], classes: int) -> nn.Module:
    """The untrained network of that name and options, for examples of `shape`."""
    return build_network(choice.name, shape, classes, choice.options)


def load_run(path: Path | str, *, device: str = "cpu") -> Classifier:
    """The classifier in a run's folder, or in the newest run of a folder of runs.

    Raises ModelError where there is none, or it is damaged or newer than this earmark.
    """
    folder = Path(path)
    if not (folder / CARD).is_file() and holds_runs(folder):
        folder = open_run(folder).folder
    card = read_card(folder)
    with _readable(folder):
        model = build_model(card.model, card.shape, len(card.genres))
        model.load_state_dict(load_file(folder / WEIGHTS))
    return Classifier(card, model.to(device).eval(), name=folder.resolve().name)


def read_card(folder: Path) -> ClassifierCard:
    """What stands in the classifier.json of a run's folder, without its weights. Raises ModelError as `load_run`."""
    with _readable(folder):
        content: Any = msgspec.json.decode((folder / CARD).read_bytes())
        if content["format"] != FORMAT:
            raise ModelError(f"format {content['format']!r} is not the {FORMAT} this earmark reads; update earmark")
        content["features"].setdefault("kind", "log_mel")  # which cards did not name while there was no other
        return msgspec.convert(content, ClassifierCard)


@contextlib.contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """Whatever reading a classifier trips over while the block runs becomes a ModelError of that folder."""
    try:
        yield
    except FileNotFoundError as error:
        missing = Path(error.filename).name if error.filename else WEIGHTS
        raise ModelError(
            f"{folder}: no classifier: {missing} is missing; a run has it from its first finished epoch on"
        ) from error
    except (EarmarkError, OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        # Of what does not fit, torch says the network first and all tensors after it: two lines are enough.
        why = " ".join(line.strip() for line in str(error).splitlines()[:2])
        raise ModelError(f"{folder}: the classifier cannot be read: {why}") from error


def holds_runs(folder: Path) -> bool:
    """Whether there is a run with a classifier in `folder`."""
    return folder.is_dir() and any(folder.glob(f"*/{CARD}"))
