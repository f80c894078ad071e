"""A person's own genres, learned from a few dozen tracks that carry them already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from earmark.batches.mapping import Place, map_items
from earmark.batches.work import Lost
from earmark.classifier.fusion import Fusion
from earmark.classifier.loading import TAUGHT, load_default
from earmark.classifier.opening import DEFAULT
from earmark.errors import DataError, UsageError
from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Scores
from earmark.experiment.fusing import Fused, Side, fuse, write_fusion
from earmark.experiment.watcher import Watcher
from earmark.folders import data_folder
from earmark.library.excerpts import Hearing, Row
from earmark.library.labelled import By, Labelled, Labels, choose, counts, groups, read_labels
from earmark.library.suspects import Suspect, suspects
from earmark.predictions import Predictions
from earmark.tracks import Fault

LEAST = 4  # tracks of a genre: fewer cannot be learned from and held out
LONGEST_NAME = 200  # bytes; file systems have 255, and something is written beside it
MOST = 200  # tracks of a genre that are listened to; more teach little and take their time


@dataclass(frozen=True)
class Lesson:
    """What was learned.

    folder    where the classifier lies; its name is what `earmark tag --model` takes. None while it is not kept
    genres    with the number of tracks that each was learned from
    held_out  probabilities of each track by voices that never heard its artist; the truth is the genre it carries, or
              of several the one that was guessed, where that is one of them
    scores    of these
    artists_unknown  how many tracks name no artist, so that voices may have heard another of its
    suspects  tracks whose genre is doubtful
    left_out  how many tracks were not used, by reason
    fused     the classifier, which hears pieces of `piece_seconds`
    """

    genres: dict[str, int]
    held_out: Predictions
    scores: Scores
    artists_unknown: int
    suspects: tuple[Suspect, ...]
    left_out: dict[str, int]
    faults: tuple[Fault, ...]
    note: str | None
    fused: Fused
    piece_seconds: float
    folder: Path | None = None


def teach(
    library: Path,
    name: str,
    *,
    by: By = "tags",
    least: int = LEAST,
    most: int = MOST,
    place: Place | None = None,
    seed: int = 0,
    watcher: Watcher | None = None,
) -> Lesson:
    """Learn the genres of a person's own files, as their tags or folders name them, and keep it all as `name`.

    An earlier classifier of that name is replaced. Otherwise as `learn`.

    Raises UsageError for a name that cannot be a folder's or values out of range, DataError where there is no
    music, or there are not two genres to tell apart.
    """
    check_name(name)
    _check_range(least, most)
    watcher = watcher or Watcher()
    watcher.stage("reading the genres of the files")
    labels = read_labels(library, by)
    return keep(learn(library, labels, least=least, most=most, place=place, seed=seed, watcher=watcher), name)


def learn(
    library: Path,
    labels: Labels,
    *,
    least: int = LEAST,
    most: int = MOST,
    place: Place | None = None,
    seed: int = 0,
    watcher: Watcher | None = None,
) -> Lesson:
    """Learn the genres that files below `library` carry. Nothing is kept yet: see `keep`.

    Of each track the middle half minute is heard, by the voices of the default classifier. Genres of fewer than `least`
    tracks are left out, of more than `most` some are drawn. Tracks of one artist are held out together; where tags name
    no artist, those of one folder.

    Raises UsageError for values out of range, DataError where there are not two genres to tell apart.
    """
    _check_range(least, most)
    watcher = watcher or Watcher()
    chosen, genres = choose(labels, least=least, most=most, seed=seed)
    if len(genres) < 2:
        said = ", ".join(f"{genre} ({n})" for genre, n in counts(labels.tracks).most_common(10)) or "none"
        raise DataError(
            f"{library}: two genres of at least {least} tracks each are needed to tell them apart; it has {said}"
        )
    voices = load_default()
    watcher.stage(f"listening to {len(chosen):,} tracks")
    rows, deaf = _heard(chosen, place or Place(), watcher)
    watcher.stage("learning")
    heard = [track for track in chosen if track.path in rows]
    fused, held_out = _learned(voices, library, heard, rows, genres)
    return Lesson(
        genres=dict(counts(heard)),
        held_out=held_out,
        scores=score(held_out, unit="clip"),
        artists_unknown=sum(track.artist is None for track in heard),
        suspects=suspects(held_out),
        left_out=dict(labels.left_out),
        faults=(*labels.faults, *deaf),
        note=voices.note,
        fused=fused,
        piece_seconds=voices.card.piece_seconds,
    )


def keep(lesson: Lesson, name: str) -> Lesson:
    """Keep what was learned as the classifier `name`, in place of an earlier one; the lesson with its folder.

    Raises UsageError for a name that cannot be a folder's.
    """
    check_name(name)
    folder = write_fusion(data_folder() / TAUGHT / name, lesson.fused, piece_seconds=lesson.piece_seconds)
    return replace(lesson, folder=folder)


def check_name(name: str) -> None:
    """Raise UsageError where a classifier cannot be called that."""
    plain = name.isprintable() and 0 < len(name.encode()) <= LONGEST_NAME
    if not plain or Path(name).name != name or name.startswith(".") or name == DEFAULT:
        raise UsageError(f"{name!r} cannot be a classifier's name; use letters and digits, and not {DEFAULT!r}")


def _check_range(least: int, most: int) -> None:
    if least < 2 or most < least:
        raise UsageError(f"least={least}, most={most}: the first is 2 or more, the second no less than the first")


def _heard(tracks: Sequence[Labelled], place: Place, watcher: Watcher) -> tuple[dict[Path, Row], list[Fault]]:
    rows, faults = {}, []
    for done, (path, outcome) in enumerate(map_items(Hearing(), [track.path for track in tracks], place), start=1):
        if isinstance(outcome, Fault):
            faults.append(outcome)
        elif isinstance(outcome, Lost):
            faults.append(Fault(str(path), outcome.why))
        else:
            rows[path] = outcome
        watcher.step(done, len(tracks))
    return rows, faults


def _learned(
    voices: Fusion, library: Path, tracks: Sequence[Labelled], rows: dict[Path, Row], genres: tuple[str, ...]
) -> tuple[Fused, Predictions]:
    """Voices fitted to one row a track and genre, and what they say, held out, of each track once."""
    shown = [(place, genres.index(genre)) for place, track in enumerate(tracks) for genre in track.genres]
    whose, y = (np.array(column) for column in zip(*shown, strict=True))
    if few := [genre for place, genre in enumerate(genres) if (y == place).sum() < 2]:
        raise DataError(f"{library}: too few tracks can be read of {', '.join(few)}; mend the files, or take others")
    sides = {
        voice.folder: Side(
            voices.features[i], voices.voices[i].card.model, np.stack([rows[tracks[t].path][i] for t in whose])
        )
        for i, voice in enumerate(voices.card.voices)
    }
    together = groups(tracks)
    inside = [tracks[t].path.relative_to(library).as_posix() for t in whose]
    fused = fuse(sides, y, [together[t] for t in whose], inside, genres=genres, name=library.resolve().name)
    first = np.unique(whose, return_index=True)[1]
    guesses = fused.held_out.guesses[first]
    right = [genres[guess] in track.genres for guess, track in zip(guesses, tracks, strict=True)]
    held_out = Predictions(
        genres,
        tuple(str(track.path) for track in tracks),
        tuple(together),
        np.where(right, guesses, y[first]),
        fused.held_out.probabilities[first],
    )
    return fused, held_out
