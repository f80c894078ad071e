"""Which kind a file is, by its content alone, and what its genre is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mutagen.mp3 import HeaderNotFoundError, MPEGInfo

from earmark.errors import TagError
from earmark.library.tags.apev2 import APEV2, KINDS
from earmark.library.tags.asf import ASF, HEADER
from earmark.library.tags.chunks import AIFF, WAV
from earmark.library.tags.container import Container
from earmark.library.tags.flac import FLAC
from earmark.library.tags.genre import Genre
from earmark.library.tags.id3 import read_tag
from earmark.library.tags.mp3 import MP3
from earmark.library.tags.mp4 import MP4
from earmark.library.tags.ogg import OGG

STARTS = (
    (b"fLaC", FLAC),
    (b"OggS", OGG),
    (HEADER, ASF),
    *((start, APEV2) for start in KINDS),
)
FORMS = {(b"RIFF", b"WAVE"): WAV, (b"FORM", b"AIFF"): AIFF, (b"FORM", b"AIFC"): AIFF}


class UnknownKindError(TagError):
    """A file of no kind that tags are read of."""


class Reading(NamedTuple):
    """What mutagen says of a file: its genres, all other tags, and how long it plays in seconds."""

    genres: tuple[str, ...]
    others: dict[str, str]
    length: float


def container_of(file: BinaryIO) -> Container:
    """The kind of an open file. Raises UnknownKindError where its genre can be neither read nor written."""
    file.seek(0)
    head = file.read(16)
    if not head:
        raise UnknownKindError("it is empty")
    tag = read_tag(file, 0)
    file.seek(tag.stop if tag is not None else 0)
    sound = file.read(16)
    for start, container in STARTS:
        if sound.startswith(start) and (tag is None or container is FLAC):
            return container
    if tag is None and (form := FORMS.get((head[:4], head[8:12]))) is not None:
        return form
    if head[4:8] in (b"ftyp", b"moov"):
        return MP4
    if _is_mp3(file):
        return MP3
    raise UnknownKindError(
        "it is no kind of file whose genre can be written: by its content it is not MP3, FLAC, Ogg, MP4, WAV, AIFF, "
        "WMA, Monkey's Audio, WavPack or Musepack"
    )


def read_genres(path: Path) -> tuple[str, ...]:
    """The genres that a file's tags name, in their order; () = none. Its content decides of what kind it is.

    Numbers of genres are spelt out. ID3v1 and a WAV's INFO count where ID3v2 says nothing.
    Raises TagError, naming the file, where it is of no known kind or damaged; OSError where it cannot be opened.
    """
    with path.open("rb") as file:
        try:
            return read_field(file)[1].texts
        except TagError as error:
            raise TagError(f"{path}: {error}") from error


def read_field(file: BinaryIO) -> tuple[Container, Genre]:
    """The kind of an open file and its genre field. Raises TagError without the file's name."""
    with foreign_bytes():
        container = container_of(file)
        return container, container.read(file)


def second_reading(container: Container, file: BinaryIO) -> Reading:
    """What mutagen says of an open file. Raises TagError where it cannot read it."""
    file.seek(0)
    with foreign_bytes():
        found = container.witness(file)
        tags = dict(found.tags.items()) if found.tags is not None else {}
        said: Any = next((value for key, value in tags.items() if key.lower() == container.key.lower()), ())
        genres = tuple(str(text) for text in getattr(said, "genres", said))
        others = {key: repr(value) for key, value in tags.items() if key.lower() != container.key.lower()}
        return Reading(genres, others, found.info.length)


@contextlib.contextmanager
def foreign_bytes() -> Iterator[None]:
    """Whatever parsing trips over while the block runs becomes a TagError: the fault is the file's."""
    try:
        yield
    except (TagError, OSError):
        raise
    except Exception as error:  # parsers of damaged files raise anything; nothing has been written yet
        raise TagError(f"its tags cannot be read: {type(error).__name__}: {error}") from error


def _is_mp3(file: BinaryIO) -> bool:
    """Whether frames of MPEG audio follow each other; one alone is found in any bytes."""
    file.seek(0)
    try:
        return not MPEGInfo(file).sketchy
    except HeaderNotFoundError:
        return False
