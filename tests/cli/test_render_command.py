"""`earmark render` on files of sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark.datasets.image_folder import image_folder


def test_a_folder_of_audio_becomes_a_folder_of_pictures(earmark, tones: Path, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    code, said, _ = earmark("render", str(tones), str(out), "--split", "50:25:25", "--size", "64x48")
    assert code == 0
    assert said.startswith(f"{out}\t24 pictures\tby track, 12 train / 6 valid / 6 test, seed 1")
    dataset = image_folder(path=out)
    assert len(dataset) == 24
    assert {track.part for track in dataset.tracks} == {"train", "valid", "test"}


def test_without_a_split_there_are_no_parts(earmark, tones: Path, tmp_path: Path) -> None:
    assert earmark("render", str(tones), str(tmp_path / "out"), "--split", "none", "--axes")[0] == 0
    assert {track.part for track in image_folder(path=tmp_path / "out").tracks} == {None}


def test_some_tracks_of_each_genre_from_arrays_with_artists_apart(earmark, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    genre = np.repeat(["low", "high"], 20)
    ids = np.array([f"{name}.{i:05d}" for i, name in enumerate(genre)])
    np.savez(
        tmp_path / "mel.npz",
        ids=ids,
        genre=genre,
        split=np.full(40, "unlisted"),
        level=rng.integers(0, 256, (40, 16, 20), dtype=np.uint8),
        floor_db=np.full(40, -80, np.float32),
    )
    artist = {name: f"artist {i // 2}" for i, name in enumerate(ids)}
    (tmp_path / "artists.csv").write_text("id,artist,title\n" + "".join(f"{name},{artist[name]},\n" for name in ids))
    out = tmp_path / "pictures"
    words = ["--per-genre", "16", "--by-artist", "--set", f"artists={tmp_path / 'artists.csv'}"]
    code, said, _ = earmark("render", tmp_path / "mel.npz", out, *words)
    assert code == 0
    assert said.startswith(f"{out}\t32 pictures\tby artist, ")
    found = image_folder(path=out)
    assert found.counts() == {"high": 16, "low": 16}
    sides = {(artist[Path(track.id).name.removesuffix("_000.png")], track.part) for track in found.tracks}
    assert {part for _, part in sides} == {"train", "valid", "test"}
    assert len(sides) == len({name for name, _ in sides})


def test_a_file_that_cannot_be_read_is_listed_and_told_by_the_code(earmark, tones: Path, tmp_path: Path) -> None:
    songs = tmp_path / "songs"
    for file in tones.glob("*/*[0-3].wav"):
        (songs / file.parent.name).mkdir(parents=True, exist_ok=True)
        (songs / file.parent.name / file.name).write_bytes(file.read_bytes())
    broken = sorted(songs.rglob("*.wav"))[0]
    broken.write_bytes(b"RIFF")
    code, said, errors = earmark("render", str(songs), str(tmp_path / "out"), "--split", "none")
    assert code == 1
    assert "\t11 pictures" in said
    assert broken.name in errors


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--size", "224", "--size 224: write it as WIDTHxHEIGHT"),
        ("--split", "80:20", "--split 80:20: write it as TRAIN:VALID:TEST"),
        ("--split", "0:50:50", "--split 0:50:50: write it as TRAIN:VALID:TEST"),
        ("--split", "as_given", "hands out no parts of its own"),
        ("--colour-map", "magna", "did you mean 'magma'"),
    ],
)
def test_wrong_options_are_one_line(earmark, tones: Path, tmp_path: Path, option: str, value: str, why: str) -> None:
    code, _, errors = earmark("render", str(tones), str(tmp_path / "out"), option, value)
    assert code == 2
    assert why in errors
    assert not (tmp_path / "out").exists()
