"""A library scanned: its files found, recognised where they were seen before, and listened to where not.

Only this process reads folders and touches the database. Memory stays flat however many files there are, and a scan
that was killed goes on where it stopped: each answer is kept as it comes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.batches.mapping import Place, map_items
from earmark.batches.work import Lost, Make
from earmark.checksums import file_digest
from earmark.errors import TagError
from earmark.experiment.watcher import Watcher
from earmark.library.answers import Answers, Seen, stamp_of
from earmark.library.tags import read_genres
from earmark.tracks import Fault
from earmark.walk import walk


def scan(
    paths: Iterable[Path],
    answers: Answers,
    listening: Make[Path, Seen | Fault],
    *,
    place: Place,
    watcher: Watcher | None = None,
    confined: bool = False,
) -> None:
    """Look at the files among `paths` and at all music below its folders, as far as `answers` does not know them.

    Afterwards `answers.found()` gives each with its genres and its answer, or with what is wrong with it. A link stands
    for the file that it leads to, which is looked at once; links to folders are not followed, hidden files and folders
    left out, unless they are named themselves. `confined`: a link that leads out of its folder is refused, for those
    who were given this folder and no other.
    Raises DataError where the database cannot be used, ModelError where the classifier cannot answer at all, and what
    `map_items` raises.
    """
    watcher = watcher or Watcher()
    watcher.stage("looking for music")
    answers.add_found(_find(paths, confined))
    found, unseen = answers.count()
    watcher.stage(f"listening to {unseen:,} of {found:,} files" if unseen else f"nothing new among {found:,} files")
    done = 0

    def settle(path: Path, outcome: Seen | Fault | Lost) -> None:
        nonlocal done
        if isinstance(outcome, Seen):
            answers.keep(path, outcome)
        else:
            why = outcome.why if isinstance(outcome, Lost) else outcome.what
            answers.fail(path, why.removeprefix(f"{path}: "))
        done += 1
        watcher.step(done, unseen)

    def unrecognised() -> Iterator[Path]:
        for path, size in answers.unseen():
            outcome = _recognise(path, answers) if answers.knows_size(size) else None
            if outcome is None:
                yield path
            else:
                settle(path, outcome)

    for path, outcome in map_items(listening, unrecognised(), place):
        settle(path, outcome)


def _find(paths: Iterable[Path], confined: bool) -> Iterator[tuple[Path, Path, os.stat_result | str]]:
    """Each file with the library that it belongs to: the folder that was named, or the file's own."""
    for named in paths:
        path = named.absolute()
        if path.is_dir():
            library, empty = path.resolve(), True
            for entry in walk(library, AUDIO_SUFFIXES):
                empty = False
                if isinstance(entry, Fault):
                    yield Path(entry.where), library, entry.what
                else:
                    yield _examined(entry, library, confined)
            if empty:
                yield library, library, "no audio files in this folder or below it"
        else:
            yield _examined(path, path.parent.resolve(), confined)


def _examined(path: Path, library: Path, confined: bool) -> tuple[Path, Path, os.stat_result | str]:
    try:
        real = Path(os.path.realpath(path, strict=True))
        status = real.stat()
    except OSError as error:
        lost = path.is_symlink() and isinstance(error, FileNotFoundError)
        return path, library, "a link that leads nowhere" if lost else error.strerror or str(error)
    if confined and not real.is_relative_to(library):
        return path, library, "a link that leads out of this folder"
    if not stat.S_ISREG(status.st_mode):
        return real, library, "a device or pipe, not a file"
    return real, library, status


def _recognise(path: Path, answers: Answers) -> Seen | Fault | None:
    """What is known of a file's content, wherever and under whatever name it was seen; None where nothing is."""
    try:
        status = path.stat()
        digest = file_digest(path)
        heard = answers.heard(digest)
        return None if heard is None else Seen(stamp_of(status), status.st_size, digest, read_genres(path), heard)
    except TagError as error:
        return Fault(str(path), str(error))
    except OSError as error:
        return Fault(str(path), error.strerror or str(error))
