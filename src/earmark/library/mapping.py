"""What a person calls the genres of a classifier: renamed, merged, dropped, and put below parents.

    drop = ["disco"]
    parents_replace = false

    [rename]
    hiphop = "Hip-Hop"
    metal = "Rock"

    [parents]
    "Hip-Hop" = "Urban"

Genres that are given one name are merged: their probabilities add. A parent is written behind its child or, with
`parents_replace = true`, in its place; then children of one parent are merged.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from earmark.errors import DataError, TagError, nearest
from earmark.library.tags.genre import check_texts

FORMAT = 1


class MappingFile(msgspec.Struct, frozen=True):
    """What stands in the file."""

    format: int = FORMAT
    drop: tuple[str, ...] = ()
    rename: dict[str, str] = {}
    parents: dict[str, str] = {}
    parents_replace: bool = False


class GenreMapping(msgspec.Struct, frozen=True):
    """names: each genre of the classifier → what it is called, None = dropped. parents: what is called → its parent."""

    names: dict[str, str | None]
    parents: dict[str, str] = {}
    parents_replace: bool = False

    def ranked(self, genres: Sequence[str], probabilities: Sequence[float]) -> list[tuple[str, float]]:
        """Names with their probabilities, likeliest first; merged ones added up, dropped ones left out."""
        totals: dict[str, float] = {}
        for genre, probability in zip(genres, probabilities, strict=True):
            name = self.names[genre]
            if name is not None:
                top = [name, *_ancestors(name, self.parents)][-1] if self.parents_replace else name
                totals[top] = totals.get(top, 0.0) + probability
        return sorted(totals.items(), key=lambda entry: -entry[1])

    def with_parents(self, name: str) -> tuple[str, ...]:
        """What is written for a name: itself, then its parent, and the parent of that."""
        return (name,) if self.parents_replace else (name, *_ancestors(name, self.parents))


def unchanged(genres: Sequence[str]) -> GenreMapping:
    """The mapping that leaves all as the classifier calls it."""
    return GenreMapping({genre: genre for genre in genres})


def read_mapping(path: Path, genres: Sequence[str]) -> GenreMapping:
    """Read a mapping for a classifier of these genres.

    Raises DataError, naming the file and what is wrong in it, where it cannot be read, names what there is not,
    contradicts itself or goes in a circle.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        for key in table:
            if key not in MappingFile.__struct_fields__:
                known = ", ".join(MappingFile.__struct_fields__)
                raise DataError(f"unknown key {key!r}{nearest(key, MappingFile.__struct_fields__)}; known: {known}")
        file = msgspec.convert(table, MappingFile)
        if file.format != FORMAT:
            raise DataError(f"format {file.format} is not the {FORMAT} this earmark reads; update earmark")
        return _checked(file, genres)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read as a genre mapping: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: cannot be read as a genre mapping: {error}") from error
    except (DataError, TagError, msgspec.ValidationError) as error:
        raise DataError(f"{path}: {error}") from error


def _checked(file: MappingFile, genres: Sequence[str]) -> GenreMapping:
    for where, named in (("drop", file.drop), ("[rename]", file.rename)):
        for genre in named:
            if genre not in genres:
                raise DataError(
                    f"{where}: {genre!r} is not a genre of the classifier{nearest(genre, genres)}; "
                    f"it knows {', '.join(genres)}"
                )
    for genre in file.drop:
        if genre in file.rename:
            raise DataError(f"{genre!r} is both dropped and renamed; do one of the two")
    if set(file.drop) >= set(genres):
        raise DataError("all genres of the classifier are dropped; nothing is left to suggest")
    names = {genre: None if genre in file.drop else file.rename.get(genre, genre) for genre in genres}
    called = {name for name in names.values() if name is not None} | set(file.parents.values())
    for text in called:
        check_texts((text,))
    for child in file.parents:
        if child not in called:
            raise DataError(f"[parents]: {_why_not(child, file)}{nearest(child, called)}")
        path = [child]
        for ancestor in _ancestors(child, file.parents):
            path.append(ancestor)
            if ancestor in path[:-1]:
                raise DataError(f"[parents] goes in a circle: {' → '.join(path[path.index(ancestor) :])}")
    return GenreMapping(names, file.parents, file.parents_replace)


def _why_not(child: str, file: MappingFile) -> str:
    if child in file.drop:
        return f"{child!r} is dropped"
    if child in file.rename:
        return f"{child!r} is renamed; give the parent to {file.rename[child]!r}"
    return f"{child!r} is neither a genre, nor the name of one, nor a parent"


def _ancestors(name: str, parents: dict[str, str]) -> Iterator[str]:
    """Its parent, the parent of that, and so on; without end where they go in a circle."""
    while name in parents:
        name = parents[name]
        yield name
