"""The hinge of the house: probabilities over named genres for each judged thing.

To its right nobody knows what was classified: sound, text or a picture.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.atomic import write_text
from earmark.errors import DataError


@dataclass(frozen=True)
class Predictions:
    """Probabilities of `genres` for things that were judged.

    ids            (n,) names of the judged things: clips or tracks
    songs          (n,) the song each belongs to; equal to `ids` for whole tracks
    truth          (n,) int, place of the true genre in `genres`, -1 where unknown
    probabilities  (n, genres) float64, rows sum to 1
    artists        (n,) who made each, "" where unknown; empty where the data name nobody
    """

    genres: tuple[str, ...]
    ids: tuple[str, ...]
    songs: tuple[str, ...]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    artists: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n, classes = len(self.ids), len(self.genres)
        fits = self.probabilities.shape == (n, classes) and self.truth.shape == (n,) and len(self.songs) == n
        if not fits or len(self.artists) not in (0, n):
            raise DataError(
                f"predictions for {n} things and {classes} genres have probabilities {self.probabilities.shape}, "
                f"truth {self.truth.shape}, songs ({len(self.songs)},), artists ({len(self.artists)},)"
            )
        good = (np.abs(self.probabilities.sum(1) - 1) <= 1e-4) & (self.probabilities >= 0).all(1)
        if not good.all():
            bad = int(good.argmin())
            raise DataError(
                f"{self.ids[bad]}: not probabilities: none may be negative and their sum must be 1, "
                f"it is {self.probabilities[bad].sum():.4f}; the file was damaged or made elsewhere"
            )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def guesses(self) -> NDArray[np.int64]:
        """Place of the likeliest genre, shape (n,)."""
        return np.asarray(self.probabilities.argmax(1), dtype=np.int64)

    @property
    def clusters(self) -> tuple[str, ...]:
        """What is right or wrong together and never drawn apart, (n,): all by one artist; else the song."""
        if not self.artists:
            return self.songs
        return tuple(f"by {a}" if a else f"song {s}" for a, s in zip(self.artists, self.songs, strict=True))

    def rows(self, places: Sequence[int] | NDArray[np.int64]) -> Predictions:
        """Only those at these places, in this order."""
        chosen = [int(place) for place in places]
        return Predictions(
            self.genres,
            tuple(self.ids[i] for i in chosen),
            tuple(self.songs[i] for i in chosen),
            self.truth[chosen],
            self.probabilities[chosen],
            tuple(self.artists[i] for i in chosen) if self.artists else (),
        )

    def by_song(self) -> Predictions:
        """One row a song: the mean of its clips' probabilities. Songs in the order of their first clip.

        Raises DataError where two clips of one song have different true genres.
        """
        names, first, place = np.unique(np.array(self.songs), return_index=True, return_inverse=True)
        if (self.truth != self.truth[first][place]).any():
            odd = self.songs[int((self.truth != self.truth[first][place]).argmax())]
            raise DataError(f"{odd}: its clips have different true genres; mend the data set")
        totals = np.zeros((len(names), len(self.genres)))
        np.add.at(totals, place, self.probabilities)
        means = totals / np.bincount(place)[:, None]
        order = np.argsort(first)
        songs = self.rows(first[order])
        return replace(songs, ids=songs.songs, probabilities=means[order])

    def tempered(self, temperature: float) -> Predictions:
        """The same with their logits divided by `temperature`: as sure as is right, and of the same guesses."""
        return replace(self, probabilities=tempered(self.probabilities, temperature))

    def known(self) -> Predictions:
        """Only those whose true genre is known."""
        return self.rows(np.flatnonzero(self.truth >= 0))

    def write(self, path: Path) -> None:
        """Write as CSV: id, song, artist where the data name any, truth, guess, one column a genre with 9 decimals."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        artist = ["artist"] if self.artists else []
        writer.writerow(["id", "song", *artist, "truth", "guess", *self.genres])
        for i, guess in enumerate(self.guesses):
            truth = self.genres[self.truth[i]] if self.truth[i] >= 0 else ""
            writer.writerow(
                [self.ids[i], self.songs[i], *self.artists[i : i + 1], truth, self.genres[guess]]
                + [f"{p:.9f}" for p in self.probabilities[i]]
            )
        write_text(path, out.getvalue())


def tempered(probabilities: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """The probabilities (…, genres) whose logits are divided by `temperature`; its inverse undoes it.

    Source: Guo, Pleiss, Sun & Weinberger 2017, "On calibration of modern neural networks", arXiv:1706.04599.
    """
    if temperature == 1:
        return probabilities
    with np.errstate(divide="ignore"):  # a probability of 0 stays 0
        logits = np.log(probabilities) / temperature
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(shares / shares.sum(-1, keepdims=True))


def joined(pieces: Sequence[Predictions]) -> Predictions:
    """The answers of classifiers that each judged some of the things, as those of a cross-validation's folds.

    Raises DataError where they name different genres, or where a thing was judged twice.
    """
    first = pieces[0]
    if odd := next((p for p in pieces if p.genres != first.genres), None):
        raise DataError(f"folds of different genres: {', '.join(first.genres)}; and {', '.join(odd.genres)}")
    ids = tuple(name for piece in pieces for name in piece.ids)
    if len(set(ids)) < len(ids):
        twice = next(name for name, n in Counter(ids).items() if n > 1)
        raise DataError(f"{twice} was judged in more than one fold; the folds must share the tracks out")
    return Predictions(
        first.genres,
        ids,
        tuple(song for piece in pieces for song in piece.songs),
        np.concatenate([piece.truth for piece in pieces]),
        np.concatenate([piece.probabilities for piece in pieces]),
        tuple(a for piece in pieces for a in piece.artists) if all(piece.artists for piece in pieces) else (),
    )


def read_predictions(path: Path) -> Predictions:
    """Read what `Predictions.write` wrote. Raises DataError naming file and row."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as predictions: {error}") from error
    header, rows = (lines[0], lines[1:]) if lines else ([], [])
    named = header[2:3] == ["artist"]
    begin = 5 if named else 4
    genres = tuple(header[begin:])
    columns = ["id", "song", *(["artist"] if named else []), "truth", "guess"]
    if header[:begin] != columns or len(set(genres)) != len(genres) or not genres:
        raise DataError(
            f"{path}: the first line must be id,song,truth,guess and the genres; it is {','.join(header)!r}"
        )
    place = {"": -1} | {genre: i for i, genre in enumerate(genres)}
    truth, probabilities = [], []
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise DataError(f"{path}: row {number}: {len(row)} columns, not {len(header)}")
        told = row[begin - 2]
        if told not in place:
            raise DataError(f"{path}: row {number}: truth {told!r} is none of the genres {', '.join(genres)}")
        truth.append(place[told])
        try:
            probabilities.append([float(cell) for cell in row[begin:]])
        except ValueError as error:
            raise DataError(f"{path}: row {number}: {error}") from error
    try:
        return Predictions(
            genres,
            tuple(row[0] for row in rows),
            tuple(row[1] for row in rows),
            np.array(truth, dtype=np.int64),
            np.array(probabilities, dtype=np.float64).reshape(len(rows), len(genres)),
            tuple(row[2] for row in rows) if named else (),
        )
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
