"""GTZAN's layout, its known faults, its published lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from earmark.datasets.gtzan import GENRES, KNOWN_FAULTS, gtzan
from earmark.errors import DataError, UsageError

Tone = Callable[..., Path]


@pytest.fixture
def small(tmp_path: Path, tone: Tone) -> Path:
    for name in ("blues.00000", "blues.00001", "jazz.00053", "jazz.00054", "rock.00000"):
        tone(tmp_path / "genres" / name.partition(".")[0] / f"{name}.wav")
    return tmp_path


@pytest.mark.parametrize("inside", ["genres", "genres_original", "."])
@pytest.mark.parametrize("suffix", [".wav", ".au", ".flac"])
def test_the_layouts_in_circulation(tmp_path: Path, tone: Tone, inside: str, suffix: str) -> None:
    tone(tmp_path / inside / "blues" / f"blues.00007{suffix}")
    (track,) = gtzan(path=tmp_path).tracks
    assert (track.id, track.genre, track.song) == ("blues.00007", "blues", "blues.00007")


def test_the_corrupt_file_is_left_out_with_its_reason(small: Path) -> None:
    dataset = gtzan(path=small)
    assert [track.id for track in dataset.tracks] == ["blues.00000", "blues.00001", "jazz.00053", "rock.00000"]
    assert dataset.genres == GENRES
    said = {fault.where: fault.what for fault in dataset.faults}
    assert "corrupt" in said["jazz.00054"]
    assert said[str(small / "genres")] == "995 of GTZAN's tracks of these genres are not here"


def test_a_whole_genre_is_not_called_incomplete(tmp_path: Path) -> None:
    for genre in ("jazz", "rock"):
        (tmp_path / genre).mkdir()
        for number in range(100):
            (tmp_path / genre / f"{genre}.{number:05d}.wav").touch()
    dataset = gtzan(path=tmp_path, genres=["rock", "jazz"])
    assert dataset.counts() == {"rock": 100, "jazz": 99}
    assert [fault.where for fault in dataset.faults] == list(KNOWN_FAULTS)


def test_foreign_files_are_said(small: Path, tone: Tone) -> None:
    tone(small / "genres" / "rock" / "my_song.wav")
    tone(small / "genres" / "rock" / "jazz.00001.wav")
    (small / "genres" / "rock" / "._rock.00000.wav").write_bytes(b"")
    dataset = gtzan(path=small, genres=["rock", "blues"])
    assert [track.id for track in dataset.tracks] == ["rock.00000", "blues.00000", "blues.00001"]
    assert {f.where for f in dataset.faults if f.what == "ignored: not a file of GTZAN"} == {
        "rock/my_song.wav",
        "rock/jazz.00001.wav",
        "rock/._rock.00000.wav",
    }


def test_wrong_names_and_places_are_refused(small: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"GTZAN has no genre 'hip-hop'; did you mean 'hiphop'\?"):
        gtzan(path=small, genres=["hip-hop"])
    with pytest.raises(DataError, match=r"none: no such folder; `earmark fetch gtzan` brings the data set"):
        gtzan(path=tmp_path / "none")
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match=r"other: no folder genres/ with blues/ to rock/ in it; `earmark fetch gtzan`"):
        gtzan(path=tmp_path / "other")
    (tmp_path / "other" / "blues").mkdir()
    with pytest.raises(DataError, match=r"other: no audio files named like blues/blues\.00000\.wav in it"):
        gtzan(path=tmp_path / "other")


def write_lists(folder: Path, **lists: str) -> Path:
    folder.mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"{part}_filtered.txt").write_text(lists.get(part, ""))
    return folder


def test_lists_of_ids_and_of_paths_set_the_parts(small: Path) -> None:
    lists = write_lists(small / "lists", train="blues.00000\n\n", valid="jazz/jazz.00053.wav\n")
    parts = {track.id: track.part for track in gtzan(path=small, split_lists=lists).tracks}
    assert parts == {"blues.00000": "train", "blues.00001": None, "jazz.00053": "valid", "rock.00000": None}


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        (
            {"train": "blues.00000\nbleus.00001\n"},
            r"train_filtered\.txt: line 2: 'bleus\.00001' is not a track of GTZAN",
        ),
        (
            {"train": "blues.00000\n", "test": "blues.00000\n"},
            r"test_filtered\.txt: line 1: .* in the part train already",
        ),
    ],
)
def test_lists_that_cannot_be_right_are_refused(small: Path, lists: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        gtzan(path=small, split_lists=write_lists(small / "lists", **lists))


def test_missing_lists_are_named(small: Path) -> None:
    with pytest.raises(DataError, match=r"train_filtered\.txt: cannot be read as a list of tracks"):
        gtzan(path=small, split_lists=small)


def test_artists_come_from_their_table(small: Path) -> None:
    table = small / "artists.csv"
    table.write_text('id,artist,title\nblues.00000,John Lee Hooker,"One Bourbon, One Scotch"\nblues.00001,,\n')
    first, second, third, _ = gtzan(path=small, artists=table).tracks
    assert (first.artist, first.title) == ("John Lee Hooker", "One Bourbon, One Scotch")
    assert (second.artist, second.title, third.artist) == (None, None, None)
    table.write_text("id,artist,title\nblues.00000,A,\nblues.00000,B,\n")
    with pytest.raises(DataError, match=r"artists\.csv: row 3: 'blues\.00000' stands twice"):
        gtzan(path=small, artists=table)
    table.write_text("track,artist,title\n")
    with pytest.raises(DataError, match=r"no column 'id'.*; it has: track, artist, title"):
        gtzan(path=small, artists=table)


def test_the_real_files_lists_and_artists_fit_together(shared: Path) -> None:
    root = shared / "gtzan"
    dataset = gtzan(path=root / "audio", artists=root / "artists.csv", split_lists=root / "splits")
    assert dataset.counts() == dict.fromkeys(GENRES, 4)
    parts = [track.part for track in dataset.tracks]
    assert (parts.count("train"), parts.count("valid"), parts.count(None)) == (21, 18, 1)
    assert dataset.track("blues.00000").artist == "John Lee Hooker"
    artists = {part: {t.artist for t in dataset.tracks if t.part == part and t.artist} for part in ("train", "valid")}
    assert not artists["train"] & artists["valid"]
    sound = dataset.read(dataset.track("blues.00000"))
    assert sound.sample_rate == 22_050
    assert sound.seconds == pytest.approx(30, abs=0.1)


def test_a_real_track_gives_fifteen_clips_of_two_seconds(shared: Path) -> None:
    audio = shared / "gtzan" / "audio"
    dataset = gtzan(path=audio, clips_per_track=15)
    assert len(dataset) == 40 * 15
    assert {track.seconds for track in dataset.tracks} == {2.0}
    lengths = {track: soundfile.info(track.path).duration for track in dataset.tracks if track.id.endswith("#14")}
    assert any(length < 30 for length in lengths.values())
    for clip, length in lengths.items():
        assert clip.start == pytest.approx(min(28.0, length - 2), abs=1e-9)
        assert len(dataset.read(clip).samples) == 44_100
