"""Who plays, as a file's tags say."""

from __future__ import annotations

from pathlib import Path

import mutagen

from earmark.errors import TagError
from earmark.library.tags.files import foreign_bytes

KEYS = ("artist", "TPE1", "Author")  # Vorbis and what mutagen calls easy · ID3 in WAV and AIFF · ASF


def read_artist(path: Path) -> str | None:
    """The first artist in the tags of an audio file; None where they name none.

    Raises TagError, naming the file, where its tags cannot be read; OSError where it cannot be opened.
    """
    try:
        with path.open("rb") as file, foreign_bytes():
            tags = mutagen.File(file, easy=True)
            for key in KEYS:
                if tags and (said := tags.get(key)):
                    return str(said[0]).strip() or None
            return None
    except TagError as error:
        raise TagError(f"{path}: {error}") from error
