"""MP4 and M4A: the atoms `©gen`, and `gnre` with the number of a genre, in moov.udta.meta.ilst.

Where `moov` becomes longer before the sound, free space takes up the difference while it can; otherwise the tables that
say where the sound lies are written anew.

Source: ISO/IEC 14496-12; the list of items as iTunes writes it, after mutagen.mp4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import mutagen.mp4
from mutagen.id3 import TCON

from earmark.errors import TagError
from earmark.library.tags.container import Container
from earmark.library.tags.genre import Genre
from earmark.library.tags.splice import Splice, file_size, growth, read_at, trimmed

KIND = "MP4"
NAMED, NUMBERED = b"\xa9gen", b"gnre"
UTF8, UTF16 = 1, 2  # kinds of data
DATA_HEADER = 8  # bytes: kind and language
FREE = {b"free", b"skip"}
PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mfra"}  # of what says where sound lies
ITEMS_HANDLER = bytes(8) + b"mdirappl" + bytes(9)
DEEPEST = 16


class Atom(NamedTuple):
    """One atom from `start` to `stop` in bytes of the file, its content from `content`."""

    name: bytes
    start: int
    content: int
    stop: int


class Path(NamedTuple):
    """The way to the genre: moov, udta, meta, ilst, as far as they exist.

    siblings: beside the last of them. inside: in it; where that is ilst, the items.
    """

    atoms: list[Atom]
    siblings: list[Atom]
    inside: list[Atom]

    @property
    def genres(self) -> list[Atom]:
        """The atoms of the genre."""
        complete = self.atoms[-1].name == b"ilst"
        return [item for item in self.inside if complete and item.name in (NAMED, NUMBERED)]


def _atoms(file: BinaryIO, start: int, stop: int) -> list[Atom]:
    """The atoms side by side from `start` to `stop`. Raises TagError where a length is impossible."""
    atoms = []
    while start + 8 <= stop:
        head = read_at(file, start, min(16, stop - start))
        length, content = int.from_bytes(head[:4], "big"), start + 8
        if length == 1 and len(head) == 16:
            length, content = int.from_bytes(head[8:], "big"), start + 16
        elif length == 0:  # to the end of the file
            length = stop - start
        if length < content - start or start + length > stop:
            raise TagError(f"its atom {head[4:8]!r} at byte {start} is damaged, or the file is cut off")
        atoms.append(Atom(head[4:8], start, content, start + length))
        start += length
    return atoms


def _path(file: BinaryIO) -> Path:
    top = _atoms(file, 0, file_size(file))
    moov = next((atom for atom in top if atom.name == b"moov"), None)
    if moov is None:
        raise TagError("it has no atom 'moov', without which it cannot be played either")
    atoms = [moov]
    inside = _atoms(file, moov.content, moov.stop)
    siblings: list[Atom] = top
    for name in (b"udta", b"meta", b"ilst"):
        atom = next((atom for atom in inside if atom.name == name), None)
        if atom is None:
            return Path(atoms, siblings, inside)
        start = atom.content
        if name == b"meta" and read_at(file, start, min(8, atom.stop - start))[4:] != b"hdlr":
            start += 4  # version and flags, which QuickTime leaves out
        siblings, inside = inside, _atoms(file, start, atom.stop)
        atoms.append(Atom(name, atom.start, start, atom.stop))
    return Path(atoms, siblings, inside)


def _read(file: BinaryIO) -> Genre:
    genres = _path(file).genres
    telling = [atom for atom in genres if atom.name == NAMED] or genres
    return Genre(
        kind=KIND,
        texts=tuple(text for atom in telling for text in _texts(file, atom)),
        raw=tuple(read_at(file, atom.start, atom.stop - atom.start) for atom in genres),
    )


def _texts(file: BinaryIO, atom: Atom) -> list[str]:
    """What the atom's data say, each one text. Raises TagError where it is not text."""
    texts = []
    for data in _atoms(file, atom.content, atom.stop):
        if data.name != b"data":
            continue
        content = read_at(file, data.content, data.stop - data.content)
        kind, said = int.from_bytes(content[1:4], "big"), content[DATA_HEADER:]
        try:
            if atom.name == NUMBERED:
                texts.append(TCON.GENRES[int.from_bytes(said, "big") - 1])
            else:
                texts.append(said.decode("utf-16-be" if kind == UTF16 else "utf-8"))
        except (UnicodeDecodeError, IndexError) as error:
            raise TagError(f"its atom {atom.name!r} at byte {atom.start} cannot be read as a genre: {error}") from error
    return [text for text in texts if text]


def _encode(_file: BinaryIO, texts: tuple[str, ...], _separator: str | None) -> Genre:
    data = [_atom(b"data", UTF8.to_bytes(4, "big") + bytes(4) + text.encode()) for text in texts]
    return Genre(kind=KIND, texts=texts, raw=(_atom(NAMED, b"".join(data)),))


