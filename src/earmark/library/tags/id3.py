"""Genres in ID3v2 tags: 2.2, 2.3 and 2.4, wherever the tag lies.

mutagen writes a tag wholly anew: 2.2 becomes 2.4, text is encoded again, what it cannot parse is dropped. Here the
frames of the genre are exchanged and all others stay the bytes that they were; mutagen reads the genre's text, and
whole files when they are checked.

Source: the informal standards ID3 2.2, 2.3.0 and 2.4.0 (id3.org).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import BinaryIO

import msgspec
from mutagen.id3 import TCON

from earmark.errors import TagError
from earmark.library.tags.genre import Genre
from earmark.library.tags.splice import Splice, growth, read_at

HEADER = 10  # bytes, also the footer's
NEW_VERSION = 4  # of a tag made where there was none
GENRE_FRAME = {2: b"TCO", 3: b"TCON", 4: b"TCON"}
FRAME_NAME = {2: re.compile(rb"[A-Z0-9]{3}"), 3: re.compile(rb"[A-Z0-9]{4}"), 4: re.compile(rb"[A-Z0-9]{3}[A-Z0-9 ]")}
ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")  # by the first byte of a text
UNSYNCHRONISED, EXTENDED, FOOTER = 0x80, 0x40, 0x10  # flags of a tag
LARGEST = 1 << 28  # bytes that a size of four times seven bits counts up to
LARGEST_TEXT = 1 << 16  # bytes of an unpacked genre
LARGEST_UNPACKED = 1 << 24  # bytes of all unpacked frames; a few KB can unpack to gigabytes, and mutagen would do so


class Frame(msgspec.Struct, frozen=True):
    """One frame, in bytes of the file: from `start` to `stop`, its data from `data`."""

    name: bytes
    start: int
    data: int
    stop: int
    flags: int


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """One tag from `start` to `stop`, in bytes of the file.

    end: where the frames end. padding: zeros from there that may be used. plain: the frames' sizes are plain numbers
    although the tag is 2.4, as an old iTunes wrote them. body: what the header says of its length.
    """

    version: int
    flags: int
    start: int
    stop: int
    body: int
    frames: list[Frame]
    end: int
    padding: int
    plain: bool

    @property
    def kind(self) -> str:
        """What a genre's frame must fit into."""
        packed = " unsynchronised" if self.flags & UNSYNCHRONISED else ""
        return f"ID3v2.{self.version}{packed}{' with plain sizes' if self.plain else ''}"

    @property
    def genres(self) -> list[Frame]:
        """The frames of the genre; there should be one."""
        return [frame for frame in self.frames if frame.name == GENRE_FRAME[self.version]]


def read_tag(file: BinaryIO, start: int) -> Tag | None:
    """The tag that begins at `start`, or None where none does. Raises TagError where it is damaged or unknown."""
    file.seek(start)
    header = file.read(HEADER)
    if len(header) < HEADER or not header.startswith(b"ID3"):
        return None
    version, flags, body = header[3], header[5], _from_sevens(header[6:])
    if version not in GENRE_FRAME:
        raise TagError(f"it has a tag of version ID3v2.{version}; known are 2.2, 2.3 and 2.4")
    if body is None or (version == 2 and flags & EXTENDED):  # in 2.2 the bit means a compression that nobody defined
        raise TagError("its ID3 tag is damaged: the header does not say how long it is")
    footer = HEADER if version == 4 and flags & FOOTER else 0
    first, last = start + HEADER, start + HEADER + body
    read_at(file, last - 1, 1 + footer)  # is it all there?
    extent = _extents(file, first, last) if version < 4 and flags & UNSYNCHRONISED else _extent
    first = _after_extended_header(file, version, flags, first)
    frames, end = _walk(file, version, first, last, extent, plain=version == 3)
    rest = read_at(file, end, last - end)
    plain = False
    if version == 4 and any(rest):
        others, other_end = _walk(file, version, first, last, extent, plain=True)
        other_rest = read_at(file, other_end, last - other_end)
        if not any(other_rest):
            frames, end, rest, plain = others, other_end, other_rest, True
    padding = len(rest) if not any(rest) and not footer else 0
    tag = Tag(
        version=version,
        flags=flags,
        start=start,
        stop=last + footer,
        body=body,
        frames=frames,
        end=end,
        padding=padding,
        plain=plain,
    )
    _check_packed(file, tag)
    return tag


