"""From a run's folder to its page and curves."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.atomic import write_bytes, write_text
from earmark.classifier import load_run
from earmark.errors import DataError
from earmark.experiment.evaluate import read_evaluations, read_headline
from earmark.experiment.inheritance import read_inheritance
from earmark.experiment.prepare import prepare
from earmark.experiment.reconstruct import evaluate_autoencoder
from earmark.features.encoding import fed_shape
from earmark.features.examples import Examples
from earmark.recipe import read_recipe
from earmark.report.data_facts import facts_of
from earmark.report.figures import draw_curves, draw_curves_png
from earmark.report.mistakes import confident_mistakes
from earmark.report.model_summary import summarise
from earmark.report.run_page import MISTAKES, RunPage, render_run
from earmark.run import Environment, open_run
from earmark.splits import read_split
from earmark.text.texts import Texts
from earmark.tracks import Dataset, Part
from earmark.training.checkpoint import read_progress
from earmark.training.history import read_history

HEADLINES: tuple[Part, ...] = ("test", "valid")


def write_report(path: Path) -> Path:
    """Write report.html and the curves of the run at `path`; gives where the page is.

    Raises DataError where the run has not been evaluated yet, or its data are gone: the page shows spectrograms.
    """
    run = open_run(path)
    if run.reconstruction.is_file():
        evaluate_autoencoder(run.folder)
        return run.report
    evaluations = read_evaluations(run)
    headline = next((part for part in HEADLINES if part in evaluations), None)
    if headline is None:
        raise DataError(f"{run.folder}: not evaluated yet; earmark evaluate {run.folder}, or train it to its end")
    classifier = load_run(run.folder)
    prepared = prepare(read_recipe(run.recipe), split=read_split(run.split), only=(headline,))
    predictions = read_headline(run, headline)
    history = read_history(run.history) if run.history.is_file() else []
    progress = read_progress(run.last)
    marks = {"kept_epoch": progress.best_epoch or None, "joined_after": progress.waiting_from or None}
    if history:
        write_text(run.curves("svg"), draw_curves(history, **marks))
        write_bytes(run.curves("png"), draw_curves_png(history, **marks))
    inheritance = read_inheritance(run)
    wrong = {mistake.id for mistake in confident_mistakes(predictions.by_song(), MISTAKES)}
    page = RunPage(
        name=run.name,
        recipe=read_recipe(run.recipe),
        model=summarise(
            classifier.card.model.name, classifier.model, fed_shape(classifier.card.features, classifier.card.shape)
        ),
        data=facts_of(prepared.dataset, prepared.split.parts),
        evaluations=[evaluations[headline], *(e for name, e in evaluations.items() if name != headline)],
        environment=_environment(msgspec.json.decode(run.environment.read_bytes(), type=Environment))
        | ({"weights at the start": inheritance.says} if inheritance is not None else {}),
        history=history,
        **marks,
        predictions=predictions,
        spectrograms=_first_clips(prepared.dataset, prepared.parts[headline], wrong),
    )
    write_text(run.report, render_run(page))
    return run.report


def _first_clips(dataset: Dataset, examples: Examples, wanted: Set[str]) -> dict[str, NDArray[np.float32]]:
    """The first example of each wanted song, where it is some numbers the picture they were made of; none of texts, or
    of some numbers of sound."""
    fed = not isinstance(examples.x, Texts) and examples.x.ndim >= 3
    if not fed and dataset.medium != "image":
        return {}
    first = {song: i for i, song in reversed(list(enumerate(examples.songs))) if song in wanted}
    if fed:
        return {song: np.asarray(examples.x[i : i + 1])[0] for song, i in first.items()}
    return {song: np.asarray(dataset.read(examples.tracks[examples.track[i]])) for song, i in first.items()}


def _environment(made_with: Environment) -> dict[str, str]:
    return {
        "earmark": made_with.earmark,
        "python": made_with.python,
        **made_with.packages,
        "platform": made_with.platform,
        "device": f"{made_with.device}, {made_with.threads} threads",
        **({"precision": made_with.precision} if made_with.precision else {}),
        "git commit": made_with.git_commit or "none",
        "data checksum": made_with.data_checksum,
        "started": made_with.started,
    }
