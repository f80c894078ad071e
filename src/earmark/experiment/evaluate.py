"""Judging a run: on its own parts, or on another data set whose genres are matched by name."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from earmark.classifier import Classifier, Fusion, load_run
from earmark.classifier.loading import is_fusion, load
from earmark.classifier.packs import is_pack, unpacked
from earmark.errors import DataError, UsageError
from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Evaluation, Scores, Slice, Unit
from earmark.evaluation.slices import alike, slices
from earmark.experiment.artist_input import leak_of
from earmark.experiment.evaluate_fusion import evaluate_fusion
from earmark.experiment.learned_texts import count_learned
from earmark.experiment.prepare import Prepared, features_of, prepare
from earmark.experiment.watcher import Watcher
from earmark.features.cache import FeatureCache
from earmark.features.examples import Examples
from earmark.features.extract import extract
from earmark.features.pixels import Pixels
from earmark.genre_names import match
from earmark.models.ensemble import has_epochs
from earmark.models.estimator import Fitted
from earmark.predictions import Predictions, read_predictions
from earmark.recipe import EvaluationSettings, Recipe, read_recipe
from earmark.run import Run, open_run, write_json
from earmark.splits import read_split
from earmark.tracks import Dataset, Part
from earmark.training.checkpoint import to_device
from earmark.wording import plural


def evaluate(
    path: Path | str, *, part: Part | None = None, device: str = "auto", watcher: Watcher | None = None
) -> dict[str, Evaluation]:
    """Judge the run at `path` again on the parts of its own data (or one of them), from the weights it saved.

    Writes predictions and metrics.json, and gives the evaluations by part.
    Raises DataError where the run's split has no such part, ModelError where its recipe no longer gives the features
    that the classifier was trained on, UsageError for what is no run.
    """
    if is_pack(path) or is_fusion(path):
        raise UsageError(f"{path}: it is no run and has no parts of its own; name other data to judge it on: --on")
    run = open_run(Path(path))
    recipe = read_recipe(run.recipe)
    classifier = load_run(run.folder, device=str(to_device(device)))
    classifier.require(features_of(recipe), where=str(run.recipe))
    wanted: tuple[Part, ...] = (part,) if part is not None else ("valid", "test")
    prepared = prepare(recipe, split=read_split(run.split), only=wanted, watcher=watcher)
    classifier.require(prepared.features, where=str(run.recipe))
    if not prepared.parts:
        sizes = prepared.split.describe()
        raise DataError(f"{run.folder}: its split ({sizes}) has no {' or '.join(wanted)} part to judge")
    evaluations: dict[str, Evaluation] = {
        name: judge(run, recipe, classifier, prepared, name) for name in prepared.parts
    }
    keep_evaluations(run, evaluations)
    return evaluations


def evaluate_on(
    path: Path | str,
    dataset: Dataset,
    *,
    part: Part | None = None,
    mapping: Mapping[str, str] | None = None,
    device: str = "auto",
    watcher: Watcher | None = None,
) -> Evaluation:
    """Judge a classifier on another data set, whose genre names are matched to its own.

    path: of a run, which keeps what was answered; or of what was shipped or taught, or its name, or a pack or its
    address: those keep nothing.
    `mapping` gives names that do not match by themselves. What cannot be judged is counted in `left_out`.
    Raises DataError where no genre of `dataset` is one of the classifier's.
    """
    watcher = watcher or Watcher()
    if is_pack(path):
        folder = unpacked(path)
        with tempfile.TemporaryDirectory() as scratch:  # the pack's own folder is not written into
            path = shutil.copytree(folder, Path(scratch) / folder.name)
            return evaluate_on(path, dataset, part=part, mapping=mapping, device=device, watcher=watcher)
    fusion = load(path, device=str(to_device(device))) if is_fusion(path) else None
    if isinstance(fusion, Fusion):
        if fusion.note is not None:
            watcher.remark(fusion.note)
        return evaluate_fusion(fusion, *matched(dataset, fusion.genres, mapping, part), part=part, watcher=watcher)
    run = open_run(Path(path))
    recipe = read_recipe(run.recipe)
    classifier = load_run(run.folder, device=str(to_device(device)))
    renamed, left_out = matched(dataset, classifier.genres, mapping, part)
    tracks = renamed.tracks
    features = classifier.card.features
    if isinstance(features, Pixels):
        classifier.require(msgspec.structs.replace(features, drawing=dataset.drawing), where=dataset.name)
    watcher.stage(f"features of {len(tracks)} {plural(dataset.wording.track)}")
    extraction = extract(renamed, tracks, features, cache=FeatureCache(), on_track=watcher.step)
    watcher.skipped(extraction.skipped)
    left_out["unreadable"] += len(extraction.skipped)
    name = f"on-{dataset.name}"
    by_clip, by_track = _judged(run, name, classifier, extraction.examples, dataset, recipe.evaluation)
    evaluation = Evaluation(
        data=dataset.name,
        part=part or "all",
        split="as a whole" if part is None else f"its {part} part",
        tracks=len(tracks) - len(extraction.skipped),
        synthetic=dataset.synthetic,
        chosen_on_it=False,
        seed=recipe.training.seed,
        leak=_seen_before(run, classifier, renamed),
        left_out={reason: count for reason, count in left_out.items() if count},
        calibrated_on=classifier.card.calibrated_on,
        slices=_sliced(run, name, extraction.examples, recipe.evaluation),
        by_clip=by_clip,
        by_track=by_track,
    )
    keep_evaluations(run, {name: evaluation})
    return evaluation


def matched(
    dataset: Dataset, genres: Sequence[str], mapping: Mapping[str, str] | None, part: Part | None
) -> tuple[Dataset, Counter[str]]:
    """The tracks of a part whose genres a classifier of `genres` knows, by its names; the others by reason.

    Raises DataError where there is none.
    """
    found, _ = match(dataset.genres, genres, mapping)
    if not found:
        raise DataError(
            f"{dataset.name}: none of its genres ({', '.join(dataset.genres)}) is one of "
            f"{', '.join(genres)}; give a mapping file"
        )
    left_out = Counter(
        f"genre {track.genre!r} is not one the classifier knows" if track.genre else "no genre given"
        for track in dataset.tracks
        if track.genre not in found
    )
    tracks = tuple(
        msgspec.structs.replace(track, genres=(found[track.genre],))
        for track in dataset.tracks
        if track.genre in found and part in (None, track.part)
    )
    if not tracks:
        raise DataError(f"{dataset.name}: its {part} part has no track of a genre that the classifier knows")
    return replace(dataset, genres=tuple(genres), tracks=tracks), left_out


def _seen_before(run: Run, classifier: Classifier, dataset: Dataset) -> str | None:
    """What to say where the classifier was trained on some of these very tracks: texts go by what they say, others by
    the data set's name and their own."""
    learned = count_learned(run, dataset)
    if learned is None:
        if dataset.name != classifier.card.trained_on:
            return None
        parts = read_split(run.split).parts
        learned = sum(parts.get(track.id) == "train" for track in dataset.tracks)
    return f"{learned} of {len(dataset)} tracks were trained on; expect a lower score on others" if learned else None