def read_genre(file: BinaryIO, tag: Tag | None) -> Genre:
    """What the tag says; without a tag, the kind of the one that would be made."""
    if tag is None:
        return Genre(kind=f"ID3v2.{NEW_VERSION}", texts=(), raw=())
    raw = tuple(read_at(file, frame.start, frame.stop - frame.start) for frame in tag.genres)
    texts = [text for frame in tag.genres for text in _texts(file, tag, frame)]
    return Genre(kind=tag.kind, texts=tuple(TCON(encoding=3, text=texts).genres), raw=raw)


def encode_genre(tag: Tag | None, texts: tuple[str, ...], separator: str | None) -> Genre:
    """The frame that says `texts` in this tag, or in a new one.

    Raises TagError where 2.2 or 2.3, which hold one text, are given several and no separator, and where readers would
    take a text for the number of a genre.
    """
    version = NEW_VERSION if tag is None else tag.version
    if version < 4 and len(texts) > 1:
        if separator is None:
            raise TagError(
                f"its tag is ID3v2.{version}, which holds one genre, and there are {len(texts)}; "
                "give the separator that shall join them, or one genre"
            )
        texts = (separator.join(texts),)
    written = tuple("(" + text if text.startswith("(") else text for text in texts)
    once = TCON(encoding=3, text=list(written)).genres
    if tuple(once) != texts or TCON(encoding=3, text=once).genres != once:  # mutagen may look at the same text twice
        raise TagError(f"readers of ID3 would take {' or '.join(map(repr, texts))} for the number of a genre")
    name, text = GENRE_FRAME[version], "\0".join(written)
    if version == 4:
        data = b"\3" + text.encode("utf-8")
        size = len(data).to_bytes(4, "big") if tag is not None and tag.plain else _sevens(len(data))
    else:
        latin = all(ord(character) < 256 for character in text)
        data = b"\0" + text.encode("latin-1") if latin else b"\1\xff\xfe" + text.encode("utf-16-le")
        size = len(data).to_bytes(len(name), "big")
    frame = name + size + (b"" if version == 2 else b"\0\0") + data
    if tag is not None and tag.flags & UNSYNCHRONISED and version < 4:
        frame = re.sub(rb"\xff(?=[\x00\xe0-\xff]|\Z)", b"\xff\x00", frame)
    kind = f"ID3v2.{NEW_VERSION}" if tag is None else tag.kind
    return Genre(kind=kind, texts=texts, raw=(frame,))


def new_tag(frames: bytes) -> bytes:
    """A whole tag of version 2.4, without padding."""
    return b"ID3\4\0\0" + _sevens(len(frames)) + frames


def place_genre(tag: Tag, raw: tuple[bytes, ...]) -> list[Splice]:
    """The splices that make `raw` the tag's only frames of the genre; padding takes up the difference while it can."""
    put = b"".join(raw)
    splices = [Splice(frame.start, frame.stop, b"") for frame in tag.genres]
    where = splices[0] if splices else Splice(tag.end, tag.end, b"")
    splices[:1] = [Splice(where.start, where.stop, put)]
    more = growth(splices)
    if more > 0 and tag.padding:
        splices.append(Splice(tag.end, tag.end + min(more, tag.padding), b""))
    elif more < 0 and tag.padding:
        splices.append(Splice(tag.end, tag.end, bytes(-more)))
    if growth(splices):
        size = _sevens(tag.body + growth(splices))
        splices.append(Splice(tag.start + 6, tag.start + HEADER, size))
        if tag.stop > tag.start + HEADER + tag.body:
            splices.append(Splice(tag.stop - 4, tag.stop, size))
    return splices


def _walk(
    file: BinaryIO, version: int, start: int, last: int, extent: Callable[[int, int], int], *, plain: bool
) -> tuple[list[Frame], int]:
    """The frames from `start`, and where they end: at `last`, at padding, or at what is no frame."""
    name_length, header_length = (3, 6) if version == 2 else (4, 10)
    frames: list[Frame] = []
    while (data := extent(start, header_length)) <= last:
        header = read_at(file, start, data - start)
        if data - start > header_length:
            header = header.replace(b"\xff\0", b"\xff")
        name, size = header[:name_length], header[name_length : 2 * name_length]
        length = int.from_bytes(size, "big") if plain or version == 2 else _from_sevens(size)
        if not FRAME_NAME[version].fullmatch(name) or length is None or (stop := extent(data, length)) > last:
            break
        frames.append(Frame(name, start, data, stop, int.from_bytes(header[8:10], "big")))
        start = stop
    return frames, start


