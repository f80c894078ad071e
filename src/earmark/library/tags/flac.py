"""FLAC: the block of Vorbis comments. Blocks of padding take up the difference while they can.

Source: RFC 9639, section 8.
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

import mutagen.flac

from earmark.errors import TagError
from earmark.library.tags import vorbis
from earmark.library.tags.container import Container
from earmark.library.tags.genre import Genre
from earmark.library.tags.id3 import read_tag
from earmark.library.tags.splice import Splice, growth, read_at

HEADER = 4  # bytes: last or not and kind in one, then the length
PADDING, COMMENTS = 1, 4  # kinds of block
LAST = 0x80  # the bit of the last block
LARGEST = 1 << 24  # bytes that a length counts up to


class Block(NamedTuple):
    """One metadata block, its content from `start` to `stop` in bytes of the file."""

    kind: int
    last: bool
    start: int
    stop: int


def _blocks(file: BinaryIO) -> list[Block]:
    before = read_tag(file, 0)  # some files carry ID3 in front, which FLAC's readers pass over
    at = before.stop if before is not None else 0
    if read_at(file, at, 4) != b"fLaC":
        raise TagError("it does not begin as FLAC does")
    at += 4
    blocks: list[Block] = []
    while not blocks or not blocks[-1].last:
        header = read_at(file, at, HEADER)
        length = int.from_bytes(header[1:], "big")
        read_at(file, at + HEADER + length, 0)  # is it all there?
        blocks.append(Block(header[0] & ~LAST, bool(header[0] & LAST), at + HEADER, at + HEADER + length))
        at = blocks[-1].stop
    return blocks


def _comments(file: BinaryIO, blocks: list[Block]) -> tuple[Block | None, bytes]:
    """The block of comments and its content; an empty list where there is none."""
    block = next((block for block in blocks if block.kind == COMMENTS), None)
    return block, vorbis.EMPTY if block is None else read_at(file, block.start, block.stop - block.start)


def _read(file: BinaryIO) -> Genre:
    return vorbis.read_genre(_comments(file, _blocks(file))[1])


def _encode(file: BinaryIO, texts: tuple[str, ...], _separator: str | None) -> Genre:
    return vorbis.encode_genre(_comments(file, _blocks(file))[1], texts)


def _place(file: BinaryIO, raw: tuple[bytes, ...]) -> list[Splice]:
    blocks = _blocks(file)
    block, content = _comments(file, blocks)
    if block is None:
        if not raw:
            return []
        content = vorbis.with_genre(content, raw)
        first = blocks[0]
        put = bytes([COMMENTS | (LAST if first.last else 0)]) + _length(len(content)) + content
        splices = [Splice(first.stop, first.stop, put)]
        if first.last:
            splices.append(Splice(first.start - HEADER, first.start - HEADER + 1, bytes([first.kind])))
    else:
        splices = [Splice(block.start + s.start, block.start + s.stop, s.put) for s in vorbis.place_genre(content, raw)]
        if growth(splices):
            length = _length(block.stop - block.start + growth(splices))
            splices.append(Splice(block.start - HEADER + 1, block.start, length))
    return splices + _from_padding(blocks, growth(splices))


def _from_padding(blocks: list[Block], more: int) -> list[Splice]:
    """The splices of a block of padding that make up for `more` bytes; none where no block can."""
    for block in blocks:
        length = block.stop - block.start - more
        if more and block.kind == PADDING and 0 <= length < LARGEST:
            size = Splice(block.start - HEADER + 1, block.start, _length(length))
            taken = Splice(block.start, block.start + max(more, 0), bytes(max(-more, 0)))
            return [size, taken]
    return []


def _length(length: int) -> bytes:
    if length >= LARGEST:
        raise TagError("its comments would become longer than the 16 MiB that FLAC allows")
    return length.to_bytes(3, "big")


FLAC = Container("FLAC", _read, _encode, _place, mutagen.flac.FLAC, "genre")
