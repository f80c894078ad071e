"""Who plays, as a file's tags say."""

from __future__ import annotations

from pathlib import Path

from earmark.errors import TagError
from earmark.library.tags.files import UnknownKindError, foreign_bytes, read_field

# What mutagen calls them, in small letters, in Vorbis comments and APE · ID3v2.3 and 2.4 · ID3v2.2 · MP4 · ASF.
ARTIST = ("artist", "tpe1", "tp1", "\xa9art", "author")
ALBUM_ARTIST = ("albumartist", "album artist", "tpe2", "tp2", "aart", "wm/albumartist")


def read_artist(path: Path, *, of_album: bool = False) -> str | None:
    """The first artist in the tags of an audio file; None where they name none, or it is of no kind that has them.

    of_album: rather the album's.
    Raises TagError, naming the file, where its tags cannot be read; OSError where it cannot be opened.
    """
    try:
        with path.open("rb") as file, foreign_bytes():
            container, _ = read_field(file)  # which knows what mutagen must not be given
            file.seek(0)
            tags = container.witness(file).tags
            said = {} if tags is None else {key.lower(): value for key, value in tags.items()}
            for key in (*ALBUM_ARTIST, *ARTIST) if of_album else ARTIST:
                if key in said and (name := str(said[key][0]).strip()):
                    return name
            return None
    except UnknownKindError:
        return None
    except TagError as error:
        raise TagError(f"{path}: {error}") from error
