"""`earmark tag`: what is shown in which form, what is written only when asked, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import pytest
from tones import PITCHES, write_tone

from earmark.classifier import loading
from earmark.errors import ModelError
from earmark.library.tags import read_genres
from earmark.run import Run


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))


def offline() -> None:
    raise ModelError("musicnn cannot be fetched")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """One unheard tone of each kind."""
    for kind, pitch in PITCHES.items():
        write_tone(tmp_path / "music" / "album" / f"{kind}.wav", pitch, seed=77, seconds=2.2)
    return tmp_path / "music"


@pytest.fixture
def tag(earmark, trained: Run):
    """Calls the command with the classifier of the tones."""

    def call(*words: object) -> tuple[int, str, str]:
        return earmark("tag", "--model", trained.folder, "--workers", 0, "--min-confidence", 0.3, *words)

    return call


def genres(music: Path) -> dict[str, tuple[str, ...]]:
    return {path.name: read_genres(path) for path in sorted(music.rglob("*.wav"))}


def test_it_shows_what_it_would_write_and_writes_nothing(tag, music: Path):
    before = {path: path.read_bytes() for path in music.rglob("*.wav")}
    code, out, err = tag(music)
    assert code == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert [(Path(row[0]).name, row[1], row[2], row[4], row[5]) for row in rows] == [
        (f"{kind}.wav", "", kind, "planned", kind) for kind in ("high", "low", "middle")
    ]
    assert all(0.3 < float(row[3]) <= 1 for row in rows)
    assert err.splitlines()[-2:] == [
        "3 files: 3 to change, 0 kept, 0 unsure, 0 not music, 0 failed",
        "nothing was written; --write writes what is shown",
    ]
    assert {path: path.read_bytes() for path in music.rglob("*.wav")} == before


def test_it_writes_what_it_has_shown_and_undo_takes_it_back(tag, earmark, music: Path):
    shown = json.loads(tag(music, "--json")[1])
    code, out, err = tag(music, "--write", "--json")
    written = json.loads(out)
    assert code == 0
    assert [file | {"outcome": "changed"} for file in shown["files"]] == written["files"]
    assert genres(music) == {Path(file["file"]).name: tuple(file["becomes"]) for file in written["files"]}
    assert genres(music)["low.wav"] == ("low",)
    [tagging] = written["taggings"]
    assert err.splitlines()[-2:] == [
        "3 files: 3 changed, 0 kept, 0 unsure, 0 not music, 0 failed",
        f"take it back with: earmark undo {tagging}",
    ]
    assert earmark("undo", tagging)[0] == 0
    assert set(genres(music).values()) == {()}


def test_genres_that_are_there_are_kept_replaced_or_added_to(tag, music: Path, tmp_path: Path):
    names = tmp_path / "names.toml"
    names.write_text('[rename]\nhigh = "Tone"\nlow = "Tone"\nmiddle = "Tone"\n[parents]\nTone = "Test"\n')
    assert tag(music, "--write", "--mapping", names)[0] == 0
    assert set(genres(music).values()) == {("Tone", "Test")}
    assert "0 changed, 3 kept" in tag(music, "--write")[2]
    assert tag(music, "--write", "--append", "--keep-mtime")[0] == 0
    assert genres(music)["low.wav"] == ("Tone", "Test", "low")
    assert tag(music, "--write", "--replace")[0] == 0
    assert genres(music) == {"high.wav": ("high",), "low.wav": ("low",), "middle.wav": ("middle",)}


def test_csv_has_a_line_a_file_those_that_failed_too(tag, music: Path):
    (music / "a.wav").write_text("not sound")
    code, out, err = tag(music, "--csv", "--min-confidence", 1)
    assert code == 1
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["file", "outcome", "genres", "becomes", "suggested", "probability", "why"]
    assert [(Path(row["file"]).name, row["outcome"]) for row in rows] == [
        ("a.wav", "failed"), ("high.wav", "unsure"), ("low.wav", "unsure"), ("middle.wav", "unsure")
    ]  # fmt: skip
    assert rows[0]["why"].startswith("it is no kind of file whose genre can be written")
    assert re.fullmatch(r"low at \d+% is below 100%", rows[2]["why"])
    assert "1 skipped:" in err.splitlines()
    assert err.splitlines()[-1] == "4 files: 0 to change, 0 kept, 3 unsure, 0 not music, 1 failed"


def test_the_page_shows_the_plan(tag, music: Path):
    assert tag(music, "--html", "plan.html")[0] == 0
    page = Path("plan.html").read_text(encoding="utf-8")
    assert "this is what <code>--write</code> would do" in page
    assert "middle.wav" in page


def test_names_that_are_not_text_are_spelt_with_escapes(tag, music: Path):
    path = (music / "album" / "low.wav").rename(music / os.fsdecode(b"\xff.wav"))
    _, out, _ = tag(path, "--json", "--html", "plan.html")
    assert r"\udcff.wav" in out
    assert Path(json.loads(out)["files"][0]["file"]) == path
    assert r"\udcff.wav" in Path("plan.html").read_text(encoding="utf-8")


def test_without_a_model_the_default_answers_and_says_what_it_lacks(
    earmark, music: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loading, "load_musicnn", offline)
    code, out, err = earmark("tag", music, "--workers", 0, "--json")
    assert code == 0
    said = json.loads(out)
    assert said["classifier"] == "default"
    assert said["note"].startswith("without the pretrained network the answers are worse: musicnn cannot be fetched")
    assert said["note"] in err.splitlines()
    assert all(len(file["suggested"]) == (0 if file["outcome"] == "not music" else 3) for file in said["files"])


def test_for_speech_no_genre_is_suggested(earmark, shared: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loading, "load_musicnn", offline)
    speech = (shared / "open_audio" / "198-209-0000.ogg").resolve()
    code, out, err = earmark("tag", speech, "--workers", 0)
    assert (code, out) == (0, f"{speech}\t\t\t\tnot music\t\n")
    assert err.splitlines()[-1] == "1 file: 0 to change, 0 kept, 0 unsure, 1 not music, 0 failed"


def test_where_nothing_can_be_used_one_line_says_so(tag, tmp_path: Path):
    code, out, err = tag(tmp_path / "nowhere")
    assert (code, out) == (3, "")
    assert err.splitlines()[-3:] == [
        "1 skipped:",
        f"  {tmp_path / 'nowhere'}: No such file or directory",
        "earmark: nothing given could be tagged",
    ]


def test_what_excludes_each_other_is_refused(tag, music: Path):
    code, _, err = tag(music, "--replace", "--append")
    assert code == 2
    assert "--replace and --append exclude each other" in err
