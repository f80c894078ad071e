"""What every kind of file must be able to do with its genre."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

from earmark.library.tags.genre import Genre
from earmark.library.tags.splice import Splice


class Container(NamedTuple):
    """One kind of file. All functions read an open file, and raise TagError where it is damaged.

    read(file): its genre field.
    encode(file, texts, separator): the field that says `texts` in this file's tag. `separator` joins several genres
        where the tag holds only one text, which then is what the field says; None refuses them with TagError.
    place(file, raw): the splices after which the field is `raw`, nothing else is changed, and all sizes and offsets of
        the container fit again.
    witness(file): the file as mutagen reads it, all on its own.
    key: what mutagen calls the genre there.
    """

    name: str
    read: Callable[[BinaryIO], Genre]
    encode: Callable[[BinaryIO, tuple[str, ...], str | None], Genre]
    place: Callable[[BinaryIO, tuple[bytes, ...]], list[Splice]]
    witness: Callable[[BinaryIO], Any]
    key: str
