"""From the tracks of a data set to the examples that a model is fed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.errors import AudioError, DataError, UsageError
from earmark.features.cache import FeatureCache
from earmark.features.efficientnet_lite0 import SeenByEfficientNet
from earmark.features.examples import Examples
from earmark.features.log_mel import LogMel
from earmark.features.musicnn import Musicnn
from earmark.features.on_demand import OnDemand, workers
from earmark.features.pixels import Pixels
from earmark.features.plain_text import TextSettings
from earmark.features.settings import OF_TEXT, Features
from earmark.tracks import Dataset, Fault, Track


@dataclass(frozen=True)
class Extraction:
    """Examples, and the tracks that gave none, each with its reason."""

    examples: Examples
    skipped: tuple[Fault, ...]


def extract(
    dataset: Dataset,
    tracks: Sequence[Track],
    features: Features,
    *,
    cache: FeatureCache | None = None,
    on_track: Callable[[int, int], None] | None = None,
) -> Extraction:
    """Examples of `tracks`, in their order. A track that cannot be read is skipped and listed, never replaced.

    Pictures of files are read once, to see that they can be, and again whenever a batch of them is wanted; those that
    the data set has as arrays are held, and so are cleaned texts, and pictures as log-mel, which is read back from
    their colours.
    Raises DataError where no track can be read, or where tracks give arrays of different shapes; UsageError where these
    features are not for such data.
    """
    if isinstance(features, OF_TEXT) != (dataset.medium == "text"):
        known = {"text": "'words', 'pieces', 'sentence' or 'texts'", "image": "'pixels'"}
        wanted = known.get(dataset.medium, "'log_mel'")
        raise UsageError(f"{dataset.name} holds {dataset.medium.replace('_', '-')} data; set features.name = {wanted}")
    if isinstance(features, OF_TEXT):
        return _texts(dataset, tracks, features, on_track)
    of_audio_alone = isinstance(features, Musicnn) and dataset.medium != "audio"
    read_back = isinstance(features, LogMel) and dataset.drawing is not None and dataset.read_many is None
    if of_audio_alone or isinstance(features, Pixels) != (dataset.medium == "image" and not read_back):
        name = "pixels" if dataset.medium == "image" else "log_mel"
        raise UsageError(f"{dataset.name} holds {dataset.medium.replace('_', '-')} data; set features.name = {name!r}")
    if not isinstance(features, SeenByEfficientNet):  # which sees one picture at a time, and is kept in the cache
        if dataset.read_many is not None and isinstance(features, LogMel | Pixels):
            return _of_arrays(dataset, tracks, features, dataset.read_many)
        if isinstance(features, Pixels):
            return _on_demand(dataset, tracks, features, cache, on_track)
    arrays, starts, places, skipped = [], [], [], []
    for number, track in enumerate(tracks):
        try:
            x, begin = _of_track(dataset, track, features, cache)
        except (AudioError, DataError) as error:
            skipped.append(Fault(track.id, str(error)))
        else:
            arrays.append(x)
            starts.append(begin)
            places.append(np.full(len(x), number))
        if on_track is not None:
            on_track(number + 1, len(tracks))
    if not arrays or not sum(map(len, arrays)):
        raise _nothing(dataset, tracks, skipped)
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


def _texts(
    dataset: Dataset, tracks: Sequence[Track], features: TextSettings, on_track: Callable[[int, int], None] | None
) -> Extraction:
    cleaned: dict[int, str] = {}
    skipped = []
    for number, track in enumerate(tracks):
        try:
            cleaned[number] = features.of(dataset.read(track), where=track.id)
        except DataError as error:
            skipped.append(Fault(track.id, str(error)))
        if on_track is not None:
            on_track(number + 1, len(tracks))
    if not cleaned:
        raise _nothing(dataset, tracks, skipped)
    kept = np.array(list(cleaned), dtype=np.int64)
    examples = Examples(
        x=features.texts(list(cleaned.values()), [tracks[number].artist for number in cleaned]),
        y=dataset.labels(tracks)[kept],
        track=kept,
        start=np.zeros(len(kept)),
        tracks=tuple(tracks),
    )
    return Extraction(examples, tuple(skipped))


def _of_arrays(
    dataset: Dataset,
    tracks: Sequence[Track],
    features: LogMel | Pixels,
    read_many: Callable[[Sequence[Track]], NDArray[np.float32]],
) -> Extraction:
    """Examples of a data set that holds its tracks as arrays, all read at once."""
    if not tracks:
        raise _nothing(dataset, tracks, [])
    x = read_many(tracks)
    features.check(x, where=dataset.name)
    place = np.arange(len(x))
    examples = Examples(x=x, y=dataset.labels(tracks), track=place, start=np.zeros(len(x)), tracks=tuple(tracks))
    return Extraction(examples, ())


def _on_demand(
    dataset: Dataset,
    tracks: Sequence[Track],
    features: Pixels,
    cache: FeatureCache | None,
    on_track: Callable[[int, int], None] | None,
) -> Extraction:
    def read(number: int) -> NDArray[np.uint8]:
        track = tracks[number]
        key = f"{dataset.digest(track)} bytes" if dataset.digest is not None else ""
        if cache is None or not key:
            return features.of(dataset.read(track), where=track.id)
        return cache.array(key, lambda: features.of(dataset.read(track), where=track.id))

    def try_to_read(number: int) -> tuple[int, ...] | Fault:
        try:
            return read(number).shape
        except DataError as error:
            return Fault(tracks[number].id, str(error))

    shapes: dict[int, tuple[int, ...]] = {}
    skipped = []
    for number, found in enumerate(workers().map(try_to_read, range(len(tracks)))):
        if isinstance(found, Fault):
            skipped.append(found)
        else:
            shapes[number] = found
        if on_track is not None:
            on_track(number + 1, len(tracks))
    if not shapes:
        raise _nothing(dataset, tracks, skipped)
    if len(set(shapes.values())) > 1:
        raise DataError(
            f"{dataset.name}: tracks give pictures of different shapes, such as "
            f"{' and '.join(map(str, sorted(set(shapes.values()))[:2]))}"
        )
    kept = np.array(list(shapes), dtype=np.int64)
    examples = Examples(
        x=OnDemand(read, kept, shapes[int(kept[0])]),
        y=dataset.labels(tracks)[kept],
        track=kept,
        start=np.zeros(len(kept)),
        tracks=tuple(tracks),
    )
    return Extraction(examples, tuple(skipped))


def _nothing(dataset: Dataset, tracks: Sequence[Track], skipped: Sequence[Fault]) -> DataError:
    reason = f"; the first: {skipped[0].what}" if skipped else ""
    return DataError(f"{dataset.name}: none of {len(tracks)} tracks can be read{reason}")


def _of_track(
    dataset: Dataset, track: Track, features: LogMel | Musicnn | SeenByEfficientNet, cache: FeatureCache | None
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Clips (n, …) of one track and where they start, from the cache where they are there."""

    def compute() -> NDArray[np.float32]:
        if isinstance(features, SeenByEfficientNet):
            return features.seen(dataset.read(track)[None], where=track.id)
        if isinstance(features, LogMel) and dataset.drawing is not None:
            return features.of_picture(Path(track.path or track.id), dataset.drawing)
        return features.clips(dataset.read(track), where=track.id)[0]

    if cache is None or dataset.digest is None:
        clips = compute()
    else:
        piece = f"{dataset.digest(track)} {track.start} {track.seconds} {msgspec.json.encode(features).decode()}"
        clips = cache.array(hashlib.sha256(piece.encode()).hexdigest(), compute)
    hop = 0.0 if isinstance(features, SeenByEfficientNet) else features.clip_hop_seconds or features.clip_seconds or 0.0
    return clips, np.arange(len(clips), dtype=np.float64) * hop


def data_checksum(dataset: Dataset) -> str:
    """Sixteen hex digits over ids, genres and, where the data set tells it, the content of all tracks."""
    state = hashlib.sha256()
    for track in dataset.tracks:
        content = dataset.digest(track) if dataset.digest is not None else ""
        state.update(f"{track.id}\t{','.join(track.genres)}\t{content}\n".encode())
    return state.hexdigest()[:16]
