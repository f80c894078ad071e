"""Own genres learned from files that carry them, by the voice that needs no download."""

from __future__ import annotations

from pathlib import Path

import mutagen.flac
import numpy as np
import pytest
import soundfile

from earmark.batches.mapping import Place
from earmark.classifier import Fusion, load, loading
from earmark.errors import DataError, ModelError, UsageError
from earmark.library.excerpts import hear
from earmark.library.labelled import choose, groups, read_labels
from earmark.library.suspects import suspects
from earmark.library.teach import teach
from earmark.predictions import Predictions

RATE = 22_050
HERE = Place(workers=0)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No pretrained network, and folders of its own for what is kept."""

    def missing() -> None:
        raise ModelError("no package index answers; earmark fetch musicnn")

    monkeypatch.setattr(loading, "load_musicnn", missing)
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))


def song(path: Path, *, deep: bool, seed: int, genres: tuple[str, ...] = (), artist: str = "") -> Path:
    """Five seconds of noisy tones with a beat; deep and slow, or high and fast."""
    rng = np.random.default_rng(seed)
    t = np.arange(5 * RATE) / RATE
    pitch, beat = (rng.uniform(80, 160), 1.5) if deep else (rng.uniform(900, 1800), 4.0)
    sound = np.sin(2 * np.pi * pitch * t) * (1 + np.sign(np.sin(2 * np.pi * beat * t))) * 0.2
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound + rng.normal(0, 0.02, len(t)), RATE)
    tags = mutagen.flac.FLAC(path)
    if genres:
        tags["genre"] = list(genres)
    if artist:
        tags["artist"] = artist
    tags.save()
    return path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two genres in two spellings, three artists each; one track in both, one without, one that is no sound."""
    root = tmp_path / "music"
    for i in range(6):
        song(root / f"d{i}.flac", deep=True, seed=i, genres=("Doom" if i else "doom",), artist=f"Deep {i % 3}")
        song(root / f"h{i}.flac", deep=False, seed=i, genres=("Chip",), artist=f"High {i % 3}")
    song(root / "both.flac", deep=False, seed=7, genres=("Chip", "Doom"), artist="Both")
    song(root / "none.flac", deep=False, seed=8)
    song(root / "rare.flac", deep=False, seed=9, genres=("Polka",), artist="Rare")
    (root / "broken.flac").write_bytes(b"fLaC and no more")
    return root


def test_own_genres_are_learned_and_kept_by_name(library: Path, tmp_path: Path) -> None:
    lesson = teach(library, "mine", place=HERE)
    assert lesson.folder == tmp_path / "data" / "classifiers" / "mine"
    assert lesson.genres == {"Chip": 7, "Doom": 7}
    assert lesson.scores.n == 13
    assert lesson.scores.accuracy.value > 0.9
    assert lesson.artists_unknown == 0
    assert lesson.left_out == {"no genre in its tags": 1, "of a genre with fewer than 4 tracks": 1}
    assert [Path(fault.where).name for fault in lesson.faults] == ["broken.flac"]
    assert lesson.note is not None
    assert "without the pretrained network" in lesson.note

    mine = load("mine")
    assert isinstance(mine, Fusion)
    assert mine.genres == ("Chip", "Doom")
    assert mine.predict(song(tmp_path / "new.flac", deep=True, seed=50)).genre == "Doom"
    assert mine.predict(song(tmp_path / "new.flac", deep=False, seed=51)).genre == "Chip"


def test_folders_can_name_the_genres(library: Path) -> None:
    for i in range(6):
        (library / f"d{i}.flac").rename(_in(library / "slow" / "album" / f"d{i}.flac"))
        (library / f"h{i}.flac").rename(_in(library / "fast" / f"h{i}.flac"))
    labels = read_labels(library, "folders")
    assert {track.genres for track in labels.tracks} == {("slow",), ("fast",)}
    assert labels.left_out == {"in no genre's folder": 3}


