"""A run, a file or a name to what answers: raw thing in, probabilities over named genres out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earmark.classifier.answer import Answer as Answer
    from earmark.classifier.answer import Verdict as Verdict
    from earmark.classifier.card import CARD as CARD
    from earmark.classifier.card import FORMAT as FORMAT
    from earmark.classifier.card import WEIGHTS as WEIGHTS
    from earmark.classifier.card import ClassifierCard as ClassifierCard
    from earmark.classifier.card import write_card as write_card
    from earmark.classifier.exported import Exported as Exported
    from earmark.classifier.files import Judging as Judging
    from earmark.classifier.files import predict_at as predict_at
    from earmark.classifier.files import predict_files as predict_files
    from earmark.classifier.fusion import Fusion as Fusion
    from earmark.classifier.loading import locate as locate
    from earmark.classifier.lyrics import predict_texts as predict_texts
    from earmark.classifier.opening import DEFAULT as DEFAULT
    from earmark.classifier.opening import is_classifier as is_classifier
    from earmark.classifier.opening import load as load
    from earmark.classifier.opening import located as located
    from earmark.classifier.runs import build_model as build_model
    from earmark.classifier.runs import load_run as load_run
    from earmark.classifier.trained import Classifier as Classifier

# Looked up on first use, so that an exported classifier answers where torch is not installed.
_HOMES = {
    "Answer": "answer",
    "CARD": "card",
    "Classifier": "trained",
    "ClassifierCard": "card",
    "DEFAULT": "opening",
    "Exported": "exported",
    "FORMAT": "card",
    "Fusion": "fusion",
    "Judging": "files",
    "Verdict": "answer",
    "WEIGHTS": "card",
    "build_model": "runs",
    "is_classifier": "opening",
    "load": "opening",
    "load_run": "runs",
    "locate": "loading",
    "located": "opening",
    "predict_at": "files",
    "predict_files": "files",
    "predict_texts": "lyrics",
    "write_card": "card",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'earmark.classifier' has no attribute {name!r}")
    return getattr(importlib.import_module(f"earmark.classifier.{_HOMES[name]}"), name)
