"""The course's set from audio: right shape, right numbers, right share, read back equal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from earmark.datasets.course import COURSE_GENRES, write_course
from earmark.datasets.gtzan import gtzan
from earmark.datasets.tfdata import read_folder
from earmark.errors import DataError, UsageError

Tone = Callable[..., Path]


@pytest.fixture
def songs(shared: Path, tmp_path: Path) -> Path:
    """Four real songs, one of them of a genre that the course leaves out, and one broken file."""
    for name in ("blues.00000", "disco.00000", "pop.00002", "jazz.00001"):
        genre = name.partition(".")[0]
        found = shared / "gtzan" / "audio" / genre / f"{name}.flac"
        if not found.exists():
            found = sorted(found.parent.iterdir())[0]
        (tmp_path / "songs" / genre).mkdir(parents=True)
        (tmp_path / "songs" / genre / found.name).symlink_to(found)
    (tmp_path / "songs" / "blues" / "blues.00099.wav").write_bytes(b"RIFF")
    return tmp_path / "songs"


def test_arrays_hold_the_clips_as_librosa_computes_them(songs: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    faults = write_course(
        gtzan(path=songs), tmp_path / "out", format="arrays", progress=lambda done, of: seen.append((done, of))
    )
    assert [fault.where for fault in faults] == ["blues.00099"]
    assert seen == [(done, 45) for done in range(1, 46)]
    parts = [dict(np.load(tmp_path / "out" / f"{part}.npz")) for part in ("train", "valid")]
    assert [len(part["x"]) for part in parts] == [36, 9]
    x, y, song = (np.concatenate([part[key] for part in parts]) for key in ("x", "y", "song"))
    assert (x.dtype, x.shape, y.dtype) == (np.float32, (45, 80, 80), np.int64)
    assert parts[0]["genres"].tolist() == list(COURSE_GENRES)
    assert "jazz" not in COURSE_GENRES
    (name,) = {name for name in song if name.startswith("disco")}
    assert set(y[song == name]) == {COURSE_GENRES.index("disco")}
    assert (song == name).sum() == 15
    samples, rate = soundfile.read(songs / "disco" / f"{name}.flac", dtype="float32")
    for clip in (0, 7):
        piece = samples[clip * 44_100 : (clip + 1) * 44_100]
        power = librosa.feature.melspectrogram(y=piece, sr=rate, n_fft=2048, hop_length=552, n_mels=80)
        expected = librosa.power_to_db(power, ref=np.max)
        nearest = min(np.abs(found - expected).max() for found in x[song == name])
        assert nearest < 0.01


def test_both_formats_read_back_equal_and_depend_on_the_seed_alone(songs: Path, tmp_path: Path) -> None:
    dataset = gtzan(path=songs, genres=["disco", "pop"])
    for out, seed in (("arrays", 1), ("again", 1), ("other", 2)):
        write_course(dataset, tmp_path / out, format="arrays", seed=seed)
    write_course(dataset, tmp_path / "tfdata", format="tfdata", seed=1)
    for part in ("train", "valid"):
        same, other = (dict(np.load(tmp_path / out / f"{part}.npz")) for out in ("again", "other"))
        arrays = dict(np.load(tmp_path / "arrays" / f"{part}.npz"))
        saved_x, saved_y = read_folder(tmp_path / "tfdata" / part).values
        np.testing.assert_array_equal(saved_x, arrays["x"][..., None])
        np.testing.assert_array_equal(saved_y, np.eye(8, dtype=np.float32)[arrays["y"]])
        np.testing.assert_array_equal(same["x"], arrays["x"])
        assert not np.array_equal(other["x"], arrays["x"])


def test_a_silent_clip_is_left_out_and_said(tmp_path: Path, tone: Tone) -> None:
    tone(tmp_path / "pop" / "pop.00000.wav", seconds=30, rate=22_050)
    tone(tmp_path / "pop" / "pop.00001.wav", seconds=30, rate=22_050, peak=0)
    faults = write_course(gtzan(path=tmp_path), tmp_path / "out", format="arrays")
    assert [fault.where for fault in faults] == [f"pop.00001#{clip:02d}" for clip in range(15)]
    assert "silent" in faults[0].what
    assert len(np.load(tmp_path / "out" / "train.npz")["x"]) == 12


def test_what_is_no_whole_gtzan_is_refused(tmp_path: Path, tone: Tone) -> None:
    tone(tmp_path / "jazz" / "jazz.00000.wav", seconds=30)
    with pytest.raises(UsageError, match=r"gtzan: the course's clips are cut from GTZAN's whole tracks of blues"):
        write_course(gtzan(path=tmp_path), tmp_path / "out")
    tone(tmp_path / "pop" / "pop.00000.wav", seconds=30)
    with pytest.raises(UsageError, match=r"give the data set gtzan without clips_per_track"):
        write_course(gtzan(path=tmp_path, clips_per_track=3), tmp_path / "out")


@pytest.mark.parametrize(("format", "there"), [("arrays", "valid.npz"), ("tfdata", "valid")])
def test_nothing_is_written_over(tmp_path: Path, tone: Tone, format: str, there: str) -> None:
    tone(tmp_path / "pop" / "pop.00000.wav", seconds=30)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / there).write_text("mine")
    with pytest.raises(DataError, match=rf"{there}: already there; remove it or choose another folder"):
        write_course(gtzan(path=tmp_path), tmp_path / "out", format=format)  # type: ignore[arg-type]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [there]
