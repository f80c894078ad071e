"""Files of plain text."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable
from pathlib import Path

from earmark.errors import DataError
from earmark.tracks import Fault
from earmark.walk import files_of

TEXT_SUFFIXES = frozenset({".txt"})
STANDARD_INPUT = Path("-")


def text_files(paths: Iterable[Path]) -> tuple[list[Path], list[Fault]]:
    """The files among `paths` and all .txt files below its folders, with what is missing; `-` stays."""
    files: list[Path] = []
    faults: list[Fault] = []
    for path in paths:
        found, missing = ([path], []) if path == STANDARD_INPUT else files_of([path], TEXT_SUFFIXES, what="text files")
        files += found
        faults += missing
    return files, faults


def read_text(path: Path) -> str:
    """The text of a file, or of standard input where the path is `-`: UTF-8, or UTF-16 that begins with its mark.

    Raises DataError naming the line where it is another encoding, or no text.
    """
    try:
        content = sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}: line {line}: the byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}: line {line}: a NUL byte: this is not a text file")
    return text
