"""Genres of a person's own, and which tracks of a library they have put into them, kept from one day to the next."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path

import msgspec

from earmark.atomic import write_bytes
from earmark.audio.files import audio_files
from earmark.errors import DataError, TagError, UsageError, nearest
from earmark.folders import data_folder
from earmark.genre_names import normal_form
from earmark.library.tags import read_genres
from earmark.library.tags.genre import check_texts
from earmark.tracks import Fault
from earmark.walk import once

FORMAT = 1


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the file. given: path below the library → genre."""

    library: str
    genres: tuple[str, ...] = ()
    given: dict[str, str] = {}
    format: int = FORMAT


class OwnGenres:
    """The tracks below a folder, and a person's own genres for them.

    tracks   what they are called, in their order: paths below the library, with `/`
    genres   in the order in which they were made; a genre may be empty
    faults   files that cannot be used: links that lead out of the folder, names that are not text

    Every change is on disk when it returns. Nothing is written into the tracks.
    Raises DataError for a folder without music, or where what was kept cannot be read.
    """

    def __init__(self, library: Path) -> None:
        self.library = library.resolve()
        self.tracks, self.faults = _tracks(self.library)
        digest = blake2b(os.fsencode(self.library), digest_size=8).hexdigest()
        self.path = data_folder() / "own-genres" / f"{digest}.json"
        kept = _read(self.path)
        self.genres = list(kept.genres)
        self._given = kept.given

    def genre(self, track: str) -> str | None:
        """What a track was put into."""
        return self._given.get(track)

    @property
    def counts(self) -> Counter[str]:
        """How many tracks that are still there were put into each genre."""
        return Counter(self.given.values())

    @property
    def given(self) -> dict[Path, str]:
        """The tracks that are still there and in a genre."""
        return {self.library / track: self._given[track] for track in self.tracks if track in self._given}

    def add(self, genre: str) -> str:
        """Make a genre; gives its name without blanks around it, or that of the genre which is spelt otherwise.

        Raises TagError for what could never be written as a genre.
        """
        name = genre.strip()
        check_texts((name,))
        spelt = next((known for known in self.genres if normal_form(known) == normal_form(name)), None)
        if spelt is None:
            self.genres.append(name)
            self._keep()
        return spelt or name

    def remove(self, genre: str) -> None:
        """Unmake a genre: its tracks are in none then. Raises UsageError for an unknown one."""
        self.genres.remove(self._known(genre))
        self._given = {track: name for track, name in self._given.items() if name != genre}
        self._keep()

    def put(self, tracks: Iterable[str], genre: str | None) -> None:
        """Put tracks into a genre, out of the one they are in; None: into none.

        Raises UsageError for an unknown genre or track: then none is moved.
        """
        moved, known = list(tracks), set(self.tracks)
        if genre is not None:
            self._known(genre)
        for track in moved:
            if track not in known:
                raise UsageError(f"{track}: no such track in {self.library}")
        for track in moved:
            if genre is None:
                self._given.pop(track, None)
            else:
                self._given[track] = genre
        self._keep()

    def take_tags(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Put each track that is in no genre yet into the first one that its tags name; gives how many were put.

        `progress` hears how many of how many tracks were looked at.
        """
        before = len(self._given)
        try:
            for done, track in enumerate(self.tracks, start=1):
                if progress is not None:
                    progress(done, len(self.tracks))
                if track not in self._given and (said := _said(self.library / track)):
                    self._given[track] = self.add(said[0])
        finally:
            self._keep()
        return len(self._given) - before

    def _known(self, genre: str) -> str:
        if genre not in self.genres:
            raise UsageError(f"no genre {genre!r} was made{nearest(genre, self.genres)}")
        return genre

    def _keep(self) -> None:
        kept = Kept(
            library=str(self.library).encode("utf-8", "backslashreplace").decode(),
            genres=tuple(self.genres),
            given=self._given,
        )
        write_bytes(self.path, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")


def _said(path: Path) -> tuple[str, ...]:
    """What a file's tags name; nothing where it cannot be read: that is told when it is to be learned from."""
    try:
        return read_genres(path)
    except (TagError, OSError):
        return ()


def _tracks(library: Path) -> tuple[list[str], list[Fault]]:
    files, faults = audio_files([library])
    if not files:
        raise DataError(f"{library}: {faults[0].what}")
    tracks = []
    for file in once(files):
        name = file.relative_to(library).as_posix()
        if not Path(os.path.realpath(file)).is_relative_to(library):
            faults.append(Fault(name, "a link that leads out of this folder"))
        elif not name.isprintable():  # as bytes that are no UTF-8 are not
            faults.append(Fault(ascii(name), "its name is not text; rename it"))
        else:
            tracks.append(name)
    return tracks, faults


def _read(path: Path) -> Kept:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        return Kept(library="")
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{path}: your own genres cannot be read: {error}; remove the file to begin anew") from error
    if kept.format != FORMAT:
        raise DataError(f"{path}: its format is {kept.format}, known is {FORMAT}; update earmark")
    return kept
