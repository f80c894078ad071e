"""Song texts with their genres, in a table."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from earmark.datasets.text_tables import header_of, place_of, read_rows
from earmark.errors import DataError, UsageError, nearest
from earmark.text.languages import detect_language
from earmark.tracks import PARTS, Dataset, Fault, Part, Track

SUFFIXES = (".csv", ".csv.gz", ".parquet")
DEFAULTS = {"artist": "Artist", "title": "Song", "language": "Language", "year": "Year"}


def lyrics(
    *,
    path: str | Path,
    lyrics_column: str = "Lyrics",
    genre_column: str = "Genre",
    artist_column: str | None = None,
    title_column: str | None = None,
    language_column: str | None = None,
    year_column: str | None = None,
    id_column: str | None = None,
    genres: Sequence[str] | None = None,
    language: str | None = None,
    fraction: float = 1.0,
    seed: int = 0,
) -> Dataset:
    """Song texts with their genres: a CSV (also gzipped) or Parquet file, or a folder with train.csv and test.csv.

    The last is how Kaggle's "Multi-Lingual Lyrics for Genre Classification" comes; its files hand out the parts. The
    columns Artist, Song, Language and Year are read where they are there; each may go by another name. A song's id is
    the number of its row, the header's being 1, or what `id_column` holds: the name by which other data of the same
    songs know it. Rows without a text are left out, and listed in `faults`.

    genres    some of the genres alone, in this order; None: all, by name
    language  songs in this language alone, by its ISO 639-1 code; where the table does not say it is detected
    fraction  about this share of the songs, drawn by `seed` and id: a smaller one is part of a larger one

    Raises DataError for a column that is not there or a damaged file, naming the row; UsageError for options out of
    range.
    """
    if not 0 < fraction <= 1:
        raise UsageError(f"fraction = {fraction:g} must be above 0 and at most 1")
    named = {"artist": artist_column, "title": title_column, "language": language_column, "year": year_column}
    required = {"lyrics": lyrics_column, "genre": genre_column} | ({"id": id_column} if id_column is not None else {})
    texts: dict[str, bytes] = {}
    tracks: list[Track] = []
    faults: list[Fault] = []
    there: set[str] = set()
    for file, part in _files(Path(path)):
        places = _places(file, required, named)
        for song in _songs(file, places):
            there.add(song.genre)
            number = f"{song.row:07d}" if part is None else f"{part}/{song.row:07d}"
            name = number if id_column is None else song.id
            if not name:
                raise DataError(f"{file}: row {song.row}: no id in column {id_column!r}; name another id_column")
            if not song.text:
                faults.append(Fault(f"{file.name}, row {song.row}", "left out: no lyrics"))
            elif (genres is None or song.genre in genres) and _drawn(name, fraction, seed):
                spoken = song.language or (detect_language(song.text) if language is not None else "")
                if language in (None, spoken):
                    texts[name] = song.text.encode()
                    tracks.append(song.track(name, file, part, spoken))
    there.discard("")
    for genre in genres or ():
        if genre not in there:
            raise UsageError(
                f"{path}: no genre {genre!r}{nearest(genre, there)}; there are: {', '.join(sorted(there))}"
            )
    if not tracks:
        raise DataError(f"{path}: no songs{'' if language is None else f' in the language {language!r}'} in it")

    def digest(track: Track) -> str:
        return hashlib.blake2b(texts[track.id] + f"\0{track.artist}".encode(), digest_size=16).hexdigest()

    return Dataset(
        name=Path(path).name.removesuffix(".gz").rpartition(".")[0] or Path(path).name,
        medium="text",
        genres=tuple(genres) if genres is not None else tuple(sorted(there)),
        tracks=tuple(tracks),
        read=lambda track: texts[track.id].decode(),
        source=f"song texts in {path}",
        licence="not stated: texts belong to their authors and publishers",
        faults=tuple(faults),
        digest=digest,
    )


def is_lyrics(path: Path) -> bool:
    """Whether there is a table of texts, packed or Parquet or with columns lyrics and genre, or a folder of such."""
    files = [path / f"{part}{suffix}" for part in PARTS for suffix in SUFFIXES] if path.is_dir() else [path]
    file = next((file for file in files if file.is_file() and file.name.endswith(SUFFIXES)), None)
    if file is None or file.suffix != ".csv":
        return file is not None
    try:
        return {"lyrics", "genre"} <= {name.casefold() for name in header_of(file)}
    except DataError:  # which whatever reads it will say
        return False


@dataclass(frozen=True, slots=True)
class _Song:
    """A row: what is not known is empty."""

    row: int
    text: str
    genre: str
    artist: str
    title: str
    language: str
    year: int | None
    id: str

    def track(self, name: str, file: Path, part: Part | None, language: str) -> Track:
        return Track(
            id=name,
            path=str(file),
            row=self.row,
            genres=(sys.intern(self.genre),) if self.genre else (),
            artist=sys.intern(self.artist) if self.artist else None,
            title=self.title or None,
            year=self.year,
            language=sys.intern(language) if language else None,
            part=part,
        )


def _files(path: Path) -> list[tuple[Path, Part | None]]:
    """The file, or those of a folder with the parts that they are."""
    if not path.is_dir():
        return [(path, None)]
    found: list[tuple[Path, Part | None]] = [
        (path / f"{part}{suffix}", part)
        for part in PARTS
        for suffix in SUFFIXES
        if (path / f"{part}{suffix}").is_file()
    ]
    if not found:
        raise DataError(f"{path}: neither train.csv nor test.csv in this folder; give it, or a CSV or Parquet file")
    return found


def _places(file: Path, required: Mapping[str, str], named: Mapping[str, str | None]) -> dict[str, int]:
    """Which column holds what; what is neither named nor there is missing."""
    header = header_of(file)
    places = {field: place_of(file, header, column) for field, column in required.items()}
    folded = {name.casefold() for name in header}
    for field, column in named.items():
        if column is not None or DEFAULTS[field].casefold() in folded:
            places[field] = place_of(file, header, column or DEFAULTS[field])
    return places


def _songs(file: Path, places: Mapping[str, int]) -> Iterator[_Song]:
    fields = list(places)
    for number, cells in read_rows(file, [places[field] for field in fields]):
        song = dict(zip(fields, cells, strict=True))
        yield _Song(
            row=number,
            text=song["lyrics"],
            genre=song["genre"],
            artist=song.get("artist", ""),
            title=song.get("title", ""),
            language=song.get("language", "").casefold(),
            year=_year(song.get("year", ""), file, number),
            id=song.get("id", ""),
        )


def _year(cell: str, file: Path, row: int) -> int | None:
    """A year as tables write it: 1999, or 1999.0 where other rows have none."""
    digits = cell.removesuffix(".0")
    if digits and not (digits.isascii() and digits.isdigit()):
        raise DataError(f"{file}: row {row}: year {cell!r} is not a whole number; name another year_column")
    return int(digits) if digits else None


def _drawn(name: str, fraction: float, seed: int) -> bool:
    if fraction == 1:
        return True
    drawn = int.from_bytes(hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest(), "big")
    return drawn < fraction * 2**64
