"""`earmark explain` with a run that reads song texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from song_texts import train_on_songs

from earmark.run import Run

Earmark = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run that tells two genres by their words and artists; tests do not change it."""
    return train_on_songs(tmp_path_factory.mktemp("lyrics"), "tfidf_svm")


def test_it_tells_words_and_writes_a_page(earmark: Earmark, reader: Run, tmp_path: Path) -> None:
    song, page = tmp_path / "song.txt", tmp_path / "why.html"
    song.write_text("Senhor, Deus\nna viola", encoding="utf-8")
    code, out, _ = earmark("explain", song, "--model", reader.folder, "--html", page)
    assert code == 0
    assert "words that decided for gospel (×) and for samba (÷):" in out
    assert "senhor" in out
    assert "in any text most for samba: " in out
    assert "<mark" in page.read_text(encoding="utf-8")
    code, out, _ = earmark("explain", song, "--model", reader.folder, "--json", "--artist", "gospel 1")
    told = json.loads(out)
    assert list(told["artist"]) == ["gospel 1"]
    assert told["artist"]["gospel 1"] > 0
    assert told["genre"] == "gospel"
    assert told["words"]["senhor"] > 0 > told["words"]["viola"]


def test_who_sings_is_told_of_where_it_counts(earmark: Earmark, reader: Run, tmp_path: Path) -> None:
    song = tmp_path / "song.txt"
    song.write_text("Senhor, Deus\nna viola", encoding="utf-8")
    assert "who sings" not in earmark("explain", song, "--model", reader.folder)[1]
    _, out, err = earmark("explain", song, "--model", reader.folder, "--artist", "gospel 1")
    assert "who sings, gospel 1: ×" in out + err


def test_a_text_without_words_is_refused(earmark: Earmark, reader: Run, tmp_path: Path) -> None:
    (tmp_path / "song.txt").write_text("...\n")
    code, out, err = earmark("explain", tmp_path / "song.txt", "--model", reader.folder)
    assert (code, out) == (3, "")
    assert "song.txt: no words in it" in err
