"""A split of a data set: which track is in which part, how that was drawn, and what stands on both sides."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import msgspec

from earmark.atomic import write_text
from earmark.errors import DataError, nearest
from earmark.tracks import Dataset, Part, Track

Kind = Literal["as_given", "by_clip", "by_track", "by_artist", "file"]

PARTS: tuple[Part, ...] = get_args(Part)
FORMAT = 1
MARK = "# earmark split format"


class Leaks(msgspec.Struct, frozen=True):
    """What stands both in train and in a judged part (valid or test).

    `songs_unknown` says that the tracks are clips whose songs the data do not name, so that no one can tell.
    `artists_unknown` counts the tracks of the split that name no artist.
    """

    songs: tuple[str, ...]
    artists: tuple[str, ...]
    songs_unknown: bool
    artists_unknown: int

    @property
    def sentence(self) -> str | None:
        """What to say beside every score of this split; None where nothing is known to leak."""
        by_clip = "by clip: clips of one track stand on both sides; expect a lower score on unseen music"
        if self.songs_unknown:
            return f"{by_clip} (the data do not name the songs and hand them out over clips)"
        if self.songs:
            return by_clip
        if self.artists:
            count = "1 artist stands" if len(self.artists) == 1 else f"{len(self.artists)} artists stand"
            return f"by track: {count} on both sides; expect a lower score on unseen artists"
        return None


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Track id → part, with how it was drawn.

    `left_out` counts the tracks of the data set that stand in no part, by reason; `note` is what else to know.
    """

    kind: Kind
    parts: dict[str, Part]
    seed: int | None = None
    folds: int | None = None
    fold: int | None = None
    left_out: dict[str, int] = {}
    note: str = ""

    @property
    def sizes(self) -> dict[Part, int]:
        """Tracks in each part that has any."""
        count = Counter(self.parts.values())
        return {part: count[part] for part in PARTS if count[part]}

    @property
    def checksum(self) -> str:
        """SHA-256 of the lines `id,part` in the order of the ids: equal exactly where the parts are equal."""
        return hashlib.sha256(self._table().encode()).hexdigest()

    def describe(self) -> str:
        """One line for headers: `by track, 640 train / 160 valid, seed 1`."""
        words = ["own list" if self.kind == "file" else self.kind.replace("_", " ")]
        if self.folds is not None:
            words.append(f"{self.folds} folds, fold {self.fold}")
        words.append(" / ".join(f"{n} {part}" for part, n in self.sizes.items()))
        if self.seed is not None:
            words.append(f"seed {self.seed}")
        return ", ".join(words)

    def tracks(self, dataset: Dataset, part: Part) -> tuple[Track, ...]:
        """The tracks of one part, in the data set's order. Raises DataError where the split names unknown tracks."""
        for name in self.parts:
            dataset.track(name)
        return tuple(track for track in dataset.tracks if self.parts.get(track.id) == part)

    def leaks(self, dataset: Dataset) -> Leaks:
        """Which songs and artists of `dataset` stand both in train and in a judged part."""
        learned = self.tracks(dataset, "train")
        judged = self.tracks(dataset, "valid") + self.tracks(dataset, "test")
        artists = {track.artist for track in learned} & {track.artist for track in judged}
        return Leaks(
            songs=tuple(sorted({track.song for track in learned} & {track.song for track in judged})),
            artists=tuple(sorted(artist for artist in artists if artist)),
            songs_unknown=not dataset.songs_known and bool(learned and judged),
            artists_unknown=sum(not track.artist for track in learned + judged),
        )

    def write(self, path: Path) -> None:
        """Write as CSV: comment lines that say how it was drawn, with the checksum; then id,part sorted by id."""
        about: list[tuple[str, object]] = [("kind", self.kind)]
        about += [(key, value) for key in ("seed", "folds", "fold") if (value := getattr(self, key)) is not None]
        about += [("left_out", f"{count} {reason}") for reason, count in self.left_out.items()]
        about += [("note", self.note)] if self.note else []
        about += [("sha256", self.checksum)]
        lines = [[f"{MARK} {FORMAT}"], *([f"# {key}: {value}"] for key, value in about), ["id", "part"]]
        write_text(path, _csv(lines) + self._table())

    def _table(self) -> str:
        return _csv(sorted(self.parts.items()))


def read_split(path: Path) -> Split:
    """Read what `Split.write` wrote, or a list of one's own: any CSV with the columns `id` and `part`.

    Raises DataError naming file and line, and where the list no longer is what its checksum says.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a split: {error}") from error
    comments = []
    while rows and rows[0][1][0].startswith("#"):
        comments.append(rows.pop(0)[1][0])
    header = rows.pop(0)[1] if rows else []
    if "id" not in header or "part" not in header:
        raise DataError(f"{path}: the columns must be id,part; they are {','.join(header) or 'missing'}")
    about = _about(comments, path) if comments and comments[0].startswith(MARK) else {"kind": "file"}
    drawn = about.pop("sha256", None)
    try:
        split = msgspec.convert({**about, "parts": _parts(rows, header, path)}, Split, strict=False)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: its comment lines cannot be read: {error}") from error
    if drawn not in (None, split.checksum):
        raise DataError(
            f"{path}: the list was changed after it was drawn (its checksum differs); "
            "draw it again, or delete the lines that begin with # to use it as a list of your own"
        )
    return split


def _about(comments: Sequence[str], path: Path) -> dict[str, object]:
    """How a split was drawn, from its comment lines."""
    if comments[0] != f"{MARK} {FORMAT}":
        raise DataError(f"{path}: {comments[0][2:]!r} is not the format {FORMAT} this earmark reads; update earmark")
    about: dict[str, object] = {}
    left_out: dict[str, str] = {}
    for line in comments[1:]:
        key, _, value = line.removeprefix("# ").partition(": ")
        if key == "left_out":
            count, _, reason = value.partition(" ")
            left_out[reason] = count
        else:
            about[key] = value
    return {**about, "left_out": left_out}


def _parts(rows: Sequence[tuple[int, list[str]]], header: Sequence[str], path: Path) -> dict[str, str]:
    parts: dict[str, str] = {}
    for line, row in rows:
        if len(row) != len(header):
            raise DataError(f"{path}: line {line}: {len(row)} columns, not {len(header)}")
        track, part = row[header.index("id")], row[header.index("part")]
        if part not in PARTS:
            raise DataError(f"{path}: line {line}: part {part!r} is not train, valid or test{nearest(part, PARTS)}")
        if track in parts:
            raise DataError(f"{path}: line {line}: {track!r} stands in the list twice")
        parts[track] = part
    if not parts:
        raise DataError(f"{path}: holds no tracks")
    return parts


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
