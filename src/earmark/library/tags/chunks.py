"""WAV and AIFF: an ID3v2 tag in a chunk of its own. A WAV's INFO is read where that says nothing, and never written."""

from __future__ import annotations

from functools import partial
from typing import BinaryIO, Literal, NamedTuple

import mutagen.aiff
import mutagen.wave

from earmark.errors import TagError
from earmark.library.tags.container import Container
from earmark.library.tags.genre import Genre
from earmark.library.tags.id3 import Tag, encode_genre, new_tag, place_genre, read_genre, read_tag
from earmark.library.tags.splice import Splice, file_size, growth, read_at

HEADER = 8  # bytes: name and length of a chunk
FIRST = 12  # the form's header, with its kind
LARGEST = 1 << 32  # bytes that a length counts up to


class Form(NamedTuple):
    """How a family of chunked files writes."""

    order: Literal["little", "big"]
    tag_name: bytes


class Chunk(NamedTuple):
    """One chunk, its content from `start` to `stop` in bytes of the file."""

    name: bytes
    start: int
    stop: int


RIFF = Form("little", b"id3 ")
IFF = Form("big", b"ID3 ")


def _chunks(form: Form, file: BinaryIO) -> tuple[list[Chunk], int]:
    """The chunks, and where the form ends. Raises TagError where lengths do not agree with the file."""
    last = HEADER + int.from_bytes(read_at(file, 4, 4), form.order)
    if last > file_size(file) or last < FIRST:
        raise TagError("its header announces another length than the file has: cut off, or written to a pipe")
    chunks, start = [], FIRST
    while start + HEADER <= last:
        head = read_at(file, start, HEADER)
        stop = start + HEADER + int.from_bytes(head[4:], form.order)
        if stop > last:
            raise TagError(f"its chunk {head[:4]!r} at byte {start} goes beyond the end")
        chunks.append(Chunk(head[:4], start + HEADER, stop))
        start = stop + (stop & 1)
    return chunks, last


def _tag_chunk(form: Form, file: BinaryIO) -> Chunk | None:
    return next((chunk for chunk in _chunks(form, file)[0] if chunk.name.lower() == b"id3 "), None)


def _tag(form: Form, file: BinaryIO) -> Tag | None:
    chunk = _tag_chunk(form, file)
    if chunk is None:
        return None
    tag = read_tag(file, chunk.start)
    if tag is None or tag.stop > chunk.stop:
        raise TagError(f"its chunk {chunk.name!r} at byte {chunk.start - HEADER} holds no whole ID3 tag")
    return tag


def _read(form: Form, file: BinaryIO) -> Genre:
    genre = read_genre(file, _tag(form, file))
    return genre if genre.raw else Genre(kind=genre.kind, texts=_info(form, file), raw=())


def _info(form: Form, file: BinaryIO) -> tuple[str, ...]:
    """The genre among a WAV's INFO."""
    for whole in _chunks(form, file)[0]:
        if whole.name != b"LIST" or whole.stop - whole.start < 4 or read_at(file, whole.start, 4) != b"INFO":
            continue
        start = whole.start + 4
        while start + HEADER <= whole.stop:
            head = read_at(file, start, HEADER)
            length = int.from_bytes(head[4:], form.order)
            if head[:4] == b"IGNR":
                said = read_at(file, start + HEADER, length).partition(b"\0")[0]
                text = said.decode("utf-8", errors="replace").strip()
                return (text,) if text else ()
            start += HEADER + length + (length & 1)
    return ()


def _encode(form: Form, file: BinaryIO, texts: tuple[str, ...], separator: str | None) -> Genre:
    return encode_genre(_tag(form, file), texts, separator)


def _place(form: Form, file: BinaryIO, raw: tuple[bytes, ...]) -> list[Splice]:
    last = _chunks(form, file)[1]
    tag, chunk = _tag(form, file), _tag_chunk(form, file)
    if tag is None or chunk is None:
        if not raw:
            return []
        whole = new_tag(b"".join(raw))
        length = len(whole).to_bytes(4, form.order)
        splices = [Splice(last, last, bytes(last & 1) + form.tag_name + length + whole + bytes(len(whole) & 1))]
    else:
        splices = place_genre(tag, raw)
        more = growth(splices)
        if more:
            length = _length(chunk.stop - chunk.start + more, form)
            splices.append(Splice(chunk.start - 4, chunk.start, length))
        if more & 1:  # contents begin at even bytes: a zero comes or goes
            odd = chunk.stop & 1
            splices.append(Splice(chunk.stop, min(chunk.stop + odd, last), bytes(1 - odd)))
    if growth(splices):
        splices.append(Splice(4, 8, _length(last - HEADER + growth(splices), form)))
    return splices


def _length(length: int, form: Form) -> bytes:
    if length >= LARGEST:
        raise TagError("it would become longer than the 4 GiB that its format counts")
    return length.to_bytes(4, form.order)


def _of(name: str, form: Form, witness: type) -> Container:
    return Container(name, partial(_read, form), partial(_encode, form), partial(_place, form), witness, "TCON")


WAV = _of("WAV", RIFF, mutagen.wave.WAVE)
AIFF = _of("AIFF", IFF, mutagen.aiff.AIFF)
