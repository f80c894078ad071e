"""The embedded data set: what it says of itself, what it reads, what it writes."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from earmark.audio.synthesis import song
from earmark.datasets import synthetic as module
from earmark.datasets.synthetic import synthetic
from earmark.errors import DataError, UsageError
from earmark.tracks import Track, clips


def digest(track: Track, **options: float) -> str:
    dataset = synthetic(**options)  # type: ignore[arg-type]
    assert dataset.digest is not None
    return dataset.digest(track)


def test_it_says_that_it_is_synthetic() -> None:
    dataset = synthetic()
    assert dataset.synthetic
    assert "synthetic" in dataset.name
    assert "composed by rule" in dataset.source
    assert "not recordings" in dataset.source
    assert all(track.artist is not None and "synthetic" in track.artist for track in dataset.tracks)
    assert dataset.medium == "audio"
    assert dataset.songs_known


@pytest.mark.parametrize(("songs", "counts"), [(240, [24] * 10), (16, [2] * 6 + [1] * 4), (3, [1] * 3 + [0] * 7)])
def test_songs_are_dealt_out_to_the_styles_in_turn(songs: int, counts: list[int]) -> None:
    dataset = synthetic(songs=songs)
    assert len(dataset) == songs
    assert list(dataset.counts().values()) == counts


def test_a_song_is_the_same_however_many_are_asked_for() -> None:
    few, many = synthetic(songs=20, seconds=1), synthetic(songs=3000, seconds=1)
    assert {track.id for track in few.tracks} < {track.id for track in many.tracks}
    for track in few.tracks[::7]:
        assert many.track(track.id) == track
        assert few.digest is not None
        assert many.digest is not None
        assert few.digest(track) == many.digest(track)
        np.testing.assert_array_equal(few.read(track).samples, many.read(track).samples)


def test_what_is_read_is_the_song_of_that_style_number_and_seed() -> None:
    dataset = synthetic(songs=60, seconds=1.5, seed=4)
    read = dataset.read(dataset.track("reggae.00005"))
    np.testing.assert_array_equal(read.samples, song("reggae", 5, seed=4, seconds=1.5).samples)


def test_a_band_has_four_songs_of_one_style() -> None:
    bands: dict[str | None, list[Track]] = {}
    for track in synthetic(songs=240).tracks:
        bands.setdefault(track.artist, []).append(track)
    assert len(bands) == 60
    for band in bands.values():
        assert len(band) == 4
        assert len({track.genre for track in band}) == 1


def test_clips_are_pieces_of_their_song() -> None:
    dataset = synthetic(songs=10, seconds=3)
    whole = dataset.tracks[2]
    samples = dataset.read(whole).samples
    pieces = clips(whole, count=3, seconds=1.0)
    np.testing.assert_array_equal(np.concatenate([dataset.read(piece).samples for piece in pieces]), samples)
    assert dataset.digest is not None
    assert len({dataset.digest(piece) for piece in [whole, *pieces]}) == 4
    tail = msgspec.structs.replace(whole, start=2.5)
    np.testing.assert_array_equal(dataset.read(tail).samples, samples[round(2.5 * 22_050) :])


@pytest.mark.parametrize(("start", "seconds"), [(2.5, 1.0), (4.0, None), (0.0, 3.1)])
def test_a_clip_past_the_end_is_refused(start: float, seconds: float | None) -> None:
    dataset = synthetic(songs=1, seconds=3)
    track = msgspec.structs.replace(dataset.tracks[0], start=start, seconds=seconds)
    with pytest.raises(DataError, match=r"ambient\.00000: from .* but the song lasts 3 s"):
        dataset.read(track)


def test_a_track_of_another_data_set_is_refused() -> None:
    with pytest.raises(DataError, match="song: not a track of the synthetic songs"):
        synthetic().read(Track(id="song"))


def test_the_digest_changes_with_what_changes_the_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = synthetic(songs=11).tracks[:2]
    digests = [
        digest(first),
        digest(second),
        digest(first, seed=1),
        digest(first, seconds=9.5),
        digest(msgspec.structs.replace(first, start=1.0)),
        digest(msgspec.structs.replace(first, seconds=1.0)),
    ]
    monkeypatch.setattr(module, "VERSION", 0)
    digests.append(digest(first))
    assert len(set(digests)) == len(digests)
    assert digest(first, songs=7) == digest(first, songs=500)


@pytest.mark.parametrize(
    "options", [{"songs": 0}, {"seconds": 0.9}, {"seed": -1}, {"seconds": float("nan")}, {"seconds": float("inf")}]
)
def test_what_cannot_be_composed_is_refused(options: dict[str, float]) -> None:
    name, value = next(iter(options.items()))
    with pytest.raises(UsageError, match=f"{name}={value}.*give one song or more"):
        synthetic(**options)  # type: ignore[arg-type]
