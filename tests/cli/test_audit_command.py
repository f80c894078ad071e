"""`earmark audit` on folders and data sets."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def songs(tones: Path, tmp_path: Path) -> Path:
    """Two tones, a copy of one in another part, and a file that cannot be read."""
    root = tmp_path / "songs"
    for name, tone in (("train/low.wav", "low/low0"), ("train/high.wav", "high/high0"), ("test/copy.wav", "low/low0")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tones / f"{tone}.wav", root / name)
    (root / "empty.mp3").write_bytes(b"")
    return root


def test_lines_say_what_where_why_and_what_to_do(earmark, songs: Path) -> None:
    code, said, talk = earmark("audit", songs, "--workers", 0)
    assert code == 1
    assert said.splitlines() == [
        "unreadable\tempty.mp3\tempty: the file has 0 bytes\tget it again from its source, unless a decoder is missing",
        "same file\ttrain/low.wav\tthe same file as test/copy.wav; one stands in test, the other in train"
        "\tkeep one, or put both into the same part",
    ]
    assert "songs: 4 tracks; found: 1 unreadable, 1 same file" in talk
    assert "2 compared with each other" in talk
    assert "3 tracks of the split name no artist" in talk


def test_json_and_csv_say_the_same(earmark, songs: Path) -> None:
    code, said, _ = earmark("audit", songs, "--workers", 0, "--json")
    whole = json.loads(said)
    assert code == 1
    assert (whole["tracks"], [finding["kind"] for finding in whole["findings"]]) == (4, ["unreadable", "same_file"])
    assert whole["findings"][1]["parts"] == ["test", "train"]
    rows = list(csv.DictReader(io.StringIO(earmark("audit", songs, "--workers", 0, "--csv")[1])))
    assert [(row["kind"], row["where"], row["other"], row["parts"], row["agreement"]) for row in rows] == [
        ("unreadable", "empty.mp3", "", "", ""),
        ("same_file", "train/low.wav", "test/copy.wav", "test train", "1.0"),
    ]


def test_nothing_wrong_is_said_and_told_by_the_code(earmark, songs: Path) -> None:
    (songs / "empty.mp3").unlink()
    shutil.rmtree(songs / "test")
    code, said, talk = earmark("audit", songs)
    assert (code, said) == (0, "")
    assert "songs: 2 tracks; found: nothing" in talk


def test_options_reach_the_audit(earmark, songs: Path, tmp_path: Path) -> None:
    split = tmp_path / "split.csv"
    split.write_text("id,part\ntrain/low.wav,train\ntest/copy.wav,train\n")
    _, said, _ = earmark("audit", songs, "--workers", 0, "--split", split, "--min-seconds", 3)
    assert [line.split("\t")[0] for line in said.splitlines()] == ["unreadable", *["too short"] * 3, "same file"]
    assert "one stands in" not in said


def test_a_data_set_by_its_name(earmark, tones: Path, tmp_path: Path) -> None:
    for kind, numbers in (("high", "[4-7]"), ("low", "[0-3]")):  # tones of one number have the same noise in them
        (tmp_path / "sorted" / kind).mkdir(parents=True)
        for tone in (tones / kind).glob(f"*{numbers}.wav"):
            shutil.copy(tone, tmp_path / "sorted" / kind)
    shutil.copy(tones / "low" / "low0.wav", tmp_path / "sorted" / "high")
    (tmp_path / "sorted" / "cover.jpg").touch()
    code, said, talk = earmark("audit", "folder", "--path", tmp_path / "sorted", "--workers", 0)
    assert (code, said) == (
        0,
        "same file\tlow/low0.wav\tthe same file as high/low0.wav; its genre is low, there high\tkeep one\n",
    )
    assert "sorted: 9 tracks; found: 1 same file" in talk
    assert "  cover.jpg: ignored: not in a genre's folder" in talk


def test_what_has_no_fingerprint_is_said_to_be_compared_for_equality(earmark, rng, tmp_path: Path) -> None:
    level = rng.integers(0, 255, (2, 20, 30), dtype=np.uint8)
    np.savez(
        tmp_path / "m.npz", ids=["a", "b"], genre=["x", "y"], split=["train"] * 2, level=level, floor_db=[-80.0] * 2
    )
    code, _, talk = earmark("audit", tmp_path / "m.npz")
    assert code == 0
    assert "compared for equality alone" in talk


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["nowhere"], 2, "nowhere: no such file or folder, nor a data set of that name; known: "),
        (["{songs}", "--min-agreement", "0.1"], 2, "greater than or equal to 0.2"),
        (["{songs}", "--split", "{songs}/empty.mp3"], 3, "the columns must be id,part"),
        (["{songs}", "--workers", "0", "--json", "--csv"], 2, "--json and --csv exclude each other"),
    ],
)
def test_wrong_use_is_one_line(earmark, songs: Path, words: list[str], code: int, why: str) -> None:
    got, said, talk = earmark("audit", *(word.format(songs=songs) for word in words))
    assert (got, said) == (code, "")
    assert why in talk
    assert talk.count("\n") == 1
