"""Ogg: the packet of comments in Vorbis, Opus, Speex and FLAC streams.

mutagen takes pages apart and makes them anew, with their checksums. Where the number of pages changes, those behind are
numbered anew, as Ogg asks; their packets stay the same.

Source: RFC 3533 (Ogg), RFC 7845 (Opus).
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import mutagen.ogg
from mutagen.ogg import OggPage
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis

from earmark.errors import TagError
from earmark.library.tags import vorbis
from earmark.library.tags.container import Container
from earmark.library.tags.genre import Genre
from earmark.library.tags.splice import Splice, file_size, read_at, trimmed

# What the first packet begins with: what the packet of comments begins with, and who else reads such files.
STREAMS: dict[bytes, tuple[bytes, Any]] = {
    b"\x01vorbis": (b"\x03vorbis", OggVorbis),
    b"OpusHead": (b"OpusTags", OggOpus),
    b"Speex   ": (b"", OggSpeex),
    b"\x7fFLAC": (b"", OggFLAC),
}
FLAC_COMMENTS = (b"\x04", b"\x84")  # the kind of a block, the last one or not
FLAC_HEADER = 4  # bytes before the comments of FLAC: kind and length
LARGEST_FLAC = 1 << 24
NUMBER = 18  # bytes into a page: its number and its checksum, 8 in all


class Stream:
    """The first stream of a known kind: its pages that hold comments, and the packets in them."""

    def __init__(self, file: BinaryIO) -> None:
        start, self.witness = self._find(file)
        self.pages: list[OggPage] = []
        while not self.pages or not (self.pages[-1].complete or len(self.pages[-1].packets) > 1):
            page = _page(file)
            if page.serial == self.serial:
                self.pages.append(page)
        try:
            self.packets: list[bytes] = OggPage.to_packets(self.pages)
        except ValueError as error:
            raise TagError(f"its pages of comments are damaged: {error}") from error
        self.is_flac = self.witness is OggFLAC
        first = self.packets[0] if self.packets else b""
        if not first.startswith(start) or (self.is_flac and first[:1] not in FLAC_COMMENTS):
            raise TagError("its second packet is not that of comments")
        self.before = FLAC_HEADER if self.is_flac else len(start)
        self.comments = self.packets[0][self.before :]

    def _find(self, file: BinaryIO) -> tuple[bytes, Any]:
        file.seek(0)
        while (page := _page(file)).first:
            for start, stream in STREAMS.items():
                if page.packets and page.packets[0].startswith(start):
                    self.serial = page.serial
                    return stream
        raise TagError("none of its streams is Vorbis, Opus, Speex or FLAC")


def _page(file: BinaryIO) -> OggPage:
    try:
        return OggPage(file)
    except (EOFError, mutagen.ogg.error) as error:
        raise TagError(f"its Ogg pages are damaged: {str(error) or 'they end too early'}") from error


def _read(file: BinaryIO) -> Genre:
    return vorbis.read_genre(Stream(file).comments)


def _encode(file: BinaryIO, texts: tuple[str, ...], _separator: str | None) -> Genre:
    return vorbis.encode_genre(Stream(file).comments, texts)


def _place(file: BinaryIO, raw: tuple[bytes, ...]) -> list[Splice]:
    stream = Stream(file)
    start, stop = _extent(stream.pages[0])[0], _extent(stream.pages[-1])[1]
    old = read_at(file, start, stop - start)
    within = io.BytesIO(old)
    pages = [OggPage(within) for _ in stream.pages]
    if any(page.serial != stream.serial for page in pages):
        raise TagError("its pages of comments stand between those of another stream")
    made = OggPage.from_packets([_packet(stream, raw), *stream.packets[1:]])
    OggPage.replace(within, pages, made)
    splices = [trimmed(start, old, within.getvalue())]
    if len(made) != len(pages):
        splices += _numbered(file, stop, stream.serial, made[-1].sequence + 1)
    return splices


def _packet(stream: Stream, raw: tuple[bytes, ...]) -> bytes:
    """The packet of comments with `raw` as its genres."""
    head, comments = stream.packets[0][: stream.before], vorbis.with_genre(stream.comments, raw)
    if stream.is_flac:
        if len(comments) >= LARGEST_FLAC:
            raise TagError("its comments would become longer than the 16 MiB that FLAC allows")
        head = head[:1] + len(comments).to_bytes(3, "big")
    return head + comments


def _numbered(file: BinaryIO, start: int, serial: int, number: int) -> list[Splice]:
    """The splices that number the stream's pages from `start` on anew."""
    splices = []
    size = file_size(file)
    file.seek(start)
    while file.tell() < size:
        page = _page(file)
        if page.serial == serial:
            page.sequence = number
            at = _extent(page)[0] + NUMBER
            splices.append(Splice(at, at + 8, page.write()[NUMBER : NUMBER + 8]))
            number += 1
    return splices


def _extent(page: OggPage) -> tuple[int, int]:
    """Where a page that was read begins and ends, in bytes of the file."""
    start = int(page.offset or 0)
    return start, start + page.size


def _witness(file: BinaryIO) -> Any:
    witness = Stream(file).witness
    file.seek(0)
    return witness(file)


OGG = Container("Ogg", _read, _encode, _place, _witness, "genre")
