"""APEv2, the tag at the end of Monkey's Audio, WavPack and Musepack files: the item `Genre`.

Source: APE tag specification (wiki.hydrogenaudio.org).
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, NamedTuple

from mutagen.monkeysaudio import MonkeysAudio
from mutagen.musepack import Musepack
from mutagen.wavpack import WavPack

from earmark.errors import TagError
from earmark.library.tags.container import Container
from earmark.library.tags.genre import Genre
from earmark.library.tags.splice import Splice, file_size, growth, read_at

KIND = "APEv2"
KEY = b"Genre"
MARK = b"APETAGEX"
ENDS = struct.Struct("<8sIIII8x")  # header and footer: mark, version, length without header, items, flags
VERSION = 2_000
HAS_HEADER, IS_HEADER = 1 << 31, 1 << 29
KIND_BITS, TEXT = 6, 0  # of an item's flags
KINDS: dict[bytes, type] = {b"MAC ": MonkeysAudio, b"wvpk": WavPack, b"MPCK": Musepack, b"MP+": Musepack}
V1_LENGTH = 128  # bytes of an ID3v1 tag, which comes last of all


class Item(NamedTuple):
    """One item from `start` to `stop` in bytes of the file."""

    start: int
    stop: int
    key: bytes
    flags: int
    value: bytes


class Tag(NamedTuple):
    """The tag: its items, the footer's place, the header's where there is one, and the numbers of both."""

    items: list[Item]
    footer: int
    header: int | None
    length: int

    @property
    def genres(self) -> list[Item]:
        """The items of the genre; there should be one."""
        return [item for item in self.items if item.key.lower() == KEY.lower()]


def _end(file: BinaryIO) -> int:
    """Where the tag ends, or would."""
    size = file_size(file)
    version_1 = size >= V1_LENGTH and read_at(file, size - V1_LENGTH, 3) == b"TAG"
    return size - V1_LENGTH if version_1 else size


def _tag(file: BinaryIO) -> Tag | None:
    footer = _end(file) - ENDS.size
    if footer < 0 or not (found := read_at(file, footer, ENDS.size)).startswith(MARK):
        return None
    _, version, length, count, flags = ENDS.unpack(found)
    start = footer + ENDS.size - length
    if version != VERSION or flags & IS_HEADER or length < ENDS.size or start < 0:
        raise TagError(f"its APE tag is damaged or of another version than 2 ({version})")
    items = []
    at = start
    for _ in range(count):
        size, item_flags = struct.unpack("<II", read_at(file, at, 8))
        text = read_at(file, at + 8, min(256, footer - at - 8)) if at + 8 < footer else b""
        key, end, _rest = text.partition(b"\0")
        value = at + 8 + len(key) + 1
        if not end or value + size > footer:
            raise TagError(f"its APE tag is damaged at byte {at}")
        items.append(Item(at, value + size, key, item_flags, read_at(file, value, size)))
        at = value + size
    header = start - ENDS.size if flags & HAS_HEADER else None
    if header is not None and not read_at(file, header, len(MARK)).startswith(MARK):
        raise TagError("its APE tag is damaged: the header that it announces is not there")
    return Tag(items, footer, header, length)


def _read(file: BinaryIO) -> Genre:
    tag = _tag(file)
    genres = tag.genres if tag is not None else []
    try:
        texts = [text for item in genres if item.flags & KIND_BITS == TEXT for text in item.value.decode().split("\0")]
    except UnicodeDecodeError as error:
        raise TagError(f"its item Genre is not UTF-8: {error}") from error
    raw = tuple(read_at(file, item.start, item.stop - item.start) for item in genres)
    return Genre(kind=KIND, texts=tuple(text for text in texts if text), raw=raw)


def _encode(file: BinaryIO, texts: tuple[str, ...], _separator: str | None) -> Genre:
    tag = _tag(file)
    key = tag.genres[0].key if tag is not None and tag.genres else KEY
    value = "\0".join(texts).encode()
    return Genre(kind=KIND, texts=texts, raw=(struct.pack("<II", len(value), TEXT) + key + b"\0" + value,))


def _place(file: BinaryIO, raw: tuple[bytes, ...]) -> list[Splice]:
    tag = _tag(file)
    put = b"".join(raw)
    if tag is None:
        ends = [ENDS.pack(MARK, VERSION, len(put) + ENDS.size, len(raw), HAS_HEADER | bit) for bit in (IS_HEADER, 0)]
        return [Splice(_end(file), _end(file), ends[0] + put + ends[1])] if raw else []
    splices = [Splice(item.start, item.stop, b"") for item in tag.genres] or [Splice(tag.footer, tag.footer, b"")]
    splices[0] = Splice(splices[0].start, splices[0].stop, put)
    count = len(tag.items) - len(tag.genres) + len(raw)
    numbers = struct.pack("<II", tag.length + growth(splices), count)
    places = [tag.footer] if tag.header is None else [tag.header, tag.footer]
    return splices + [Splice(place + 12, place + 20, numbers) for place in places]


def _witness(file: BinaryIO) -> Any:
    start = read_at(file, 0, 4)
    file.seek(0)
    return next(witness for kind, witness in KINDS.items() if start.startswith(kind))(file)


APEV2 = Container("APEv2", _read, _encode, _place, _witness, "genre")
