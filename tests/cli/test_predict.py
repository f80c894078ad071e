"""`earmark predict`: which files, which form, and what becomes of those that cannot be read."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tones import PITCHES, write_tone

import earmark as package
from earmark.cli import predict, show
from earmark.run import Run


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting others takes seconds."""
    monkeypatch.setattr("earmark.batches.mapping.usable_cores", lambda: 0)


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """One unheard tone of each kind, in a folder of folders."""
    for kind, pitch in PITCHES.items():
        write_tone(tmp_path / "songs" / "of mine" / f"{kind}.wav", pitch, seed=77, seconds=2.2)
    return tmp_path / "songs"


def test_a_pipe_gets_a_line_a_file(earmark, trained: Run, songs: Path):
    code, out, err = earmark("predict", trained.folder, songs)
    assert (code, err) == (0, "")
    rows = [line.split("\t") for line in out.splitlines()]
    assert [(Path(row[0]), row[1]) for row in rows] == [
        (songs / "of mine" / f"{kind}.wav", kind) for kind in ("high", "low", "middle")
    ]
    assert all(0.5 < float(row[2]) <= 1 for row in rows)


def test_python_says_the_same(earmark, trained: Run, songs: Path):
    path = songs / "of mine" / "low.wav"
    answer = package.load(trained.folder).predict(path)
    [said] = json.loads(earmark("predict", trained.folder, path, "--json")[1])
    assert said["file"] == str(path)
    assert said["genre"] == answer.genre == "low"
    assert list(said["probabilities"]) == [genre for genre, _ in answer.ranked()]
    np.testing.assert_allclose(list(said["probabilities"].values()), [p for _, p in answer.ranked()], atol=1e-6)