def judge(run: Run, recipe: Recipe, classifier: Classifier, prepared: Prepared, part: Part) -> Evaluation:
    """Predict one part of the run's own data, write the predictions, and read the numbers from them."""
    examples = prepared.parts[part]
    by_clip, by_track = _judged(run, part, classifier, examples, prepared.dataset, recipe.evaluation)
    on_valid = part == "valid" and not isinstance(classifier.model, Fitted)
    return Evaluation(
        data=prepared.dataset.name,
        part=part,
        split=prepared.split.describe(),
        tracks=len(np.unique(examples.track)),
        synthetic=prepared.dataset.synthetic,
        chosen_on_it=on_valid and has_epochs(classifier.model) and recipe.training.keep != "last",
        seed=recipe.training.seed,
        leak=leak_of(prepared.split, prepared.dataset, classifier.card.features),
        left_out=prepared.split.left_out,
        calibrated_on=classifier.card.calibrated_on,
        calibrated_on_it=on_valid and classifier.card.calibrated_on is not None,
        slices=_sliced(run, part, examples, recipe.evaluation),
        by_clip=by_clip,
        by_track=by_track,
    )


def _judged(
    run: Run, name: str, classifier: Classifier, examples: Examples, dataset: Dataset, settings: EvaluationSettings
) -> tuple[Scores | None, Scores | None]:
    """Predict, write down what is answered, and score it: of clips where tracks were cut into several or the songs are
    unknown, and of tracks where the songs are known."""

    def scored(judged: Predictions, unit: Unit, path: Path) -> Scores:
        temperature = classifier.card.temperature if unit == "clip" else classifier.card.track_temperature
        judged.tempered(temperature).write(path)
        return score(
            judged,
            unit=unit,
            level=settings.interval,
            resamples=settings.resamples,
            top_k=settings.top_k,
            temperature=temperature,
        )

    judged = Predictions(
        classifier.genres,
        examples.ids,
        examples.songs,
        examples.y,
        classifier.uncalibrated(examples.x),
        examples.artists,
    )
    if not dataset.songs_known:
        return scored(judged, "clip", run.predictions(name)), None
    if len(set(judged.songs)) == len(judged):
        return None, scored(judged, "track", run.predictions(name))
    by_clip = scored(judged, "clip", run.predictions(name))
    return by_clip, scored(judged.by_song(), "track", run.predictions(name, by_track=True))


def _sliced(run: Run, name: str, examples: Examples, settings: EvaluationSettings) -> tuple[Slice, ...]:
    """Slices of what was just judged and written down."""
    known = alike([examples.tracks[place] for place in np.unique(examples.track)])
    if not known:
        return ()
    return slices(read_headline(run, name), known, level=settings.interval, resamples=settings.resamples)


def read_headline(run: Run, name: str) -> Predictions:
    """What was answered of a part or another data set, of tracks where they are judged. Raises DataError."""
    by_track = run.predictions(name, by_track=True)
    return read_predictions(by_track if by_track.is_file() else run.predictions(name))


def keep_evaluations(run: Run, evaluations: dict[str, Evaluation]) -> None:
    """Add evaluations to the run's metrics.json, in place of earlier ones of the same name."""
    write_json(run.metrics, {**read_evaluations(run), **evaluations})


def read_evaluations(run: Run) -> dict[str, Evaluation]:
    """The evaluations in metrics.json by name, none where there is no such file yet."""
    try:
        return msgspec.json.decode(run.metrics.read_bytes(), type=dict[str, Evaluation])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        raise DataError(f"{run.metrics}: cannot be read as evaluations: {error}") from error
