"""`earmark predict` with a run that reads song texts: files, standard input, tables, and what is none of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from song_texts import train_on_songs

from earmark.run import Run

Earmark = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run that tells two genres by their words and artists; tests do not change it."""
    return train_on_songs(tmp_path_factory.mktemp("lyrics"), "tfidf_logistic")


@pytest.mark.parametrize(
    "text",
    [
        "Senhor Jesus",
        "jesus",
        "<p>JESUS&nbsp;é o <b>Senhor</b></p>",
        "🙏 jesus 🙏",
        "שלום jesus مرحبا",
        "jesus " * 200_000,
        "[Refrão]\njesus\n" * 3,
    ],
    ids=["plain", "one word", "html", "emoji", "right to left", "a megabyte", "marks"],
)
def test_a_text_gets_its_genre(earmark: Earmark, reader: Run, text: str) -> None:
    Path("a.txt").write_text(text, encoding="utf-8")
    code, out, err = earmark("predict", reader.folder, "a.txt")
    assert (code, err) == (0, "")
    assert out.split("\t")[:2] == ["a.txt", "gospel"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "a.txt: empty"),
        (b" \n\n", "a.txt: empty"),
        ("🙂🙂".encode(), "a.txt: no words in it"),
        (b"[Instrumental]", "a.txt: no words in it"),
        ("um\njesus é".encode("latin-1"), "a.txt: line 2: the byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("é jesus\n".encode() + b"\xe9", "a.txt: line 2: the byte 0xe9 is not UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "a.txt: line 1: a NUL byte: this is not a text file"),
    ],
    ids=["empty", "blank", "emoji alone", "instrumental", "latin-1", "mixed", "binary"],
)
def test_what_is_no_song_is_listed_in_one_line(earmark: Earmark, reader: Run, content: bytes, why: str) -> None:
    Path("a.txt").write_bytes(content)
    Path("b.txt").write_text("roda de samba")
    code, out, err = earmark("predict", reader.folder, "a.txt", "b.txt")
    assert code == 1
    assert out.split("\t")[:2] == ["b.txt", "samba"]
    assert err.splitlines() == ["1 skipped:", f"  {why}"] or err.splitlines()[1].startswith(f"  {why}")
    assert earmark("predict", reader.folder, "a.txt")[0] == 3


def test_standard_input_is_read(earmark: Earmark, reader: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"viola e pandeiro")))
    code, out, _ = earmark("predict", reader.folder, "-", "--json")
    assert code == 0
    [said] = json.loads(out)
    assert (said["file"], said["genre"]) == ("-", "samba")


def test_a_folder_of_texts_is_walked(earmark: Earmark, reader: Run) -> None:
    Path("in").mkdir()
    for name, text in (("b", "roda"), ("a", "deus")):
        Path("in", f"{name}.txt").write_text(text)
    rows = [line.split("\t") for line in earmark("predict", reader.folder, "in")[1].splitlines()]
    assert [(row[0], row[1]) for row in rows] == [("in/a.txt", "gospel"), ("in/b.txt", "samba")]


def test_each_row_of_a_table_is_a_song(earmark: Earmark, reader: Run) -> None:
    Path("s.csv").write_text('who,words\ngospel 1,"deus,\nsenhor"\nx,\nsamba 2,o que\n')
    code, out, err = earmark("predict", reader.folder, "s.csv", "--column", "words", "--artist-column", "who", "--csv")
    assert code == 1
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["file"], row["genre"]) for row in rows] == [("s.csv, row 2", "gospel"), ("s.csv, row 4", "samba")]
    assert "s.csv, row 3: empty" in err


def test_the_artist_may_be_told(earmark: Earmark, reader: Run) -> None:
    Path("a.txt").write_text("o que")
    said = {}
    for artist in ("gospel 1", "samba 1"):
        [answer] = json.loads(earmark("predict", reader.folder, "a.txt", "--artist", artist, "--json")[1])
        said[artist] = answer["genre"]
    assert said == {"gospel 1": "gospel", "samba 1": "samba"}


@pytest.mark.parametrize(
    ("content", "options", "why"),
    [
        ("who,words\nx,deus\n", [], "s.csv: no column 'Lyrics'; it has: who, words"),
        ("who,words\nx,deus\n", ["--column", "word"], "s.csv: no column 'word'; did you mean 'words'?; it has"),
        ('Lyrics\ndeus\n"never closed\n', [], "s.csv: row 3, up to line 3: not valid CSV: unexpected end of data"),
        ("a,Lyrics\nx,deus,senhor\n", [], "s.csv: row 2: 3 cells, the header has 2"),
    ],
)
def test_a_table_that_is_none_is_refused_by_row(
    earmark: Earmark, reader: Run, content: str, options: list[str], why: str
) -> None:
    Path("s.csv").write_text(content)
    code, _, err = earmark("predict", reader.folder, "s.csv", *options)
    assert code in (1, 3)
    assert why in err


def test_tables_and_artists_are_for_texts(earmark: Earmark, trained: Run) -> None:
    code, _, err = earmark("predict", trained.folder, "s.csv", "--column", "words")
    assert code == 2
    assert "are for a classifier that was trained on song texts" in err


def test_a_run_is_judged_on_another_table_by_its_path_alone(earmark: Earmark, reader: Run) -> None:
    Path("others.csv").write_text("Artist,Genre,Lyrics\nnew,samba,roda viola\nother,gospel,deus\n")
    code, out, err = earmark("evaluate", reader.folder, "--on", "others.csv")
    assert code == 0
    assert out.startswith("on-others\ttrack\t2\t1.000")
    assert "others, as a whole" in err


def test_languages_and_decades_are_told_apart(earmark: Earmark, reader: Run) -> None:
    rows = [("samba", "roda viola", "pt", 1969), ("gospel", "deus", "pt", 1971), ("samba", "senhor", "es", 1979)]
    Path("spoken.csv").write_text(
        "Genre,Lyrics,Language,Year\n" + "".join(f"{','.join(map(str, row))}\n" for row in rows)
    )
    code, out, _ = earmark("evaluate", reader.folder, "--on", "spoken.csv")
    assert code == 0
    told = [line.split("\t")[:4] for line in out.splitlines()]
    assert told == [
        ["on-spoken", "track", "3", "0.667"],
        ["on-spoken, language es", "track", "1", "0.000"],
        ["on-spoken, language pt", "track", "2", "1.000"],
        ["on-spoken, decade 1960s", "track", "1", "1.000"],
        ["on-spoken, decade 1970s", "track", "2", "0.500"],
    ]
    assert earmark("report", reader.folder)[0] == 0
    page = (reader.folder / "report.html").read_text()
    assert page.count("By language and decade") == 1
    assert '<th scope="row">decade 1970s</th><td>50.0' in page


def test_a_data_sets_card_has_no_pictures_of_texts(earmark: Earmark) -> None:
    Path("others.csv").write_text("Artist,Genre,Lyrics\nnew,samba,roda viola\nother,gospel,deus\nthird,samba,\n")
    code, out, err = earmark("data", "others.csv", "--html", "card.html")
    assert code == 0
    assert "song texts in others.csv" in out
    assert "others.csv, row 4: left out: no lyrics" in err
    assert "<img" not in Path("card.html").read_text()
