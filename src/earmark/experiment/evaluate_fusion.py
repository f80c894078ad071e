"""Judging what was shipped or taught: a fusion hears the tracks of a data set as it hears a person's files."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

import numpy as np

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.classifier.fusion import Fusion
from earmark.errors import AudioError, DataError, ModelError
from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Evaluation
from earmark.experiment.watcher import Watcher
from earmark.predictions import Predictions
from earmark.tracks import Dataset, Fault, Part, Track, artists_of


def evaluate_fusion(
    fusion: Fusion, dataset: Dataset, left_out: Counter[str], *, part: Part | None = None, watcher: Watcher
) -> Evaluation:
    """Judge a fusion on tracks of its own genres; `left_out` counts those that are not among them, by reason.

    Raises ModelError where they are no sound, DataError where none can be read.
    """
    if dataset.medium != "audio":
        raise ModelError(f"{fusion.name}: it hears sound; {dataset.name} holds {dataset.medium.replace('_', '-')} data")
    watcher.stage(f"judging {len(dataset)} tracks")
    judged, probabilities, faults = [], [], []
    for done, track in enumerate(dataset.tracks, start=1):
        try:
            probabilities.append(fusion.predict(dataset.read(track)).probabilities)
            judged.append(track)
        except AudioError as error:
            faults.append(Fault(track.id, str(error)))
        watcher.step(done, len(dataset))
    watcher.skipped(tuple(faults))
    if not judged:
        raise DataError(f"{dataset.name}: none of {len(dataset)} tracks can be read; the first: {faults[0].what}")
    songs = tuple(track.song for track in judged)
    ids = tuple(track.id for track in judged)
    said = Predictions(fusion.genres, ids, songs, dataset.labels(judged), np.stack(probabilities), artists_of(judged))
    each_a_song = dataset.songs_known and len(set(songs)) == len(songs)
    return Evaluation(
        data=dataset.name,
        part=part or "all",
        split="as a whole" if part is None else f"its {part} part",
        tracks=len(judged),
        synthetic=dataset.synthetic,
        chosen_on_it=False,
        leak=_seen_before(fusion, judged),
        left_out=dict(left_out + Counter(unreadable=len(faults))),
        calibrated_on="training tracks that it held out in turn",
        by_clip=None if each_a_song else score(said, unit="clip"),
        by_track=score(said.by_song(), unit="track") if dataset.songs_known else None,
    )


def _seen_before(fusion: Fusion, tracks: list[Track]) -> str | None:
    """What to say where it learned from some of these tracks, as far as their names tell."""
    if fusion.neighbours is None:
        return None
    names = fusion.neighbours.names  # paths of those that were taught; "artist: title (id)" of those that are shipped
    known = {*names, *(name.rpartition("(")[2].removesuffix(")") for name in names)}
    learned = sum(track.id in known or _bare(track.id) in known for track in tracks)
    return f"{learned} of {len(tracks)} tracks were trained on; expect a lower score on others" if learned else None


def _bare(name: str) -> str:
    """A track's id without folders and the suffix of its file; what follows another dot belongs to it."""
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in AUDIO_SUFFIXES else path.name