def _extent(start: int, length: int) -> int:
    """Where `length` bytes from `start` end."""
    return start + length


def _extents(file: BinaryIO, first: int, last: int) -> Callable[[int, int], int]:
    """The same in an unsynchronised tag, where a zero follows every 0xFF and is not counted."""
    body = read_at(file, first, last - first)

    def extent(start: int, length: int) -> int:
        stop = start + length
        while (further := start + length + body.count(b"\xff\0", start - first, stop - first + 1)) > stop:
            stop = further
        return stop

    return extent


def _after_extended_header(file: BinaryIO, version: int, flags: int, first: int) -> int:
    """Where the frames begin. Raises TagError where a checksum would no longer be right."""
    if not flags & EXTENDED:
        return first
    header = read_at(file, first, 6)
    length = 4 + int.from_bytes(header[:4], "big") if version == 3 else _from_sevens(header[:4])
    checksum = header[4] & 0x80 if version == 3 else header[5] & 0x20
    if length is None or checksum:
        raise TagError("its ID3 tag carries a checksum or an extended header of a kind that is not known")
    return first + length


def _texts(file: BinaryIO, tag: Tag, frame: Frame) -> list[str]:
    """The texts of one frame as they stand there. Raises TagError where it cannot be decoded."""
    try:
        data = _unpacked(_data(file, tag, frame), tag, frame.flags & 0xFF, LARGEST_TEXT)
        if not data:
            return []
        text = data[1:].decode(ENCODINGS[data[0]]).lstrip("\ufeff")
    except (IndexError, UnicodeDecodeError, zlib.error) as error:
        raise TagError(f"its frame {frame.name.decode()} cannot be read as text: {error}") from error
    return [part.lstrip("\ufeff") for part in text.split("\0") if part.lstrip("\ufeff")]


def _check_packed(file: BinaryIO, tag: Tag) -> None:
    """Raise TagError where the frames that are packed would fill the memory of whoever unpacks them."""
    left = LARGEST_UNPACKED
    for frame in tag.frames:
        if tag.version > 2 and frame.flags & (8 if tag.version == 4 else 0x80):
            try:
                left -= len(_unpacked(_data(file, tag, frame), tag, frame.flags & 0xFF, left + 1))
            except (TagError, zlib.error):
                continue  # nobody can unpack it
            if left < 0:
                raise TagError(
                    f"its frame {frame.name.decode()} is packed and would unpack to more than "
                    f"{LARGEST_UNPACKED >> 20} MiB"
                )


def _data(file: BinaryIO, tag: Tag, frame: Frame) -> bytes:
    """A frame's data, in 2.2 and 2.3 without what unsynchronising has put into them."""
    data = read_at(file, frame.data, frame.stop - frame.data)
    return data.replace(b"\xff\0", b"\xff") if tag.version < 4 and tag.flags & UNSYNCHRONISED else data


def _unpacked(data: bytes, tag: Tag, flags: int, most: int) -> bytes:
    """A frame's data without what its flags (the second byte of them) have put around it; at most `most` bytes."""
    if tag.version == 4:
        grouped, compressed, encrypted, unsynchronised, counted = (flags & bit for bit in (0x40, 8, 4, 2, 1))
        data = data[(1 if grouped else 0) + (4 if counted else 0) :]
        if unsynchronised or tag.flags & UNSYNCHRONISED:
            data = data.replace(b"\xff\0", b"\xff")
    else:
        compressed, encrypted, grouped = (flags & bit for bit in (0x80, 0x40, 0x20))
        data = data[(4 if compressed else 0) + (1 if grouped else 0) :]
    if encrypted:
        raise TagError("its genre is encrypted")
    return zlib.decompressobj().decompress(data, most) if compressed else data


def _from_sevens(size: bytes) -> int | None:
    """A size of seven bits a byte, or None where it is not one."""
    if any(byte & 0x80 for byte in size):
        return None
    return sum(byte << 7 * place for place, byte in enumerate(reversed(size)))


def _sevens(size: int) -> bytes:
    if size >= LARGEST:
        raise TagError("its ID3 tag would become longer than 256 MiB")
    return bytes(size >> 7 * place & 0x7F for place in (3, 2, 1, 0))
