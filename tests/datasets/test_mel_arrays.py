"""Packed spectrograms: the numbers they unpack to, and files that are not what they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import soundfile

from earmark.datasets.mel_arrays import mel_arrays
from earmark.errors import DataError, UsageError


def arrays() -> dict[str, Any]:
    return {
        "ids": np.array(["a", "b", "c", "d"]),
        "genre": np.array(["rock", "jazz", "rock", "pop"]),
        "split": np.array(["train", "valid", "unlisted", "test"]),
        "level": np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3) * 10,
        "floor_db": np.array([-80, -60, -80, -70], np.float32),
    }


def write(path: Path, **changed: Any) -> Path:
    kept = {name: array for name, array in {**arrays(), **changed}.items() if array is not None}
    np.savez(path, **kept)
    return path


def test_values_are_decibels_below_the_loudest(tmp_path: Path) -> None:
    dataset = mel_arrays(path=write(tmp_path / "a.npz"))
    assert dataset.medium == "log_mel"
    assert dataset.genres == ("jazz", "pop", "rock")
    assert [(t.id, t.genre, t.part, t.row) for t in dataset.tracks] == [
        ("a", "rock", "train", 0),
        ("b", "jazz", "valid", 1),
        ("c", "rock", None, 2),
        ("d", "pop", "test", 3),
    ]
    b = dataset.read(dataset.track("b"))
    assert (b.dtype, b.shape) == (np.float32, (2, 3))
    np.testing.assert_allclose(b, -60 * (1 - np.array([[60, 70, 80], [90, 100, 110]]) / 255), rtol=1e-6)


def test_genres_and_parts_may_be_chosen(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz")
    dataset = mel_arrays(path=path, genres=["rock", "jazz"], parts=["train", "valid"])
    assert dataset.genres == ("rock", "jazz")
    assert [track.id for track in dataset.tracks] == ["a", "b"]
    with pytest.raises(UsageError, match=r"no genre 'rok'; did you mean 'rock'\?; there are: jazz, pop, rock"):
        mel_arrays(path=path, genres=["rok"])
    with pytest.raises(UsageError, match=r"no split 'validation'; did you mean 'valid'\?"):
        mel_arrays(path=path, parts=["validation"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"level": None}, r"no array 'level'; it has: ids, genre, split, floor_db"),
        ({"level": np.zeros((4, 2, 3), np.float32)}, r"level is float32 \(4, 2, 3\); it must be uint8"),
        ({"level": np.zeros((4, 6), np.uint8)}, r"level is uint8 \(4, 6\)"),
        ({"floor_db": np.zeros(3)}, r"floor_db has the shape \(3,\), ids \(4,\)"),
        ({"split": np.array(["train", "valid", "tset", "test"])}, r"split 'tset' is not one of unlisted, train, valid"),
        ({"ids": np.array(["a", "a", "c", "d"])}, r"track id 'a' stands 2 times"),
        ({"ids": np.array([{}, "b", "c", "d"], dtype=object)}, r"cannot be read as an \.npz file: .*pickle"),
    ],
)
def test_another_layout_is_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        mel_arrays(path=write(tmp_path / "a.npz", **changed))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz")
    whole = path.read_bytes()
    for damaged in (b"", b"text", whole[: len(whole) // 2], whole[:400] + b"\xff" * 40 + whole[440:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"a\.npz: "):
            mel_arrays(path=path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match=r"a\.npz: a single array, not an \.npz file"):
        mel_arrays(path=path)
    with pytest.raises(DataError, match=r"none\.npz: no such file; give the path of an \.npz file"):
        mel_arrays(path=tmp_path / "none.npz")


def test_real_tracks_are_what_librosa_makes_of_the_audio(shared: Path) -> None:
    root = shared / "gtzan"
    dataset = mel_arrays(path=root / "mel" / "mel128.npz", artists=root / "artists.csv")
    parts = [track.part for track in dataset.tracks]
    assert (parts.count("train"), parts.count("valid"), parts.count(None)) == (442, 197, 70)
    assert dataset.track("blues.00000").artist == "John Lee Hooker"
    with np.load(root / "mel" / "mel128.npz") as file:
        frames = dict(zip(file["ids"].tolist(), file["frame"], strict=True))
    for name in ("blues.00000", "reggae.00002"):
        track = dataset.track(name)
        samples, rate = soundfile.read(root / "audio" / str(track.genre) / f"{name}.flac", dtype="float32")
        power = librosa.feature.melspectrogram(y=samples, sr=rate, n_fft=2048, hop_length=512, n_mels=128)
        expected = librosa.power_to_db(power, ref=np.max)[:, frames[name]]
        difference = np.abs(dataset.read(track) - expected)
        assert difference.mean() < 0.1
        assert difference.max() < 1.5
