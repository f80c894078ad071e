"""Texts judged by one classifier: of files, of standard input, or of the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from earmark.classifier.answer import Answer
from earmark.classifier.trained import Classifier
from earmark.datasets.lyrics import SUFFIXES
from earmark.datasets.text_tables import header_of, place_of, read_rows
from earmark.errors import DataError
from earmark.features.settings import OF_TEXT
from earmark.text.files import read_text
from earmark.tracks import Fault

BLOCK = 256  # texts at once
LYRICS = "Lyrics"

Song = tuple[str, str, str | None]
"""Where it is from, its text, and its artist where known."""


def predict_texts(
    classifier: Classifier,
    paths: Sequence[Path],
    *,
    column: str | None = None,
    artist_column: str | None = None,
    artist: str | None = None,
    min_confidence: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Answer], list[Fault]]:
    """Judge each text: of a plain text file, of standard input where the path is `-`, of each row of a CSV or Parquet.

    `column` of a table holds the texts (None: Lyrics), `artist_column` the artists; `artist` is that of all others.
    What cannot be read, and a text without words, is listed instead of being answered. `progress` hears how many of how
    many files are done.
    """
    answers: list[Answer] = []
    faults: list[Fault] = []
    for done, path in enumerate(paths, start=1):
        try:
            songs = _songs(path, column or LYRICS, artist_column, artist)
            while block := list(islice(songs, BLOCK)):
                answers += _judged(classifier, block, min_confidence, faults)
        except DataError as error:
            faults.append(Fault(str(path), str(error)))
        if progress is not None:
            progress(done, len(paths))
    return answers, faults


def _songs(path: Path, column: str, artist_column: str | None, artist: str | None) -> Iterator[Song]:
    if not path.name.lower().endswith(SUFFIXES):
        yield str(path), read_text(path), artist
        return
    header = header_of(path)
    names = [column, *([artist_column] if artist_column is not None else [])]
    for number, (text, *known) in read_rows(path, [place_of(path, header, name) for name in names]):
        yield f"{path}, row {number}", text, known[0] if known else artist


def _judged(classifier: Classifier, songs: Sequence[Song], least: float, faults: list[Fault]) -> Iterator[Answer]:
    features = classifier.card.features
    if not isinstance(features, OF_TEXT):
        raise DataError(f"{classifier.name}: it was not trained on texts")
    cleaned: list[tuple[str, str, str | None]] = []
    for source, text, artist in songs:
        try:
            cleaned.append((source, features.of(text, where=source), artist))
        except DataError as error:
            faults.append(Fault(source, str(error)))
    if cleaned:
        sources, texts, artists = zip(*cleaned, strict=True)
        for answer in classifier.answers(sources, features.texts(texts, artists)):
            yield replace(answer, min_confidence=least)
