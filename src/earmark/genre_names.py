"""Genre names of one vocabulary found again in another: "Hip-Hop", "hiphop" and "Hip Hop/Rap" are one genre.

Only spellings are reconciled. What a listener could tell apart stays apart: heavy metal is not metal, rap not hip hop.
"""

from __future__ import annotations

import csv
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from earmark.errors import DataError, nearest

# Normal form → other normal forms of the same genre. "&" reads as "and", and a last word "music" is gone by then.
ALIASES = {
    "drumandbass": ("dandb", "dnb", "drumnbass"),
    "edm": ("electronicdance",),
    "hiphop": ("hiphopandrap", "hiphoprap", "rapandhiphop", "raphiphop"),
    "rnb": ("randb", "rhythmandblues", "rhythmnblues"),
    "rockandroll": ("rockroll", "rocknroll"),
}
_CANONICAL = {alias: name for name, aliases in ALIASES.items() for alias in aliases}


def normal_form(name: str) -> str:
    """The name without case, blanks, punctuation and Latin accents, in the canonical spelling: "R&B" → "rnb".

    A name of nothing but punctuation gives the empty string.
    """
    # Case goes last: of some letters only the plain form has a small one (𝙰 is A before it is a).
    plain = unicodedata.normalize("NFKD", name).casefold().replace("&", " and ")
    letters: list[str] = []
    for letter in unicodedata.normalize("NFKD", plain):
        # Accents on Latin letters are spelling (axé, axe); marks of other scripts make another letter.
        if not (unicodedata.combining(letter) and letters and letters[-1].isascii()):
            letters.append(letter)
    spelt = unicodedata.normalize("NFC", "".join(letters))
    words = "".join(letter if letter.isalnum() else "" if letter in "'’" else " " for letter in spelt).split()
    if len(words) > 1 and words[-1] == "music":
        words.pop()
    joined = "".join(words)
    return _CANONICAL.get(joined, joined)


def match(
    names_from: Iterable[str], names_to: Sequence[str], mapping: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Find each name of one vocabulary in another.

    `mapping` goes before the spelling; an empty target there leaves a name out on purpose. Gives name → name, and the
    names left out because the other vocabulary has nothing of that spelling.

    Raises DataError where `mapping` names something that neither vocabulary has, or where a name fits two targets.
    """
    sources = list(dict.fromkeys(names_from))
    chosen = dict(mapping or {})
    for source, named in chosen.items():
        if source not in sources:
            raise DataError(
                f"genre mapping: {source!r} is not a genre to be mapped{nearest(source, sources)}; "
                f"there are: {', '.join(sources)}"
            )
        if named and named not in names_to:
            raise DataError(
                f"genre mapping: {source!r} goes to {named!r}, which is not one of {', '.join(names_to)}"
                f"{nearest(named, names_to)}"
            )
    by_form: dict[str, list[str]] = {}
    for name in names_to:
        by_form.setdefault(normal_form(name), []).append(name)
    found: dict[str, str] = {}
    for source in sources:
        fitting = [source] if source in names_to else by_form.get(normal_form(source), [])
        target = chosen.get(source)
        if target is None and len(fitting) > 1:
            raise DataError(
                f"genre {source!r} fits both {fitting[0]!r} and {fitting[1]!r}; say which one in a genre mapping"
            )
        if target or (target is None and fitting):
            found[source] = target or fitting[0]
    return found, [source for source in sources if source not in found]


def read_mapping(path: Path) -> dict[str, str]:
    """Read a genre mapping: TOML lines `"Hip-Hop" = "hiphop"`, or a CSV file with the columns from, to.

    Raises DataError naming the file and the line or key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read as a genre mapping: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: cannot be read as a genre mapping: {error}") from error
    if path.suffix.casefold() == ".toml":
        return _from_toml(text, path)
    if path.suffix.casefold() == ".csv":
        return _from_csv(text, path)
    raise DataError(f"{path}: a genre mapping is a .toml or .csv file, not {path.suffix or 'one without a suffix'}")


def _from_toml(text: str, path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: not valid TOML: {error}") from error
    for source, target in table.items():
        if not isinstance(target, str):
            raise DataError(f'{path}: {source!r} goes to {target!r}; write it as "{source}" = "one genre\'s name"')
    return table


def _from_csv(text: str, path: Path) -> dict[str, str]:
    reader = csv.reader(text.splitlines(), strict=True)
    found: dict[str, str] = {}
    try:
        header = next(reader, [])
        if header != ["from", "to"]:
            raise DataError(f"{path}: the first line must be from,to; it is {','.join(header)!r}")
        for row in reader:
            if len(row) != 2 or row[0] in found:
                why = f"{len(row)} cells, not 2" if len(row) != 2 else f"{row[0]!r} stands twice"
                raise DataError(f"{path}: line {reader.line_num}: {why}")
            found[row[0]] = row[1]
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: not valid CSV: {error}") from error
    return found
