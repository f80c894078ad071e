"""The page of an autoencoder's run: what pictures lost, in figures and side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.evaluation.reconstruction import Reconstruction
from earmark.recipe import Recipe
from earmark.report.line_chart import line_chart
from earmark.report.model_summary import ModelSummary
from earmark.report.pages import render
from earmark.report.pictures import data_uri, spectrogram_png
from earmark.training.history import Epoch

PAIRS, COLUMNS = 32, 8
GAP, MAGNIFIED = 2, 2  # pixels between pictures, and screen pixels for one of theirs


@dataclass(frozen=True)
class ReconstructionPage:
    """All that the page shows.

    figures          one of each part, in the order to show
    pictures, given  (n, channels, height, width) in 0…1 of the part `shown_part`: originals, and what came back
    """

    name: str
    recipe: Recipe
    model: ModelSummary
    figures: Sequence[Reconstruction]
    history: Sequence[Epoch]
    kept_epoch: int | None
    shown_part: str
    pictures: NDArray[np.float32]
    given: NDArray[np.float32]


def render_reconstruction(page: ReconstructionPage) -> str:
    """The page as one HTML file that needs no network; the same bytes for the same input."""
    return render(
        "reconstruction.html",
        page=page,
        grid=data_uri(spectrogram_png(picture_grid(page.pictures, page.given))),
        chart=line_chart(page.history, "loss", kept_epoch=page.kept_epoch),
    )


def picture_grid(pictures: NDArray[np.float32], given: NDArray[np.float32]) -> NDArray[np.float32]:
    """Originals in rows of 8, what came back below each: (channels, height, width) in 0…1, on white, twice the size."""
    n, channels, height, width = pictures.shape
    columns = min(COLUMNS, n)
    rows = 2 * -(-n // columns)
    grid = np.ones((channels, rows * (height + GAP), columns * (width + GAP)), np.float32)
    for number in range(n):
        for below, source in enumerate((pictures, given)):
            top = (2 * (number // columns) + below) * (height + GAP)
            left = (number % columns) * (width + GAP)
            grid[:, top : top + height, left : left + width] = source[number]
    return grid.repeat(MAGNIFIED, 1).repeat(MAGNIFIED, 2)
