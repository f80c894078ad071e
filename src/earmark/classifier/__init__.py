"""A run, a file or a name to what answers: raw thing in, probabilities over named genres out."""

from earmark.classifier.answer import Answer, Verdict
from earmark.classifier.card import CARD, FORMAT, WEIGHTS, ClassifierCard, is_classifier, write_card
from earmark.classifier.files import predict_files
from earmark.classifier.loading import build_model, load
from earmark.classifier.trained import Classifier

__all__ = [
    "CARD",
    "FORMAT",
    "WEIGHTS",
    "Answer",
    "Classifier",
    "ClassifierCard",
    "Verdict",
    "build_model",
    "is_classifier",
    "load",
    "predict_files",
    "write_card",
]
