"""The page of a run: what was measured, on what, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from earmark.evaluation.scores import Evaluation, Scores
from earmark.predictions import Predictions
from earmark.recipe import Recipe
from earmark.report.confidence import confidence_of
from earmark.report.data_facts import DataFacts
from earmark.report.line_chart import line_chart
from earmark.report.mistakes import confident_mistakes, top_confusions
from earmark.report.model_summary import ModelSummary
from earmark.report.pages import render
from earmark.report.pictures import data_uri, spectrogram_png
from earmark.training.history import Epoch

MATRIX_CLASSES = 30  # with more, a matrix is unreadable and the commonest confusions are listed instead
ROOMY_CLASSES = 12  # up to here each cell has space for its row percentage
CONFUSIONS = 30
MISTAKES = 20
PICTURES = 8  # of the mistakes: the page stays below half a megabyte


@dataclass(frozen=True)
class RunPage:
    """All that the page of a run shows.

    name          the run's folder name
    recipe        as resolved
    model         from `earmark.report.model_summary.summarise`
    data          from `earmark.report.data_facts.facts_of`
    evaluations   the first is the headline: put test before validation where there is one
    environment   what it was made with, in the order to show: versions, platform, device, git commit, data checksum
    history       one row an epoch; empty for a model that is not trained in epochs
    kept_epoch    the epoch whose weights were kept
    joined_after  the epoch after which the finished training went on
    predictions   of the headline's part, clips or tracks; the most confident mistakes are read from its songs, and
                  how far to trust a probability
    spectrograms  song → float32 (bands, frames) in dB; the first mistakes that stand here are shown as pictures
    """

    name: str
    recipe: Recipe
    model: ModelSummary
    data: DataFacts
    evaluations: Sequence[Evaluation]
    environment: Mapping[str, str]
    history: Sequence[Epoch] = ()
    kept_epoch: int | None = None
    joined_after: int | None = None
    predictions: Predictions | None = None
    spectrograms: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """One cell of a confusion matrix; `share` is of its row, 0 to 1."""

    guess: str
    count: int
    share: float
    right: bool


def matrix(scores: Scores) -> list[tuple[str, list[Cell]]]:
    """The rows of a confusion matrix with the true genre of each; a genre that never occurs has shares of 0."""
    names = [genre.genre for genre in scores.genres]
    return [
        (
            names[truth],
            [Cell(names[guess], n, n / max(sum(row), 1), guess == truth) for guess, n in enumerate(row)],
        )
        for truth, row in enumerate(scores.confusion)
    ]


def render_run(page: RunPage) -> str:
    """The page as one HTML file that needs no network; the same bytes for the same input."""
    mistakes = confident_mistakes(page.predictions.by_song(), MISTAKES) if page.predictions is not None else []
    confidence = confidence_of(page.evaluations[0], page.predictions) if page.predictions is not None else None
    shown = [mistake.id for mistake in mistakes if mistake.id in page.spectrograms][:PICTURES]
    return render(
        "run.html",
        page=page,
        wording=page.data.wording,
        synthetic=page.data.synthetic or any(evaluation.synthetic for evaluation in page.evaluations),
        charts=[
            line_chart(page.history, figure, kept_epoch=page.kept_epoch, joined_after=page.joined_after)
            for figure in ("loss", "accuracy")
        ],
        confidence=confidence,
        mistakes=mistakes,
        pictures={song: data_uri(spectrogram_png(page.spectrograms[song])) for song in shown},
        matrix=matrix,
        top_confusions=lambda scores: top_confusions(scores, CONFUSIONS),
        matrix_classes=MATRIX_CLASSES,
        roomy_classes=ROOMY_CLASSES,
    )
