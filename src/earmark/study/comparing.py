"""From the results and runs of a study to the page that compares its recipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from earmark.atomic import write_bytes, write_text
from earmark.errors import DataError
from earmark.evaluation.comparison import Comparison, compare
from earmark.evaluation.scores import Score
from earmark.experiment.autoencoder import is_autoencoder
from earmark.experiment.evaluate import read_evaluations, read_headline
from earmark.predictions import Predictions, joined
from earmark.recipe import Recipe, SplitSettings, read_recipe
from earmark.report.contenders import Contender, Training
from earmark.report.study_page import StudyPage, render_study
from earmark.report.study_pdf import render_study_pdf
from earmark.run import Run
from earmark.study.results import Result
from earmark.training.checkpoint import read_progress
from earmark.training.history import read_history
from earmark.wording import wording_of

Found = Mapping[int | None, Sequence[Result]]  # the results of a recipe by fold, each fold's by seed


def write_comparison(
    folder: Path,
    results: Sequence[Result],
    *,
    runs: Path = Path("runs"),
    overrides: Sequence[str] = (),
    pdf: bool = False,
) -> list[Path]:
    """Write comparison.html, and .pdf if asked, beside the runs of the study of `folder`; gives their paths.

    Shown are the results of the recipes as they are now, with `overrides`, but for autoencoders; those on different
    data in tables of their own. Runs that are gone are left out of what takes more than results. Raises DataError where
    there is no such result.
    """
    recipes = {path.stem: read_recipe(path, overrides=overrides) for path in sorted(folder.glob("*.toml"))}
    recipes = {stem: recipe for stem, recipe in recipes.items() if not is_autoencoder(recipe)}
    found = {stem: _found(recipe, results) for stem, recipe in recipes.items()}
    shown = {stem: recipe for stem, recipe in recipes.items() if found[stem]}
    if not shown:
        raise DataError(f"{folder.name}: no training of its recipes, as they are now, stands in the results")
    groups = list(dict.fromkeys(map(_data, shown.values())))
    remarks: dict[str, list[str]] = {data: [] for data in groups}
    for data in dict.fromkeys(map(_data, recipes.values())):
        if waiting := [stem for stem, recipe in recipes.items() if stem not in shown and _data(recipe) == data]:
            remarks[data if data in remarks else groups[0]].append(f"Not trained yet: {', '.join(waiting)}.")
    if other := len(results) - sum(len(each) for folds in found.values() for each in folds.values()):
        remarks[groups[0]].append(f"Left out: {other} trainings of recipes that have changed since, or are gone.")
    inside = runs / folder.name
    pages: list[StudyPage] = []
    for data in groups:
        alike = {stem: recipe for stem, recipe in shown.items() if _data(recipe) == data}
        pages.append(_page(folder.name, data, alike, found, inside, remarks[data]))
    target = inside / "comparison.html"
    write_text(target, render_study(*pages))
    if not pdf:
        return [target]
    write_bytes(target.with_suffix(".pdf"), render_study_pdf(*pages))
    return [target, target.with_suffix(".pdf")]


def _found(recipe: Recipe, results: Sequence[Result]) -> Found:
    """Its results; a digest tells the fold, of lines too that do not say it."""
    found = {
        asked.split.fold: sorted((r for r in results if r.digest == asked.digest), key=lambda r: r.seed)
        for asked in recipe.folds
    }
    return {fold: each for fold, each in found.items() if each}


def _data(recipe: Recipe) -> str:
    """The data that a recipe is judged on: what is compared is on the same."""
    path = recipe.data.options.get("path")
    return recipe.data.name if path is None else Path(str(path)).name.partition(".")[0]


def _page(
    name: str, data: str, recipes: Mapping[str, Recipe], found: Mapping[str, Found], inside: Path, remarks: list[str]
) -> StudyPage:
    first = next(iter(recipes.values()))
    level = first.evaluation.interval
    remarks = list(remarks)
    runs = {stem: [r.run for each in found[stem].values() for r in each] for stem in recipes}
    if gone := [stem for stem in recipes if not all(_is_there(inside / run) for run in runs[stem])]:
        remarks.append(
            f"Runs are gone of {', '.join(gone)}: shown are the results that were written down, with the mean of the "
            "seeds' own intervals; curves, confusions and differences are left out."
        )
    judged = {stem: _judged(recipes[stem], found[stem], inside) for stem in recipes if stem not in gone}
    if missing := [stem for stem, seeds in judged.items() if not seeds]:
        remarks.append(
            f"Folds are missing of {', '.join(missing)}: shown are the means of those trained, with the mean of their "
            "own intervals."
        )
    comparison: Comparison | None = None
    try:
        whole = {stem: seeds for stem, seeds in judged.items() if seeds}
        comparison = compare(whole, level=level) if whole else None
        nameless = [stem for stem, seeds in whole.items() if not all(said.artists for said in seeds)]
        if 0 < len(nameless) < len(whole):
            remarks.append(
                f"Intervals are over songs, since predictions of {', '.join(nameless)} name no artists: "
                "earmark evaluate RUN on those runs writes them down."
            )
    except DataError as error:
        remarks.append(f"Differences are not tested: {error}.")
    return StudyPage(
        name=name,
        data=data,
        level=level,
        contenders=[
            Contender(
                stem,
                recipe.digest,
                recipe.rationale,
                [_training(r, fold, inside) for fold, each in found[stem].items() for r in each],
                split=_split(recipe.split),
                study=recipe.study,
            )
            for stem, recipe in recipes.items()
        ],
        comparison=comparison,
        remarks=remarks,
        wording=wording_of(first.data.name),
    )


def _split(settings: SplitSettings) -> str:
    """How the tracks are shared out among folds; empty without any: evaluations tell it better."""
    if settings.folds is None or settings.fold is not None:
        return ""
    return f"{settings.kind.replace('_', ' ')}, {settings.folds} folds, seed {settings.seed}"


def _is_there(folder: Path) -> bool:
    return Run(folder).metrics.is_file()


def _judged(recipe: Recipe, found: Found, inside: Path) -> list[Predictions]:
    """Of each seed that has been trained on all folds: what was answered over all of them."""
    folds = [{result.seed: result for result in found.get(asked.split.fold, ())} for asked in recipe.folds]
    seeds = sorted(set.intersection(*(set(fold) for fold in folds)))
    return [joined([_predictions(fold[seed], inside) for fold in folds]) for seed in seeds]


def _predictions(result: Result, inside: Path) -> Predictions:
    """By song where the songs are known."""
    predictions = read_headline(Run(inside / result.run), result.part)
    return predictions.by_song() if result.unit == "track" else predictions


def _training(result: Result, fold: int | None, inside: Path) -> Training:
    run = Run(inside / result.run)
    there = _is_there(run.folder)
    return Training(
        seed=result.seed,
        fold=fold,
        run=result.run,
        part=result.part,
        unit=result.unit,
        n=result.n,
        accuracy=Score(result.accuracy, result.low, result.high),
        macro_f1=result.macro_f1,
        majority=result.majority,
        parameters=result.parameters,
        epochs=result.epochs,
        kept_epoch=result.kept_epoch,
        minutes=result.minutes,
        evaluation=read_evaluations(run)[result.part] if there else None,
        history=read_history(run.history) if run.history.is_file() else (),
        joined_after=read_progress(run.last).waiting_from,
    )
