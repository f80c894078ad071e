"""ASF and WMA: the attributes `WM/Genre`, in whichever of the header's three lists they stand.

Source: Advanced Systems Format specification, revision 01.20, sections 3.10, 4.7 and 4.8.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import mutagen.asf

from earmark.errors import TagError
from earmark.library.tags.container import Container
from earmark.library.tags.genre import Genre
from earmark.library.tags.splice import Splice, file_size, growth, read_at

KIND = "ASF"
NAME = "WM/Genre"
TEXT = 0  # kind of value
HEADER_START = 30  # bytes: identifier, length, number of objects, two reserved
OBJECT_START = 24  # bytes: identifier, length
EXTENSION_START = 46  # bytes of the extension before the objects in it; the last four are their length


def _guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


HEADER = _guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
EXTENSION = _guid("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
PROPERTIES = _guid("8CABDCA1-A947-11CF-8EE4-00C00C205365")
# The lists of attributes, by the letter that a raw attribute is marked with: how name and value are announced.
LISTS = {
    b"E": _guid("D2D0A440-E307-11D2-97F0-00A0C95EA850"),
    b"M": _guid("C5F8CBEA-5BAF-4877-8467-AA8C44FA4CCA"),
    b"L": _guid("44231C94-9498-49D1-A141-1D134E457054"),
}


class Object(NamedTuple):
    """One object of the header, from `start` to `stop` in bytes of the file."""

    guid: bytes
    start: int
    stop: int


class Attribute(NamedTuple):
    """One attribute of a list, from `start` to `stop` in bytes of the file."""

    list: bytes
    start: int
    stop: int
    name: str
    kind: int
    value: bytes


class Header(NamedTuple):
    """The header's objects, those inside its extension among them, and the genre's attributes."""

    stop: int
    objects: list[Object]
    inner: list[Object]
    genres: list[Attribute]

    def find(self, guid: bytes) -> Object | None:
        """The first object of that kind."""
        return next((one for one in (*self.objects, *self.inner) if one.guid == guid), None)


def _header(file: BinaryIO) -> Header:
    start = read_at(file, 0, HEADER_START)
    stop = int.from_bytes(start[16:24], "little")
    if not start.startswith(HEADER) or not HEADER_START <= stop <= file_size(file):
        raise TagError("its ASF header is damaged, or the file is cut off")
    objects = _objects(file, HEADER_START, stop)
    extension = next((one for one in objects if one.guid == EXTENSION), None)
    inner = [] if extension is None else _objects(file, extension.start + EXTENSION_START, extension.stop)
    genres = [
        attribute
        for mark, guid in LISTS.items()
        for one in (*objects, *inner)
        if one.guid == guid
        for attribute in _attributes(file, mark, one)
        if attribute.name == NAME
    ]
    return Header(stop, objects, inner, genres)


def _objects(file: BinaryIO, start: int, stop: int) -> list[Object]:
    objects = []
    while start + OBJECT_START <= stop:
        head = read_at(file, start, OBJECT_START)
        end = start + int.from_bytes(head[16:], "little")
        if not start + OBJECT_START <= end <= stop:
            raise TagError(f"its ASF object at byte {start} is damaged")
        objects.append(Object(head[:16], start, end))
        start = end
    return objects


def _attributes(file: BinaryIO, mark: bytes, one: Object) -> Iterator[Attribute]:
    data = read_at(file, one.start, one.stop - one.start)
    at = OBJECT_START + 2
    try:
        for _ in range(int.from_bytes(data[OBJECT_START:at], "little")):
            start = at
            if mark == b"E":
                (named,) = struct.unpack_from("<H", data, at)
                kind, length = struct.unpack_from("<HH", data, at + 2 + named)
                name, value = at + 2, at + 2 + named + 4
            else:
                named, kind, length = struct.unpack_from("<4xHHI", data, at)
                name, value = at + 12, at + 12 + named
            at = value + length
            if at > len(data):
                raise TagError(f"its list of attributes at byte {one.start} is damaged: one is longer than the list")
            said = data[name : name + named].decode("utf-16-le").rstrip("\0")
            yield Attribute(mark, one.start + start, one.start + at, said, kind, data[value:at])
    except (struct.error, UnicodeDecodeError) as error:
        raise TagError(f"its list of attributes at byte {one.start} is damaged: {error}") from error


def _read(file: BinaryIO) -> Genre:
    genres = _header(file).genres
    raw = tuple(one.list + read_at(file, one.start, one.stop - one.start) for one in genres)
    try:
        texts = [one.value.decode("utf-16-le").rstrip("\0") for one in genres if one.kind == TEXT]
    except UnicodeDecodeError as error:
        raise TagError(f"its attribute {NAME} is not text: {error}") from error
    return Genre(kind=KIND, texts=tuple(text for text in texts if text), raw=raw)


def _encode(_file: BinaryIO, texts: tuple[str, ...], _separator: str | None) -> Genre:
    name = (NAME + "\0").encode("utf-16-le")
    values = [(text + "\0").encode("utf-16-le") for text in texts]
    head = struct.pack("<H", len(name)) + name
    raw = tuple(b"E" + head + struct.pack("<HH", TEXT, len(value)) + value for value in values)
    return Genre(kind=KIND, texts=texts, raw=raw)


def _place(file: BinaryIO, raw: tuple[bytes, ...]) -> list[Splice]:
    header = _header(file)
    splices: list[Splice] = []
    for mark, guid in LISTS.items():
        put = [piece[1:] for piece in raw if piece.startswith(mark)]
        old = [attribute for attribute in header.genres if attribute.list == mark]
        one = header.find(guid)
        if one is not None:
            inside = _exchanged(file, one, old, put)
            if one in header.inner:
                splices += inside + _extended(file, header, growth(inside))
            else:
                splices += inside
        elif put and mark == b"E":
            content = struct.pack("<H", len(put)) + b"".join(put)
            made = guid + struct.pack("<Q", OBJECT_START + len(content)) + content
            count = int.from_bytes(read_at(file, 24, 4), "little") + 1
            splices += [Splice(header.stop, header.stop, made), Splice(24, 28, struct.pack("<I", count))]
        elif put:
            raise TagError("the list of its header that held the genre is no longer there")
    more = growth(splices)
    if more:
        splices.append(Splice(16, 24, struct.pack("<Q", header.stop + more)))
        splices += _file_length(file, header, more)
    return splices


def _exchanged(file: BinaryIO, one: Object, old: list[Attribute], put: list[bytes]) -> list[Splice]:
    """The splices of one list, with its length and count."""
    if not old and not put:
        return []
    splices = [Splice(attribute.start, attribute.stop, b"") for attribute in old] or [Splice(one.stop, one.stop, b"")]
    splices[0] = Splice(splices[0].start, splices[0].stop, b"".join(put))
    at = one.start + OBJECT_START
    count = int.from_bytes(read_at(file, at, 2), "little") - len(old) + len(put)
    if count >= 1 << 16:
        raise TagError("it would have more attributes than ASF counts")
    length = one.stop - one.start + growth(splices)
    return [
        *splices,
        Splice(at, at + 2, struct.pack("<H", count)),
        Splice(one.start + 16, at, struct.pack("<Q", length)),
    ]


def _extended(file: BinaryIO, header: Header, more: int) -> list[Splice]:
    """The splices of both lengths of the header's extension."""
    extension = header.find(EXTENSION)
    if not more or extension is None:
        return []
    start = extension.start
    inner = int.from_bytes(read_at(file, start + EXTENSION_START - 4, 4), "little") + more
    return [
        Splice(start + 16, start + OBJECT_START, struct.pack("<Q", extension.stop - start + more)),
        Splice(start + EXTENSION_START - 4, start + EXTENSION_START, struct.pack("<I", inner)),
    ]


def _file_length(file: BinaryIO, header: Header, more: int) -> list[Splice]:
    """The splice of the whole file's length, where the header knows it."""
    properties = header.find(PROPERTIES)
    if properties is None:
        return []
    at = properties.start + OBJECT_START + 16
    known = read_at(file, at, 8) == struct.pack("<Q", file_size(file))
    return [Splice(at, at + 8, struct.pack("<Q", file_size(file) + more))] if known else []


ASF = Container("ASF", _read, _encode, _place, mutagen.asf.ASF, NAME)