def _in(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_artists_are_held_out_together(library: Path) -> None:
    tracks = read_labels(library, "tags").tracks
    together = dict(zip((track.path.name for track in tracks), groups(tracks), strict=True))
    assert together["d0.flac"] == together["d3.flac"] == "deep 0"
    assert together["d0.flac"] != together["d1.flac"]


def test_without_artists_albums_are_held_out_and_a_genres_own_folder_is_not(tmp_path: Path) -> None:
    root = tmp_path / "music"
    for i in range(2):
        for album in ("first", "second", "third"):
            song(root / "slow" / album / f"{i}.flac", deep=True, seed=i)
    for i in range(5):
        song(root / "fast" / f"{i}.flac", deep=False, seed=i)
    tracks = read_labels(root, "folders").tracks
    together = {
        track.path.relative_to(root).as_posix(): group for track, group in zip(tracks, groups(tracks), strict=True)
    }
    assert together["slow/first/0.flac"] == together["slow/first/1.flac"] == str(root / "slow" / "first")
    assert together["slow/second/0.flac"] == str(root / "slow" / "second")
    assert together["fast/0.flac"] == str(root / "fast" / "0.flac")

    lesson = teach(root, "mine", by="folders", place=HERE)
    assert lesson.artists_unknown == lesson.scores.n == 11
    assert lesson.scores.accuracy.value > 0.8


def test_frequent_genres_are_drawn_from_the_same_each_time(library: Path) -> None:
    chosen, genres = choose(read_labels(library, "tags"), least=4, most=4, seed=3)
    again, _ = choose(read_labels(library, "tags"), least=4, most=4, seed=3)
    assert chosen == again
    assert genres == ("Chip", "Doom")
    assert 4 <= sum("Chip" in track.genres for track in chosen) <= 5


def test_what_was_heard_before_is_not_decoded_again(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from earmark.features.cache import FeatureCache
    from earmark.library import excerpts

    voices, cache = loading.load_default(), FeatureCache()
    first = hear(voices, cache, library / "d1.flac")
    monkeypatch.setattr(excerpts, "read_excerpt", None)
    again = hear(voices, cache, library / "d1.flac")
    np.testing.assert_array_equal(np.concatenate([*first]), np.concatenate([*again]))


def test_the_mislabelled_is_named_and_the_rest_is_not() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 20)
    likely = np.where(truth == 1, 0.9, 0.1) + rng.uniform(-0.08, 0.08, 40)
    truth[3] = 1  # sounds like the first genre
    ids = tuple(f"song {i}" for i in range(40))
    given = Predictions(("a", "b"), ids, ids, truth, np.stack([1 - likely, likely], 1))
    (found,) = suspects(given)
    assert (found.path, found.carries, found.sounds_like) == ("song 3", "b", "a")


@pytest.mark.parametrize("name", ["", "default", "../up", ".hidden"])
def test_names_that_cannot_be_are_refused(library: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a classifier's name"):
        teach(library, name, place=HERE)


def test_one_genre_is_not_enough(tmp_path: Path) -> None:
    for i in range(4):
        song(tmp_path / "music" / f"{i}.flac", deep=True, seed=i, genres=("Doom",))
    with pytest.raises(DataError, match=r"two genres of at least 4 tracks each are needed .* it has Doom \(4\)"):
        teach(tmp_path / "music", "mine", place=HERE)


def test_what_is_no_folder_of_music_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="nowhere: no such file or folder"):
        teach(tmp_path / "nowhere", "mine", place=HERE)
    with pytest.raises(DataError, match="empty: no audio files in this folder or below it"):
        teach(tmp_path / "empty", "mine", place=HERE)
    with pytest.raises(DataError, match=r"one\.flac: a file, not a folder of music"):
        teach(song(tmp_path / "one.flac", deep=True, seed=1), "mine", place=HERE)
