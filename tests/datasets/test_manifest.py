"""CSV files as people write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from earmark.datasets.manifest import manifest
from earmark.errors import DataError
from earmark.tracks import Fault

Tone = Callable[..., Path]


@pytest.fixture
def songs(tmp_path: Path, tone: Tone) -> Path:
    for name in ("a.wav", "b.wav", "more/c, d.wav"):
        tone(tmp_path / "music" / name)
    return tmp_path


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "music" / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_all_columns_are_read(songs: Path, encoding: str, end: str) -> None:
    lines = [
        "path,genre,artist,song,title,year,split",
        "a.wav,rock,Björk,s1,Tür,1993,train",
        'more/../b.wav,jazz,,,"a ""b"" c",,Validation',
        "",
        '"more/c, d.wav", rock ,X,s1,,,',
    ]
    dataset = manifest(path=write(songs, end.join(lines), encoding))
    first, second, third = dataset.tracks
    assert dataset.genres == ("jazz", "rock")
    assert (first.id, first.genre, first.artist, first.song) == ("a.wav", "rock", "Björk", "s1")
    assert (first.title, first.year, first.part) == ("Tür", 1993, "train")
    assert (second.id, second.artist, second.song, second.title) == ("more/../b.wav", None, "more/../b.wav", 'a "b" c')
    assert (second.year, second.part) == (None, "valid")
    assert (third.id, third.genre, third.part) == ("more/c, d.wav", "rock", None)
    assert [dataset.read(track).seconds for track in dataset.tracks] == [0.5] * 3


def test_columns_may_go_by_other_names_and_files_lie_elsewhere(songs: Path) -> None:
    path = songs / "list.csv"
    path.write_text("file,style,by,fold\na.wav,rock,X,test\nb.wav,jazz,Y,train\n")
    dataset = manifest(
        path=path,
        root=songs / "music",
        path_column="file",
        genre_column="style",
        artist_column="by",
        split_column="fold",
    )
    assert [(track.artist, track.part) for track in dataset.tracks] == [("X", "test"), ("Y", "train")]
    assert dataset.faults == ()


def test_an_unused_column_is_said_with_what_it_may_have_meant(songs: Path) -> None:
    path = write(songs, "path,genre,artsit,bpm\na.wav,rock,X,90\nb.wav,jazz,Y,80\n")
    assert manifest(path=path).faults == (
        Fault(str(path), "column 'artsit' is not used; did you mean 'artist'?"),
        Fault(str(path), "column 'bpm' is not used"),
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"genre_column": "gener"}, r"no column 'gener'; did you mean 'genre'\?; it has: path, genre"),
        ({"artist_column": "artist"}, r"no column 'artist'; it has: path, genre"),
        ({"path_column": "file"}, r"no column 'file'"),
    ],
)
def test_a_column_that_is_not_there_is_refused(songs: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        manifest(path=write(songs, "path,genre\na.wav,rock\n"), **options)  # type: ignore[arg-type]


def test_all_bad_rows_are_named_at_once(songs: Path) -> None:
    lines = [
        "path,genre,year,split",
        "a.wav,rock,1990,train",
        ",rock,,",
        "b.wav,,,",
        "gone.wav,rock,,",
        "a.wav,jazz,,",
        "b.wav,jazz,199O,",
        "b.wav,jazz,,tset",
    ]
    with pytest.raises(DataError) as caught:
        manifest(path=write(songs, "\n".join(lines)))
    said = str(caught.value)
    assert "list.csv: 6 of 7 rows: row 3: no path; row 4: no genre; row 5: no file" in said
    assert "row 6: a.wav stands in row 2 already; row 7: year '199O' is not a whole number" in said
    assert "row 8: split 'tset' is not train, valid or test; did you mean 'test'?" in said
    assert "\n" not in said


def test_a_thousand_bad_rows_stay_one_line(songs: Path) -> None:
    with pytest.raises(DataError, match=r"1000 of 1000 rows: row 2: .*; row 11: [^;]*; and 990 more$"):
        manifest(path=write(songs, "path,genre\n" + "gone.wav,rock\n" * 1000))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"the first row must name the columns, each once; it is ''"),
        (b"path,path\n", r"each once; it is 'path,path'"),
        (b"path,genre\na.wav,rock,pop\nb.wav\n", r"row 2 \(and 1 more rows\): 3 cells, the header has 2; put quotes"),
        (b'path,genre\n"a.wav,rock\nb.wav,jazz\n', r"line 3: not valid CSV: .*; look for a stray quote"),
        (b'path,genre\n"a"b.wav,rock\n', r"line 2: not valid CSV: .*; look for a stray quote"),
        (b"path,genre\na.wav,caf\xe9\n", r"line 2: not UTF-8; save it as"),
        (b"path,genre\n", r"no tracks in it; two genres are needed"),
        (b"path,genre\na.wav,rock\nb.wav,rock\n", r"only the genre rock in it; two genres are needed"),
        (b"path;genre\na.wav;rock\n", r"no column 'path'; .*it has: path;genre"),
    ],
)
def test_a_broken_table_is_refused(songs: Path, content: bytes, message: str) -> None:
    path = songs / "music" / "list.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        manifest(path=path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot be read: No such file"):
        manifest(path=tmp_path / "none.csv")