def _place(file: BinaryIO, raw: tuple[bytes, ...]) -> list[Splice]:
    path = _path(file)
    splices = _exchanged(path, b"".join(raw))
    for atom in reversed(path.atoms):
        if atom.name == b"meta":
            splices += _from_free_space(path.siblings, growth(splices))
        splices += _lengthened(file, atom, growth(splices))
    if growth(splices):
        splices += _moved(file, after=path.atoms[0].start, by=growth(splices))
    return splices


def _exchanged(path: Path, put: bytes) -> list[Splice]:
    """The splices of the items themselves; what is missing on the way to them is made."""
    if path.genres:
        first, *others = path.genres
        return [Splice(first.start, first.stop, put)] + [Splice(atom.start, atom.stop, b"") for atom in others]
    parent, depth = path.atoms[-1], len(path.atoms)
    if not put:
        return []
    if depth < 4:
        put = _atom(b"ilst", put)
    if depth < 3:
        put = _atom(b"meta", bytes(4) + _atom(b"hdlr", ITEMS_HANDLER) + put)
    if depth < 2:
        put = _atom(b"udta", put)
    end = path.inside[-1].stop if path.inside else parent.content
    return [Splice(end, end, put)]


def _from_free_space(siblings: list[Atom], more: int) -> list[Splice]:
    """The splices of a free atom that make up for `more` bytes; none where none can."""
    for atom in siblings:
        length = atom.stop - atom.start - more
        if more and atom.name in FREE and atom.content - atom.start == 8 and (length == 0 or 8 <= length < 1 << 32):
            if length == 0:
                return [Splice(atom.start, atom.stop, b"")]
            size = Splice(atom.start, atom.start + 4, length.to_bytes(4, "big"))
            return [size, Splice(atom.content, atom.content + max(more, 0), bytes(max(-more, 0)))]
    return []


def _lengthened(file: BinaryIO, atom: Atom, more: int) -> list[Splice]:
    """The splice of an atom's length; none where it does not change, or reaches to the end of the file anyway."""
    short = int.from_bytes(read_at(file, atom.start, 4), "big")
    if not more or short == 0:
        return []
    start, width = (atom.start + 8, 8) if short == 1 else (atom.start, 4)
    return [Splice(start, start + width, _number(atom.stop - atom.start + more, width))]


def _moved(file: BinaryIO, *, after: int, by: int) -> list[Splice]:
    """The splices of all that says where in the file something lies, for what lies after byte `after`."""
    splices = []
    for atom in _below(file, _atoms(file, 0, file_size(file))):
        if atom.name in (b"stco", b"co64"):
            width = 4 if atom.name == b"stco" else 8
            count = int.from_bytes(read_at(file, atom.content + 4, 4), "big")
            places = [(atom.content + 8, width, count, width)]
        elif atom.name == b"tfhd" and read_at(file, atom.content, 4)[3] & 1:
            places = [(atom.content + 8, 8, 1, 8)]
        elif atom.name == b"tfra":
            head = read_at(file, atom.content, 16)
            width, count = 8 if head[0] else 4, int.from_bytes(head[12:], "big")
            numbers = sum((head[11] >> shift & 3) + 1 for shift in (4, 2, 0))  # of traf, run and sample, in bytes
            places = [(atom.content + 16 + width, width, count, 2 * width + numbers)]
        else:
            continue
        for start, width, count, stride in places:
            splices += _shifted(file, start, width, count, stride, after=after, by=by)
    return splices


def _shifted(file: BinaryIO, start: int, width: int, count: int, stride: int, *, after: int, by: int) -> list[Splice]:
    """The splice of a table from its first offset to its last: `count` offsets of `width` bytes, one every `stride`."""
    if count == 0:
        return []
    old = read_at(file, start, (count - 1) * stride + width)
    new = bytearray(old)
    for at in range(0, len(old), stride):
        offset = int.from_bytes(old[at : at + width], "big")
        if offset > after:
            new[at : at + width] = _number(offset + by, width)
    return [trimmed(start, old, bytes(new))]


def _below(file: BinaryIO, atoms: list[Atom], depth: int = 0) -> Iterator[Atom]:
    """All atoms that are no parents, from the top down."""
    for atom in atoms:
        if atom.name in PARENTS and depth < DEEPEST:
            yield from _below(file, _atoms(file, atom.content, atom.stop), depth + 1)
        else:
            yield atom


def _atom(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def _number(value: int, width: int) -> bytes:
    if value >= 1 << 8 * width:
        raise TagError(f"it would become longer than its atoms of {width} bytes count")
    return value.to_bytes(width, "big")


MP4 = Container("MP4", _read, _encode, _place, mutagen.mp4.MP4, "\xa9gen")
