"""FMA's layout, its table, its published split, its known faults."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from earmark.datasets.fma import EMPTY, SHORT, fma
from earmark.errors import DataError, UsageError
from earmark.splits import draw

Tone = Callable[..., Path]

HEADER = (
    ("", "album", "artist", "artist", "set", "set", "track", "track", "track", "track", "track"),
    (
        "",
        "date_released",
        "bio",
        "name",
        "split",
        "subset",
        "date_recorded",
        "genre_top",
        "genres_all",
        "language_code",
        "title",
    ),
    ("track_id", *[""] * 10),
)
RELEASED = "2009-01-05 00:00:00"
ROWS = (
    (2, RELEASED, "", "AWOL", "training", "medium", "2008-11-26 00:00:00", "Hip-Hop", "[21]", "en", "Food"),
    (5, RELEASED, "", "AWOL", "training", "small", "", "Hip-Hop", "[21]", "en", "This, World"),
    (10, "", "", "Kurt Vile", "test", "small", "", "Rock", "[12]", "", ""),
    (140, RELEASED, "of two\nlines", "Alec", "validation", "small", "", "Folk", "[17]", "pt", "Queen"),
    (20, RELEASED, "", "Nicky", "training", "large", "", "", "[76, 103]", "en", "Spiritual Level"),
    (98567, RELEASED, "", "B", "training", "small", "", "Folk", "[17]", "en", "Short"),
    (99134, RELEASED, "", "C", "training", "small", "", "Rock", "[12]", "en", "Empty"),
)


def write_table(folder: Path, rows: object = ROWS, header: object = HEADER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "tracks.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*header, *rows])
    return folder / "tracks.csv"


@pytest.fixture
def small(tmp_path: Path, tone: Tone) -> Path:
    for name in ("000002", "000005", "000010", "000140", "000020", "098567", "099134"):
        tone(tmp_path / "fma_small" / name[:3] / f"{name}.mp3", rate=44_100)
    (tmp_path / "fma_small" / "checksums").touch()
    write_table(tmp_path / "fma_metadata")
    return tmp_path


def test_tracks_carry_what_the_table_says(small: Path) -> None:
    dataset = fma(path=small)
    assert dataset.name == "fma_small"
    assert dataset.genres == ("Folk", "Hip-Hop", "Rock")
    said = [(t.id, t.genre, t.part, t.artist, t.title, t.year, t.language) for t in dataset.tracks]
    assert said == [
        ("000005", "Hip-Hop", "train", "AWOL", "This, World", 2009, "en"),
        ("000010", "Rock", "test", "Kurt Vile", None, None, None),
        ("000140", "Folk", "valid", "Alec", "Queen", 2009, "pt"),
    ]
    assert dataset.read(dataset.tracks[0]).seconds == pytest.approx(0.5, abs=0.05)
    split = draw(dataset, kind="as_given")
    assert split.leaks(dataset).sentence is None


def test_the_clips_known_to_be_broken_are_left_out_with_their_reason(small: Path) -> None:
    said = {fault.where: fault.what for fault in fma(path=small).faults}
    assert said == {
        "098567": "left out: the clip in circulation is only some seconds long",
        "099134": "left out: the clip in circulation holds no sound",
    }
    assert not set(SHORT) & set(EMPTY)


def test_the_subsets_are_nested_and_the_uncut_tracks_are_whole(small: Path) -> None:
    for subset in ("medium", "large", "full"):
        (small / f"fma_{subset}").symlink_to(small / "fma_small")
    ids = {subset: [track.id for track in fma(path=small, subset=subset).tracks] for subset in ("medium", "large")}
    assert ids["medium"] == ids["large"] == ["000002", "000005", "000010", "000140"]
    assert fma(path=small, subset="medium").tracks[0].year == 2008
    whole = fma(path=small, subset="full")
    assert [track.id for track in whole.tracks] == ["000002", "000005", "000010", "000140", "098567", "099134"]
    (fault,) = whole.faults
    assert (fault.where, fault.what) == (
        str(small / "fma_metadata" / "tracks.csv"),
        "tracks of fma_full without a top genre left out: 1",
    )


def test_some_genres_alone_and_what_is_missing(small: Path) -> None:
    (small / "fma_small" / "000" / "000010.mp3").unlink()
    dataset = fma(path=small, genres=["Rock", "Folk"])
    assert dataset.genres == ("Rock", "Folk")
    assert [track.id for track in dataset.tracks] == ["000140"]
    assert dataset.faults[-1].what == "tracks of fma_small in these genres that are not here: 1"
    with pytest.raises(UsageError, match=r"fma_small has no genre 'folk'; did you mean 'Folk'\?; it has: Folk, Hip"):
        fma(path=small, genres=["folk"])
    with pytest.raises(UsageError, match=r"FMA has no subset 'smal'; did you mean 'small'\?; it has: small, medium"):
        fma(path=small, subset="smal")
    (small / "fma_small" / "000" / "000140.mp3").unlink()
    with pytest.raises(DataError, match=r"fma_small: none of the 4 files that .*tracks\.csv names, such as 000/000002"):
        fma(path=small, genres=["Rock", "Folk"])


def test_the_audio_itself_or_the_folder_around_it_and_a_table_elsewhere(small: Path) -> None:
    inside = fma(path=small / "fma_small")
    assert inside.tracks == fma(path=small).tracks
    (small / "fma_metadata").rename(small / "tables")
    assert fma(path=small, metadata=small / "tables").tracks == inside.tracks
    with pytest.raises(DataError, match=r"fma_metadata: no tracks\.csv, .* `earmark fetch fma_metadata` brings it"):
        fma(path=small)
    with pytest.raises(DataError, match=r"elsewhere: no tracks\.csv, which names genres and parts"):
        fma(path=small, metadata=small / "elsewhere")


def test_absent_audio_says_how_to_get_it(small: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: no such folder; `earmark fetch fma_small` brings it"):
        fma(path=small / "nowhere")
    with pytest.raises(DataError, match=r"no folder fma_large/ with 000/ to 155/ in it; unpack fma_large\.zip there"):
        fma(path=small, subset="large")


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        ([(2, "x")], HEADER, r"tracks\.csv: row 4: 2 cells, the header has 11"),
        ([("2b", *ROWS[1][1:])], HEADER, r"row 4: track '2b' in the part 'training'; ids are whole numbers"),
        (
            [ROWS[0], (*ROWS[1][:4], "train", *ROWS[1][5:])],
            HEADER,
            r"row 5: track '5' in the part 'train'; .* training,",
        ),
        ([], [["", "track"], ["", "title"], ["track_id", ""]], r"no column 'set split'; it is not FMA's tracks\.csv"),
        ([], [], r"no column 'set split'"),
    ],
)
def test_a_table_that_is_not_fmas_is_refused(small: Path, rows: object, header: object, message: str) -> None:
    write_table(small / "fma_metadata", rows, header)
    with pytest.raises(DataError, match=message):
        fma(path=small)


def test_a_damaged_table_is_refused_and_a_long_biography_is_not(small: Path) -> None:
    table = write_table(small / "fma_metadata", [(5, RELEASED, "la " * 100_000, *ROWS[1][3:])])
    limit = csv.field_size_limit()
    assert [track.id for track in fma(path=small).tracks] == ["000005"]
    assert csv.field_size_limit() == limit
    table.write_bytes(table.read_bytes() + b"\xff\xfe")
    with pytest.raises(DataError, match=r"tracks\.csv: cannot be read: .*; unpack fma_metadata\.zip again"):
        fma(path=small)
