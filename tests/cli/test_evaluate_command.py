"""`earmark evaluate` and `earmark report`: figures with all that belongs to them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from tones import PITCHES, write_tone

from earmark.run import Run


@pytest.fixture
def run_of_mine(trained: Run, tmp_path: Path) -> Path:
    """A copy of the run, to be changed."""
    shutil.copytree(trained.folder, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """Tones under other spellings, one genre that nobody knows, and one file of no sound."""
    for place, kind in enumerate(("HIGH", "Low", "noise")):
        for number in range(3):
            pitch = (PITCHES["high"], PITCHES["low"], 440)[place]
            write_tone(tmp_path / "others" / kind / f"{number}.wav", pitch, seed=50 + number)
    (tmp_path / "others" / "Low" / "2.wav").write_bytes(b"RIFF")
    return tmp_path / "others"


def test_its_own_parts_by_track_and_clip(earmark, run_of_mine: Path):
    code, out, err = earmark("evaluate", run_of_mine, "--device", "cpu")
    assert code == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[:3] for row in rows] == [
        ["valid", "track", "6"],
        ["valid", "clip", "12"],
        ["test", "track", "6"],
        ["test", "clip", "12"],
    ]
    assert all(float(row[4]) <= float(row[3]) <= float(row[5]) for row in rows)
    assert "valid: validation: it also chose the epoch, so a test score would be lower" in err.splitlines()
    assert "test: tones, by track, 12 train / 6 valid / 6 test, seed 1" in err.splitlines()


def test_one_part_as_csv(earmark, run_of_mine: Path):
    _, out, _ = earmark("evaluate", run_of_mine, "--part", "test", "--csv", "--device", "cpu")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["part"], row["unit"], row["n"]) for row in rows] == [("test", "track", "6"), ("test", "clip", "12")]
    assert float(rows[0]["majority"]) == pytest.approx(1 / 3, abs=1e-3)


def test_on_other_data_what_was_left_out_is_said(earmark, run_of_mine: Path, others: Path):
    code, out, err = earmark("evaluate", run_of_mine, "--on", others, "--json", "--device", "cpu")
    assert code == 0
    [(name, judged)] = json.loads(out).items()
    assert name == "on-others"
    assert judged["left_out"] == {"genre 'noise' is not one the classifier knows": 3, "unreadable": 1}
    assert judged["by_track"]["n"] == 5
    assert judged["by_track"]["accuracy"]["value"] == 1
    assert "1 skipped:" in err.splitlines()
    assert any("Low/2.wav" in line for line in err.splitlines())

    _, _, err = earmark("evaluate", run_of_mine, "--on", others, "--device", "cpu")
    assert "on-others: left out: 3 (genre 'noise' is not one the classifier knows)" in err.splitlines()
    assert "on-others: left out: 1 (unreadable)" in err.splitlines()


def test_a_mapping_file_names_what_spelling_cannot(earmark, run_of_mine: Path, others: Path):
    Path("mapping.toml").write_text('noise = "middle"\n')
    words = ("evaluate", run_of_mine, "--on", others, "--mapping", "mapping.toml", "--json", "--device", "cpu")
    _, out, _ = earmark(*words)
    assert json.loads(out)["on-others"]["by_track"]["n"] == 8
    Path("mapping.toml").write_text('nois = "middle"\n')
    code, _, err = earmark(*words)
    assert code == 3
    assert "genre mapping: 'nois' is not a genre to be mapped; did you mean 'noise'?" in err


def test_report_says_where_the_page_is(earmark, run_of_mine: Path):
    (run_of_mine / "report.html").unlink()
    code, out, _ = earmark("report", run_of_mine)
    assert (code, out) == (0, f"{run_of_mine / 'report.html'}\n")
    assert "tones" in (run_of_mine / "report.html").read_text(encoding="utf-8")


def test_what_is_no_run_needs_other_data(earmark):
    said = "earmark: default: it is no run and has no parts of its own; name other data to judge it on: --on\n"
    assert earmark("evaluate", "default") == (2, "", said)
