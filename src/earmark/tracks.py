"""What there is to judge: tracks, and the data sets that hold them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError, nearest
from earmark.wording import MUSIC, Wording

Medium = Literal["audio", "log_mel", "text", "image"]
Part = Literal["train", "valid", "test"]
PARTS: tuple[Part, ...] = get_args(Part)


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be judged: a song, or a clip of one.

    `song` names what it was cut from and is the track's own id where it is whole; `start` and `seconds` say which
    piece of the file is meant (`seconds=None`: to the end). `part` is where the data set itself hands out its parts.
    """

    id: str
    path: str | None = None
    row: int | None = None
    genres: tuple[str, ...] = ()
    song: str = ""
    artist: str | None = None
    title: str | None = None
    year: int | None = None
    language: str | None = None
    part: Part | None = None
    start: float = 0.0
    seconds: float | None = None

    def __post_init__(self) -> None:
        if not self.song:
            msgspec.structs.force_setattr(self, "song", self.id)

    @property
    def genre(self) -> str | None:
        """The first genre, which is the one a classifier is trained and judged on; None where unknown."""
        return self.genres[0] if self.genres else None


class Fault(msgspec.Struct, frozen=True):
    """Something wrong with one track or file, known beforehand or found."""

    where: str
    what: str


@dataclass(frozen=True)
class Dataset:
    """Tracks with their genres, and how to read one.

    `read(track)` gives the raw thing by `medium`: a `Waveform` (audio), float32 (bands, frames) in dB (log_mel),
    text, or a picture. `read_many`, where given, reads many array rows at once, in the order asked for.
    `digest(track)` changes whenever what `read` gives changes, and keys the feature cache; None: not cached.
    `songs_known=False` says that the tracks are clips whose songs the data do not name. `drawing` is the
    `earmark.images.drawing.Drawing` that makes such arrays as `read` gives of picture files; None: nothing does.
    `wording` is what people read that tracks and genres are called.
    """

    name: str
    medium: Medium
    genres: tuple[str, ...]
    tracks: tuple[Track, ...]
    read: Callable[[Track], Any]
    synthetic: bool = False
    source: str = ""
    licence: str = ""
    citation: str = ""
    faults: tuple[Fault, ...] = ()
    songs_known: bool = True
    read_many: Callable[[Sequence[Track]], NDArray[np.float32]] | None = None
    digest: Callable[[Track], str] | None = None
    drawing: Any = None
    wording: Wording = MUSIC
    _index: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for repeated, n in Counter(track.id for track in self.tracks).most_common(1):
            if n > 1:
                raise DataError(f"{self.name}: track id {repeated!r} stands {n} times; ids must be unique")
        self._index.update((track.id, place) for place, track in enumerate(self.tracks))
        for track in self.tracks:
            for genre in track.genres:
                if genre not in self.genres:
                    raise DataError(
                        f"{self.name}: {track.id}: genre {genre!r} is not one of {', '.join(self.genres)}"
                        f"{nearest(genre, self.genres)}"
                    )

    def __len__(self) -> int:
        return len(self.tracks)

    def track(self, id: str) -> Track:
        """The track of that id. Raises DataError where there is none."""
        if id not in self._index:
            raise DataError(f"{self.name}: no track {id!r}{nearest(id, self._index)}")
        return self.tracks[self._index[id]]

    def labels(self, tracks: Sequence[Track]) -> NDArray[np.int64]:
        """Place of each track's genre in `genres`, shape (n,); -1 where the genre is unknown."""
        place = {genre: i for i, genre in enumerate(self.genres)}
        return np.array([place.get(track.genre or "", -1) for track in tracks], dtype=np.int64)

    def counts(self) -> dict[str, int]:
        """Tracks per genre, in the order of `genres`."""
        found = Counter(track.genre for track in self.tracks)
        return {genre: found[genre] for genre in self.genres}

    def only(self, tracks: Sequence[Track]) -> Dataset:
        """The same data set with these tracks alone."""
        return replace(self, tracks=tuple(tracks))


def artists_of(tracks: Sequence[Track]) -> tuple[str, ...]:
    """Who made each, "" where unknown; empty where nobody is named."""
    named = tuple(track.artist or "" for track in tracks)
    return named if any(named) else ()


def clips(track: Track, *, count: int, seconds: float) -> list[Track]:
    """Cut one track into `count` clips of `seconds` each, from its start: what a split *by clip* needs."""
    return [
        msgspec.structs.replace(
            track, id=f"{track.id}#{i:02d}", song=track.song, start=track.start + i * seconds, seconds=seconds
        )
        for i in range(count)
    ]
