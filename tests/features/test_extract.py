"""From tracks to examples: what is read, what is skipped, what is remembered."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from earmark.audio.waveform import Waveform
from earmark.errors import AudioError, DataError
from earmark.features.cache import FeatureCache
from earmark.features.extract import data_checksum, extract
from earmark.features.log_mel import LogMel
from earmark.tracks import Dataset, Track

FEATURES = LogMel(sample_rate=8000, n_fft=512, hop_length=256, n_mels=16, clip_seconds=1.0)
SECONDS = {"a": 2.5, "short": 0.5, "b": 1.0, "broken": 3.0, "c": 3.0}
GENRES = {"a": ("x",), "b": ("y",), "c": ("x",), "short": ("y",)}


class Songs:
    """Audio of the lengths in SECONDS, that counts how often each is read."""

    def __init__(self) -> None:
        self.read = Counter[str]()
        self.dataset = Dataset(
            name="songs",
            medium="audio",
            genres=("x", "y"),
            tracks=tuple(Track(id=name, genres=GENRES.get(name, ())) for name in SECONDS),
            read=self._read,
            digest=lambda track: f"digest of {track.id}",
        )

    def _read(self, track: Track) -> Waveform:
        self.read[track.id] += 1
        if track.id == "broken":
            raise AudioError("broken: the file is truncated")
        return sound(track.id)


def sound(name: str) -> Waveform:
    rng = np.random.default_rng(len(name) + ord(name[0]))
    return Waveform(rng.normal(0, 0.1, round(8000 * SECONDS[name])).astype(np.float32), 8000)


@pytest.fixture
def songs() -> Songs:
    return Songs()


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache(tmp_path)


def test_every_track_gives_its_clips_in_order(songs: Songs) -> None:
    tracks = [songs.dataset.track(name) for name in ("c", "a", "b")]
    heard: list[tuple[int, int]] = []
    extraction = extract(songs.dataset, tracks, FEATURES, on_track=lambda done, of: heard.append((done, of)))
    examples = extraction.examples
    assert examples.ids == ("c@0.00", "c@1.00", "c@2.00", "a@0.00", "a@1.00", "b")
    assert examples.y.tolist() == [0, 0, 0, 0, 0, 1]
    assert examples.start.tolist() == [0, 1, 2, 0, 1, 0]
    assert extraction.skipped == ()
    assert heard == [(1, 3), (2, 3), (3, 3)]
    np.testing.assert_array_equal(examples.x[3:5], FEATURES.clips(sound("a"), where="a")[0])


def test_clips_may_overlap_and_start_where_they_say(songs: Songs) -> None:
    overlapping = msgspec.structs.replace(FEATURES, clip_hop_seconds=0.5)
    examples = extract(songs.dataset, [songs.dataset.track("a")], overlapping).examples
    assert examples.start.tolist() == [0, 0.5, 1.0, 1.5]
    piece = Waveform(sound("a").samples[4000:12000], 8000)
    np.testing.assert_array_equal(examples.x[1], FEATURES.clips(piece, "a")[0][0])


def test_what_cannot_be_read_is_listed_and_not_replaced(songs: Songs) -> None:
    extraction = extract(songs.dataset, songs.dataset.tracks, FEATURES)
    assert [fault.where for fault in extraction.skipped] == ["short", "broken"]
    assert "too short: 0.50 s of sound, one clip takes 1.00 s" in extraction.skipped[0].what
    assert extraction.skipped[1].what == "broken: the file is truncated"
    assert set(extraction.examples.songs) == {"a", "b", "c"}


def test_nothing_readable_is_an_error_with_the_first_reason(songs: Songs) -> None:
    with pytest.raises(DataError, match="songs: none of 2 tracks can be read; the first: short: too short"):
        extract(songs.dataset, [songs.dataset.track("short"), songs.dataset.track("broken")], FEATURES)


def test_whole_tracks_of_different_lengths_are_refused(songs: Songs) -> None:
    whole = msgspec.structs.replace(FEATURES, clip_seconds=None)
    with pytest.raises(
        DataError, match=r"different shapes, such as \(16, 32\) and \(16, 79\); set features.clip_seconds"
    ):
        extract(songs.dataset, [songs.dataset.track(name) for name in "ab"], whole)


def test_a_second_time_nothing_is_read(songs: Songs, cache: FeatureCache) -> None:
    tracks = [songs.dataset.track(name) for name in "abc"]
    first = extract(songs.dataset, tracks, FEATURES, cache=cache).examples
    again = extract(songs.dataset, tracks, FEATURES, cache=FeatureCache(cache.folder)).examples
    assert songs.read == {"a": 1, "b": 1, "c": 1}
    np.testing.assert_array_equal(again.x, first.x)
    np.testing.assert_array_equal(again.start, first.start)


def test_other_content_another_piece_or_other_features_are_read_anew(songs: Songs, cache: FeatureCache) -> None:
    track = songs.dataset.track("a")
    changed = replace(songs.dataset, digest=lambda track: f"other digest of {track.id}")
    for dataset, piece, features in (
        (songs.dataset, track, FEATURES),
        (changed, track, FEATURES),
        (songs.dataset, msgspec.structs.replace(track, start=0.25), FEATURES),
        (songs.dataset, track, msgspec.structs.replace(FEATURES, top_db=60.0)),
    ):
        extract(dataset, [piece], features, cache=cache)
    assert songs.read["a"] == 4


def test_without_a_digest_nothing_is_remembered(songs: Songs, cache: FeatureCache) -> None:
    dataset = replace(songs.dataset, digest=None)
    for _ in range(2):
        extract(dataset, [songs.dataset.track("a")], FEATURES, cache=cache)
    assert songs.read["a"] == 2
    assert cache.size() == 0


def arrays(bands: int) -> Dataset:
    """Ready-made log-mel, read all at once."""
    return Dataset(
        name="arrays",
        medium="log_mel",
        genres=("x", "y"),
        tracks=(Track(id="a", row=0, genres=("y",)), Track(id="b", row=1)),
        read=lambda track: np.full((bands, 32), -10.0 * track.row, np.float32),
        read_many=lambda tracks: np.stack([np.full((bands, 32), -10.0 * t.row - 1, np.float32) for t in tracks]),
    )


def test_ready_made_arrays_are_taken_as_they_are() -> None:
    dataset = arrays(16)
    examples = extract(dataset, dataset.tracks, FEATURES).examples
    assert examples.x[:, 0, 0].tolist() == [-1, -11]
    assert examples.y.tolist() == [1, -1]
    assert examples.ids == ("a", "b")


def test_ready_made_arrays_of_other_bands_are_refused() -> None:
    dataset = arrays(20)
    with pytest.raises(DataError, match="arrays: made with n_mels=20, these features have n_mels=16"):
        extract(dataset, dataset.tracks, FEATURES)


def test_the_checksum_changes_with_ids_genres_and_content(songs: Songs) -> None:
    dataset = songs.dataset
    first = dataset.tracks[0]
    others = [
        replace(dataset, tracks=dataset.tracks[1:]),
        replace(dataset, tracks=(msgspec.structs.replace(first, id="z"), *dataset.tracks[1:])),
        replace(dataset, tracks=(msgspec.structs.replace(first, genres=("y",)), *dataset.tracks[1:])),
        replace(dataset, digest=lambda track: f"other {track.id}"),
    ]
    checksums = [data_checksum(each) for each in (dataset, *others)]
    assert len(set(checksums)) == 5
    assert data_checksum(songs.dataset) == checksums[0]
