"""A process that writes a genre into every file of a library, or undoes all taggings; to be killed.

    python tagger.py LIBRARY GENRE|--undo

It says "begun" when it has looked at the files, waits for a line, and at the end says how many it left alone.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from earmark.errors import DataError
from earmark.library.change import Change
from earmark.library.journal import Journal, open_journal
from earmark.library.tags import read_genres
from earmark.library.undo import undo
from earmark.library.write import write_changes


def main(library: Path, genre: str) -> None:
    """Plan, wait, write or undo."""
    paths = sorted(path for path in library.iterdir() if not path.name.startswith("."))
    changes = [
        Change(path=path, old=read_genres(path), new=(genre,), probability=None, classifier="a test") for path in paths
    ]
    with contextlib.closing(open_journal(library)) as journal:
        say("begun")
        sys.stdin.readline()
        say(undo_all(journal) if genre == "--undo" else len(write_changes(changes, journal).faults))


def undo_all(journal: Journal) -> int:
    """Undo all taggings; how many files were left alone."""
    kept = 0
    with contextlib.suppress(DataError):  # nothing left to undo
        while True:
            kept += len(undo(journal).kept)
    return kept


def say(what: object) -> None:
    """A line that is read at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