def test_csv_has_a_column_a_genre(earmark, trained: Run, songs: Path):
    _, out, _ = earmark("predict", trained.folder, songs, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["file", "genre", "probability", "high", "low", "middle"]
    for row in rows:
        shares = [float(row[genre]) for genre in PITCHES]
        assert sum(shares) == pytest.approx(1, abs=1e-5)
        assert float(row["probability"]) == max(shares) == float(row[row["genre"]])


def test_over_time_every_clip_is_told(earmark, trained: Run, songs: Path):
    path = songs / "of mine" / "low.wav"
    [said] = json.loads(earmark("predict", trained.folder, path, "--json", "--over-time")[1])
    assert [clip["start"] for clip in said["over_time"]] == [0, 1]
    answer = package.load(trained.folder).predict(path)
    told = [[clip["probabilities"][genre] for genre in answer.genres] for clip in said["over_time"]]
    np.testing.assert_allclose(told, answer.over_time, atol=1e-5)

    rows = list(csv.DictReader(io.StringIO(earmark("predict", trained.folder, path, "--csv", "--over-time")[1])))
    assert [row["start"] for row in rows] == ["0.0", "1.0"]
    lines = earmark("predict", trained.folder, path, "--over-time")[1].splitlines()
    assert [line.split("\t")[:2] for line in lines] == [[str(path), ""], [str(path), "0:00.0"], [str(path), "0:01.0"]]


def test_below_the_confidence_asked_for_it_is_unsure(earmark, trained: Run, songs: Path):
    told = json.loads(earmark("predict", trained.folder, songs, "--json", "--over-time")[1])
    assert {answer["verdict"] for answer in told} == {"music"}
    least, *_, most = sorted(answer["probability"] for answer in told)
    assert least < most
    asked = (trained.folder, songs, "--over-time", "--min-confidence", most - 1e-4)
    code, out, err = earmark("predict", *asked, "--json")
    assert (code, err) == (0, f"unsure: 2 of 3, where no genre reaches {most - 1e-4:g}\n")
    unsure = json.loads(out)
    assert [answer["verdict"] for answer in unsure].count("unsure") == 2
    for before, after in zip(told, unsure, strict=True):
        assert (before["genre"], before["probabilities"]) == (after["genre"], after["probabilities"])
        assert after["verdict"] == ("music" if after["probability"] == most else "unsure")
        for clip in after["over_time"]:
            likeliest = max(clip["probabilities"].values())
            assert clip["verdict"] == ("music" if likeliest >= most - 1e-4 else "unsure")

    clips = [clip["verdict"] for answer in unsure for clip in answer["over_time"]]
    rows = list(csv.DictReader(io.StringIO(earmark("predict", *asked, "--csv")[1])))
    assert ["unsure" if row["genre"] == "unsure" else "music" for row in rows] == clips
    whole = [line.split("\t") for line in earmark("predict", *asked)[1].splitlines() if line.split("\t")[1] == ""]
    assert sorted(row[2] for row in whole)[-2:] == ["unsure", "unsure"]
    likeliest = {answer["file"]: answer["genre"] for answer in unsure}
    assert all(row[4].startswith(likeliest[row[0]]) for row in whole if row[2] == "unsure")


def test_a_confidence_that_is_none_is_refused(earmark, trained: Run, songs: Path):
    code, out, err = earmark("predict", trained.folder, songs, "--min-confidence", "70")
    assert (code, out) == (2, "")
    assert "'--min-confidence'" in err


def test_the_classifier_may_be_an_option_or_a_folder_of_runs(earmark, trained: Run, songs: Path, tmp_path: Path):
    path = songs / "of mine" / "low.wav"
    _, expected, _ = earmark("predict", trained.folder, path)
    assert earmark("predict", "--model", trained.folder, path) == (0, expected, "")
    assert earmark("predict", trained.folder.parent, path) == (0, expected, "")
    older = tmp_path / "runs" / "2000-01-01T00-00-00-cnn_rnn-s1"
    shutil.copytree(trained.folder, tmp_path / "runs" / trained.name)
    shutil.copytree(trained.folder, older)
    (older / "weights.safetensors").write_bytes(b"damaged")  # the newest answers, so that nobody reads it
    assert earmark("predict", tmp_path / "runs", path) == (0, expected, "")


def test_bad_files_are_listed_and_the_others_answered(earmark, trained: Run, songs: Path):
    (songs / "notes.wav").write_text("not sound")
    write_tone(songs / "tiny.wav", 200, seed=1, seconds=0.3)
    code, out, err = earmark("predict", trained.folder, songs)
    assert code == 1
    assert len(out.splitlines()) == 3
    assert err.splitlines()[0] == "2 skipped:"
    assert "notes.wav" in err.splitlines()[1]
    assert "tiny.wav: too short: 0.30 s of sound, one clip takes 1.00 s" in err.splitlines()[2]


def test_processes_answer_the_same(earmark, trained: Run, songs: Path):
    (songs / "notes.wav").write_text("not sound")
    here = earmark("predict", trained.folder, songs)
    assert earmark("predict", trained.folder, songs, "--workers", 1) == here


def test_all_bad_is_no_answer(earmark, trained: Run, tmp_path: Path):
    (tmp_path / "notes.wav").write_text("not sound")
    code, out, err = earmark("predict", trained.folder, tmp_path / "notes.wav")
    assert (code, out) == (3, "")
    assert err.splitlines()[-1] == "earmark: nothing given could be classified"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "no files given: earmark predict [CLASSIFIER] FILE…"),
        (["nowhere.wav"], 3, "nowhere.wav: no such file or folder"),
        (["."], 3, "no audio files in this folder or below it (looked for .aac,"),
    ],
)
def test_without_files_it_says_what_is_missing(earmark, trained: Run, words, code, said):
    failed, out, err = earmark("predict", trained.folder, *words)
    assert (failed, out) == (code, "")
    assert said in err


def test_trained_on_arrays_that_do_not_say_what_a_clip_is_it_names_the_missing_key(
    earmark, trained: Run, songs: Path, tmp_path: Path
):
    shutil.copytree(trained.folder, tmp_path / "run")
    card = json.loads((tmp_path / "run" / "classifier.json").read_text())
    card["features"]["clip_seconds"] = None
    (tmp_path / "run" / "classifier.json").write_text(json.dumps(card))
    code, out, err = earmark("predict", tmp_path / "run", songs)
    assert (code, out) == (3, "")
    assert "features.clip_seconds is missing (or like = 'course_clip')" in err


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_a_table_that_fits(earmark, trained: Run, songs: Path, monkeypatch, columns: int):
    for module in (show, predict):
        monkeypatch.setattr(module, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    shutil.copy(songs / "of mine" / "low.wav", songs / "of mine" / f"{'an endless title ' * 6}.wav")
    _, out, _ = earmark("predict", trained.folder, songs, "--over-time")
    told, header, *table = out.splitlines()
    assert told == f"in {songs}/of mine/:"
    assert header.split() == ["file", "at", "genre", "probability", "then"]
    assert max(map(len, table)) <= columns
    assert sum(line.split()[:2] == ["0:01.0", "low"] for line in table) == 2
    assert all("█" in line for line in table if "%" in line)
    assert {"high.wav", "low.wav", "middle.wav"} <= {line.split()[0] for line in table}
    beside = [line[: header.index("at")].strip() for line in table]
    assert " ".join(piece for piece in beside if "endless" in piece).count("endless") == 6  # folded, not cut
