"""MP3: an ID3v2 tag at the head. An ID3v1 tag at the end is read where the first says nothing, and never written."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import mutagen.mp3
from mutagen.id3 import ID3, TCON, ParseID3v1

from earmark.library.tags.container import Container
from earmark.library.tags.genre import Genre
from earmark.library.tags.id3 import HEADER, encode_genre, new_tag, place_genre, read_genre, read_tag
from earmark.library.tags.splice import Splice, file_size, read_at

V1_LENGTH = 128  # bytes


def _read(file: BinaryIO) -> Genre:
    genre = read_genre(file, read_tag(file, 0))
    if genre.raw:
        return genre
    old = _version_1(file).get("TCON")
    return Genre(kind=genre.kind, texts=tuple(old.genres) if isinstance(old, TCON) else (), raw=())


def _encode(file: BinaryIO, texts: tuple[str, ...], separator: str | None) -> Genre:
    return encode_genre(read_tag(file, 0), texts, separator)


def _place(file: BinaryIO, raw: tuple[bytes, ...]) -> list[Splice]:
    tag = read_tag(file, 0)
    if tag is not None:
        return place_genre(tag, raw)
    return [Splice(0, 0, new_tag(_taken_over(file) + b"".join(raw)))] if raw else []


def _taken_over(file: BinaryIO) -> bytes:
    """What ID3v1 says, as frames: many readers pass over it once there is ID3v2, and would lose title and artist."""
    old = _version_1(file)
    old.pop("TCON", None)
    if not old:
        return b""
    whole = io.BytesIO()
    tag = ID3()
    for frame in old.values():
        tag.add(frame)
    tag.save(whole, v2_version=4, padding=lambda _: 0)
    return whole.getvalue()[HEADER:]


def _version_1(file: BinaryIO) -> dict[str, Any]:
    size = file_size(file)
    data = read_at(file, size - V1_LENGTH, V1_LENGTH) if size >= V1_LENGTH else b""
    return (ParseID3v1(data) or {}) if data.startswith(b"TAG") else {}


def _witness(file: BinaryIO) -> mutagen.mp3.MP3:
    return mutagen.mp3.MP3(file, translate=False)


MP3 = Container("MP3", _read, _encode, _place, _witness, "TCON")
