"""From the tracks of a data set to the examples that a model is fed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.errors import AudioError, DataError
from earmark.features.cache import FeatureCache
from earmark.features.examples import Examples
from earmark.features.log_mel import LogMel
from earmark.tracks import Dataset, Fault, Track


@dataclass(frozen=True)
class Extraction:
    """Examples, and the tracks that gave none, each with its reason."""

    examples: Examples
    skipped: tuple[Fault, ...]


def extract(
    dataset: Dataset,
    tracks: Sequence[Track],
    features: LogMel,
    *,
    cache: FeatureCache | None = None,
    on_track: Callable[[int, int], None] | None = None,
) -> Extraction:
    """Examples of `tracks`, in their order. A track that cannot be read is skipped and listed, never replaced.

    Raises DataError where no track can be read, or where tracks give arrays of different shapes.
    """
    arrays, starts, places, skipped = [], [], [], []
    if dataset.medium == "log_mel" and dataset.read_many is not None:
        x = dataset.read_many(tracks)
        features.check(x, where=dataset.name)
        arrays, starts, places = [x], [np.zeros(len(x))], [np.arange(len(x))]
    else:
        for number, track in enumerate(tracks):
            try:
                x, begin = _of_track(dataset, track, features, cache)
            except AudioError as error:
                skipped.append(Fault(track.id, str(error)))
            else:
                arrays.append(x)
                starts.append(begin)
                places.append(np.full(len(x), number))
            if on_track is not None:
                on_track(number + 1, len(tracks))
    if not arrays or not sum(map(len, arrays)):
        reason = f"; the first: {skipped[0].what}" if skipped else ""
        raise DataError(f"{dataset.name}: none of {len(tracks)} tracks can be read{reason}")
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) > 1:
        raise DataError(
            f"{dataset.name}: tracks give examples of different shapes, such as "
            f"{' and '.join(map(str, sorted(shapes)[:2]))}; "
            "set features.clip_seconds, so that all clips are of one length"
        )
    track_of = np.concatenate(places).astype(np.int64)
    return Extraction(
        Examples(
            x=np.concatenate(arrays) if len(arrays) > 1 else arrays[0],
            y=dataset.labels(tracks)[track_of],
            track=track_of,
            start=np.concatenate(starts),
            tracks=tuple(tracks),
        ),
        tuple(skipped),
    )


def _of_track(
    dataset: Dataset, track: Track, features: LogMel, cache: FeatureCache | None
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Clips (n, bands, frames) of one track and where they start, from the cache where they are there."""

    def compute() -> NDArray[np.float32]:
        return features.clips(dataset.read(track), where=track.id)[0]

    if cache is None or dataset.digest is None:
        clips = compute()
    else:
        piece = f"{dataset.digest(track)} {track.start} {track.seconds} {msgspec.json.encode(features).decode()}"
        clips = cache.array(hashlib.sha256(piece.encode()).hexdigest(), compute)
    hop = features.clip_hop_seconds or features.clip_seconds or 0.0
    return clips, np.arange(len(clips), dtype=np.float64) * hop


def data_checksum(dataset: Dataset) -> str:
    """Sixteen hex digits over ids, genres and, where the data set tells it, the content of all tracks."""
    state = hashlib.sha256()
    for track in dataset.tracks:
        content = dataset.digest(track) if dataset.digest is not None else ""
        state.update(f"{track.id}\t{','.join(track.genres)}\t{content}\n".encode())
    return state.hexdigest()[:16]
