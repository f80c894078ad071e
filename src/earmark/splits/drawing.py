"""Drawing a split: as the data hand it out, at random over clips, songs or artists, in folds, or from a list."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from earmark.errors import DataError, UsageError, nearest
from earmark.splits.split import PARTS, Kind, Split, read_split
from earmark.tracks import Dataset, Part, Track

Group = tuple[str, str]  # what holds tracks together, and its name: ("artist", "Nina Simone")


def draw(
    dataset: Dataset,
    *,
    kind: Kind = "by_track",
    valid: float = 0.2,
    test: float = 0.0,
    stratify: bool = True,
    folds: int | None = None,
    fold: int | None = None,
    path: str | None = None,
    seed: int = 1,
) -> Split:
    """Share the tracks of `dataset` out.

    as_given    the parts that the data set hands out
    by_clip     every track for itself, even where several are clips of one song
    by_track    songs stay together
    by_artist   artists stay together; a song whose artist is unknown counts as an artist of its own
    file        the list at `path`, see `read_split`

    `valid` and `test` are shares of the tracks. With `folds`, fold `fold` (counted from 0; None: the first) is the test
    part, `valid` a share of the rest. `stratify` keeps the mixture of genres equal over the parts, as far as whole
    groups allow.
    The same seed gives the same split on every machine, in whatever order the tracks come. Tracks without a genre are
    left out, and counted.

    Raises UsageError where the settings do not fit together or the data, DataError where a part stays empty.
    """
    if (kind == "file") != (path is not None):
        raise UsageError(f"split.kind={kind!r} with split.path={path!r}: kind 'file' needs a path, no other takes one")
    if path is not None:
        return _from_file(dataset, Path(path))
    if kind == "as_given":
        return _as_given(dataset)
    fold = fold or 0
    _check_shares(valid, test, folds, fold)
    tracks = [track for track in dataset.tracks if track.genre is not None]
    groups = _groups(dataset, tracks, kind)
    what = f"{dataset.name}: {len(groups)} {'clip' if kind == 'by_clip' else kind.removeprefix('by_')}s"
    parts: dict[str, Part] = {}
    if folds is not None:
        held = _share_out(groups, [1 / folds] * folds, stratify, seed, what)
        parts |= {track.id: "test" for group in groups if held[group] == fold for track in groups[group]}
        groups = {group: members for group, members in groups.items() if held[group] != fold}
    shares: dict[Part, float] = {"train": 1 - valid - test, "valid": valid, "test": test}
    asked = [part for part in PARTS if shares[part]]
    side = _share_out(groups, [shares[part] for part in asked], stratify, seed, what)
    parts |= {track.id: asked[side[group]] for group, members in groups.items() for track in members}

    unknown = sum(not track.artist for track in tracks) if kind == "by_artist" else 0
    alone = f"{unknown} tracks name no artist: each song of theirs counts as an artist of its own" if unknown else ""
    return Split(
        kind=kind,
        parts=parts,
        seed=seed,
        folds=folds,
        fold=None if folds is None else fold,
        left_out=_counted({"no genre": len(dataset) - len(tracks)}),
        note="; ".join(filter(None, [_missing_genres(tracks, parts), alone])),
    )


def sample(dataset: Dataset, *, per_genre: int, seed: int = 1) -> Dataset:
    """The data set with at most `per_genre` tracks of each genre, drawn at random; tracks without one are left out.

    The same seed gives the same tracks on every machine, in whatever order they come. Raises UsageError for none.
    """
    if per_genre < 1:
        raise UsageError(f"{per_genre} tracks of each genre: at least one must be left")

    def turn(track: Track) -> bytes:
        return hashlib.sha256(f"{seed}\0{track.id}".encode()).digest()

    kept: set[str] = set()
    for genre in dataset.genres:
        alike = sorted((track for track in dataset.tracks if track.genre == genre), key=turn)
        kept.update(track.id for track in alike[:per_genre])
    return dataset.only([track for track in dataset.tracks if track.id in kept])


def _as_given(dataset: Dataset) -> Split:
    given = [track for track in dataset.tracks if track.part is not None]
    parts = {track.id: track.part for track in given if track.part and track.genre}
    if not parts:
        raise UsageError(
            f"{dataset.name} hands out no parts of its own; set split.kind to 'by_track', 'by_artist' or 'by_clip'"
        )
    left_out = _counted({"no part given": len(dataset) - len(given), "no genre": len(given) - len(parts)})
    return Split(kind="as_given", parts=parts, left_out=left_out, note=_missing_genres(given, parts))


def _from_file(dataset: Dataset, path: Path) -> Split:
    split = read_split(path)
    known = {track.id for track in dataset.tracks}
    if unknown := [name for name in split.parts if name not in known]:
        raise DataError(
            f"{path}: {len(unknown)} of {len(split.parts)} tracks are not in {dataset.name}; "
            f"the first is {unknown[0]!r}{nearest(unknown[0], known)}"
        )
    listed = [track for track in dataset.tracks if track.id in split.parts]
    parts = {track.id: split.parts[track.id] for track in listed if track.genre}
    left_out = _counted({"not in the list": len(dataset) - len(listed), "no genre": len(listed) - len(parts)})
    return msgspec.structs.replace(split, parts=parts, left_out=left_out, note=_missing_genres(listed, parts))


def _check_shares(valid: float, test: float, folds: int | None, fold: int) -> None:
    if not (valid >= 0 and test >= 0 and valid + test < 1):
        raise UsageError(f"split.valid={valid} and split.test={test}: shares from 0 that leave something to train on")
    if folds is None:
        if valid + test == 0:
            raise UsageError("split.valid and split.test are both 0: nothing is left to judge")
        return
    if folds < 2 or not 0 <= fold < folds:
        raise UsageError(f"split.fold={fold} of split.folds={folds}: it takes 2 folds or more, and fold counts from 0")
    if test:
        raise UsageError(f"split.test={test} beside split.folds: the fold is the test part; leave split.test at 0")


def _groups(dataset: Dataset, tracks: Sequence[Track], kind: Kind) -> dict[Group, list[Track]]:
    """The tracks that must stand on one side together."""
    artists = {track.song: track.artist for track in sorted(tracks, key=lambda track: track.id) if track.artist}
    if not dataset.songs_known and kind != "by_clip" and not (kind == "by_artist" and len(artists) == len(tracks)):
        raise UsageError(
            f"{dataset.name} does not name the songs of its clips, so they cannot be split {kind.replace('_', ' ')}; "
            "set split.kind to 'as_given' or 'by_clip'"
        )
    groups: dict[Group, list[Track]] = defaultdict(list)
    for track in tracks:
        if kind == "by_clip":
            groups["clip", track.id].append(track)
        elif kind == "by_artist" and track.song in artists:
            groups["artist", str(artists[track.song])].append(track)
        else:
            groups["song", track.song].append(track)
    return groups


def _share_out(
    groups: dict[Group, list[Track]], shares: Sequence[float], stratify: bool, seed: int, what: str
) -> dict[Group, int]:
    """Give each group to the part where it raises chi-square least, over all tracks and over those of each genre.

    Chi-square is the sum of (filled - ideal)² / ideal. For groups of one track this is Sainte-Laguë's rule for seats in
    a parliament: every part gets its share of every genre to within a track or so.
    """

    def turn(group: Group) -> tuple[int, bytes]:
        # The largest first, since only small groups can even out what large ones left uneven; equal ones by hash, which
        # depends neither on the order of the tracks nor on the release of a random generator.
        return -len(groups[group]), hashlib.sha256("\0".join([str(seed), *group]).encode()).digest()

    order = sorted(groups, key=turn)
    genres = sorted({str(track.genre) for members in groups.values() for track in members}) if stratify else []
    counts = np.array([[len(groups[g]), *([t.genre for t in groups[g]].count(c) for c in genres)] for g in order])
    ideal = np.outer(shares, counts.sum(0))
    filled = np.zeros_like(ideal)
    side: dict[Group, int] = {}
    for group, row in zip(order, counts, strict=True):
        rise = ((2 * filled + row) * row / ideal).sum(1)
        side[group] = int(np.round(rise, 9).argmin())  # rounded: machines may differ in the last bit of a sum
        filled[side[group]] += row
    if (filled[:, 0] == 0).any():
        raise DataError(f"{what} are too few for parts of {', '.join(f'{share:.0%}' for share in shares)}")
    return side


def _missing_genres(tracks: Sequence[Track], parts: dict[str, Part]) -> str:
    learned = {track.genre for track in tracks if parts.get(track.id) == "train"}
    judged = {track.genre for track in tracks if parts.get(track.id) in ("valid", "test")}
    missing = sorted(str(genre) for genre in judged - learned)
    return f"train has no track of {', '.join(missing)}" if missing and learned else ""


def _counted(left_out: dict[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in left_out.items() if count}
