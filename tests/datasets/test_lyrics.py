"""Song texts in tables, as they come and damaged."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from earmark.datasets.lyrics import is_lyrics, lyrics
from earmark.datasets.reference import kind_at
from earmark.datasets.text_tables import read_rows
from earmark.errors import DataError, UsageError

HEADER = ("Artist", "Song", "Genre", "Language", "Lyrics", "Year")
ROWS = [
    ("Nina", "One", "Jazz", "en", "A night\nand a day", "1965"),
    ("Elis", "Águas", "Samba", "pt", "É pau, é pedra", "1974.0"),
    ("", "Lost", "Jazz", "", "Te quiero mucho, corazón, no me dejes nunca más", ""),
    ("Elis", "Nothing", "Samba", "pt", "  ", ""),
]


def write(path: Path, rows: Sequence[Sequence[str]] = ROWS, header: Sequence[str] = HEADER) -> Path:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    content = out.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_parquet(path: Path) -> Path:
    columns = {name: [row[place] or None for row in ROWS] for place, name in enumerate(HEADER)}
    columns["Year"] = [1965, 1974, None, None]
    parquet.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("name", ["songs.csv", "songs.csv.gz", "songs.parquet"])
def test_a_table_is_read_whatever_it_is_packed_in(tmp_path: Path, name: str) -> None:
    path = write_parquet(tmp_path / name) if name.endswith("parquet") else write(tmp_path / name)
    found = lyrics(path=path)
    assert (found.name, found.medium, found.genres) == ("songs", "text", ("Jazz", "Samba"))
    told = [(t.id, t.row, t.artist, t.title, t.genre, t.year, t.language) for t in found.tracks]
    assert told == [
        ("0000002", 2, "Nina", "One", "Jazz", 1965, "en"),
        ("0000003", 3, "Elis", "Águas", "Samba", 1974, "pt"),
        ("0000004", 4, None, "Lost", "Jazz", None, None),
    ]
    assert [found.read(track) for track in found.tracks] == [ROWS[0][4], ROWS[1][4], ROWS[2][4]]
    assert [(fault.where, fault.what) for fault in found.faults] == [(f"{name}, row 5", "left out: no lyrics")]
    assert kind_at(path) == "lyrics"


def test_columns_go_by_other_names_and_most_may_be_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", [("samba", "é pau", "Tom"), ("jazz", "blue", "")], ("style", "words", "singer"))
    found = lyrics(path=path, lyrics_column="words", genre_column="style", artist_column="singer")
    assert [(t.artist, t.genre) for t in found.tracks] == [("Tom", "samba"), (None, "jazz")]
    assert not is_lyrics(path)
    assert not is_lyrics(tmp_path / "nowhere")


def test_a_column_that_is_named_must_be_there(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv")
    for options, missing in (({"artist_column": "singer"}, "singer"), ({"lyrics_column": "Lyric"}, "Lyric")):
        with pytest.raises(DataError) as caught:
            lyrics(path=path, **options)
        assert f"s.csv: no column '{missing}'" in str(caught.value)
        assert "it has: Artist, Song, Genre, Language, Lyrics, Year" in str(caught.value)


def test_one_language_is_taken_by_the_column_or_by_the_text_where_that_is_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv")
    assert [t.id for t in lyrics(path=path, language="pt").tracks] == ["0000003"]
    assert [(t.id, t.language) for t in lyrics(path=path, language="es").tracks] == [("0000004", "es")]
    with pytest.raises(DataError, match=r"s\.csv: no songs in the language 'fr'"):
        lyrics(path=path, language="fr")


def test_genres_are_chosen_in_order_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv")
    assert lyrics(path=path, genres=["Samba", "Jazz"]).genres == ("Samba", "Jazz")
    assert [t.id for t in lyrics(path=path, genres=["Samba"]).tracks] == ["0000003"]
    with pytest.raises(UsageError, match=r"no genre 'Jaz'; did you mean 'Jazz'\?; there are: Jazz, Samba"):
        lyrics(path=path, genres=["Jaz"])


def test_songs_go_by_the_ids_that_other_data_know_them_by(tmp_path: Path) -> None:
    header = ("Id", "Genre", "Lyrics")
    path = write(tmp_path / "s.csv", [("waltz.1", "Waltz", "one two three"), ("waltz.2", "Waltz", "four")], header)
    assert [t.id for t in lyrics(path=path, id_column="Id").tracks] == ["waltz.1", "waltz.2"]
    with pytest.raises(DataError, match=r"s\.csv: no column 'Ids'"):
        lyrics(path=path, id_column="Ids")
    write(path, [("a", "Waltz", "one"), ("a", "Waltz", "two")], header)
    with pytest.raises(DataError, match="track id 'a' stands 2 times"):
        lyrics(path=path, id_column="Id")
    write(path, [("a", "Waltz", "one"), ("", "Waltz", "two")], header)
    with pytest.raises(DataError, match=r"s\.csv: row 3: no id in column 'Id'; name another id_column"):
        lyrics(path=path, id_column="Id")


def test_a_fraction_is_drawn_by_seed_and_a_smaller_one_is_part_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", [("A", str(n), "Jazz", "en", f"text {n}", "") for n in range(1000)])
    half, tenth = ({t.id for t in lyrics(path=path, fraction=share).tracks} for share in (0.5, 0.1))
    assert 440 < len(half) < 560
    assert tenth < half
    assert {t.id for t in lyrics(path=path, fraction=0.5).tracks} == half
    assert {t.id for t in lyrics(path=path, fraction=0.5, seed=1).tracks} != half
    with pytest.raises(UsageError, match=r"fraction = 0 must be above 0"):
        lyrics(path=path, fraction=0.0)


def test_kaggles_folder_hands_out_its_parts(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", ROWS[:2])
    write(tmp_path / "test.csv", [("Gil", "Three", "Rock", "Oi tudo bem")], ("Artist", "Song", "Genre", "Lyrics"))
    found = lyrics(path=tmp_path)
    assert [(t.id, t.part) for t in found.tracks] == [
        ("train/0000002", "train"),
        ("train/0000003", "train"),
        ("test/0000002", "test"),
    ]
    assert found.genres == ("Jazz", "Rock", "Samba")
    assert kind_at(tmp_path) == "lyrics"
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: neither train\.csv nor test\.csv"):
        lyrics(path=tmp_path / "empty")


def test_long_texts_and_all_scripts_are_kept(tmp_path: Path) -> None:
    texts = ["la " * 400_000 + "fim", "שלום\nעולם 🙂", 'she said "oi", twice']
    path = write(tmp_path / "s.csv", [("A", "x", g, "", text, "") for g, text in zip("JSJ", texts, strict=True)])
    found = lyrics(path=path)
    assert [found.read(track) for track in found.tracks] == texts
    assert csv.field_size_limit() == 131_072


GOOD = b"Genre,Lyrics\r\nJazz,oi\r\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            GOOD + b'Jazz,"never closed\r\nSamba,x\r\n',
            "row 3, up to line 4: not valid CSV: unexpected end of data; look",
        ),
        (GOOD + b'Jazz,"closed" too soon\r\n', "row 3, up to line 3: not valid CSV: ',' expected after '\"'"),
        (GOOD + b"Jazz,a,b\r\n", "row 3: 3 cells, the header has 2; put quotes around cells with commas"),
        (GOOD + "Jazz,olá\r\nJazz,".encode() + "é\r\n".encode("latin-1"), "row 4: the byte 0xe9 is not UTF-8; save"),
        (GOOD + b"Jazz,a\x00b\r\n", "row 3: a NUL byte: this is not text, or it is UTF-16; save as UTF-8"),
        ("Genre,Lyrics\nJazz,oi\n".encode("utf-16"), "row 1: the byte 0xff is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe", "row 1: the byte 0x89 is not UTF-8"),
        (b"Genre,Genre,Lyrics\n", "the first row must name the columns, each once; it is 'Genre,Genre,Lyrics'"),
        (b"", "the first row must name the columns, each once; it is ''"),
        (gzip.compress(GOOD * 100, mtime=0)[:-20], "the gzip file is damaged"),
        (b"\x1f\x8b not gzip at all", "the gzip file is damaged"),
        (b"PAR1 no such thing PAR1", "the Parquet file is damaged"),
        (b"Genre,Lyrics,Year\nJazz,oi,long ago\n", "row 2: year 'long ago' is not a whole number"),
        (b"Genre,Lyrics\n\n", "no songs in it"),
    ],
)
def test_damage_is_told_in_one_line_with_the_row(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "s.csv").write_bytes(content)
    with pytest.raises(DataError) as caught:
        lyrics(path=tmp_path / "s.csv")
    assert "s.csv: " in str(caught.value)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "s.parquet")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"s\.parquet: the Parquet file is damaged"):
        lyrics(path=path)


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text('Genre,Lyrics\n\nJazz,"a\n\nb"\nSamba,c\n')
    assert list(read_rows(tmp_path / "s.csv", [1])) == [(3, ["a\n\nb"]), (4, ["c"])]


def test_the_real_sets_are_read(shared: Path) -> None:
    portuguese = lyrics(path=shared / "lyrics" / "portuguese.csv.gz")
    assert len(portuguese) == 5261
    assert portuguese.counts()["sertanejo"] == 821
    assert len({track.artist for track in portuguese.tracks}) == 902
    multilingual = lyrics(path=shared / "lyrics" / "multilingual_no_artist.csv.gz", language="es")
    assert {track.artist for track in multilingual.tracks} == {None}
    assert {track.language for track in multilingual.tracks} == {"es"}
    years = [track.year for track in lyrics(path=shared / "lyrics" / "english.csv.gz").tracks]
    assert min(year for year in years if year) >= 1950
