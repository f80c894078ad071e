"""A run, a file or a name to what answers: raw thing in, probabilities over named genres out."""

from earmark.classifier.answer import Answer, Verdict
from earmark.classifier.card import CARD, FORMAT, WEIGHTS, ClassifierCard, write_card
from earmark.classifier.files import Judging, predict_at, predict_files
from earmark.classifier.fusion import Fusion
from earmark.classifier.loading import DEFAULT, is_classifier, load, locate
from earmark.classifier.lyrics import predict_texts
from earmark.classifier.runs import build_model, load_run
from earmark.classifier.trained import Classifier

__all__ = [
    "CARD",
    "DEFAULT",
    "FORMAT",
    "WEIGHTS",
    "Answer",
    "Classifier",
    "ClassifierCard",
    "Fusion",
    "Judging",
    "Verdict",
    "build_model",
    "is_classifier",
    "load",
    "load_run",
    "locate",
    "predict_at",
    "predict_files",
    "predict_texts",
    "write_card",
]
