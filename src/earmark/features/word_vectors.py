"""Word vectors by name or path, read from the cache after the first time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from earmark.checksums import remembered_digest
from earmark.errors import UsageError, nearest
from earmark.features.cache import FeatureCache
from earmark.pretrained.glove import GLOVE, load_glove
from earmark.text.word_vectors import WordVectors, read_word_vectors

PUBLISHED = {GLOVE.name: load_glove}


def word_vectors(name: str, cache: FeatureCache | None = None) -> WordVectors:
    """Published vectors by name, fetched once on a machine, or those of a text file, as GloVe and word2vec write it.

    A file is read once; after that its vectors are memory-mapped from the cache until its content changes.
    Raises UsageError where there is neither, DataError for a damaged file, ModelError where published ones cannot be
    had.
    """
    if name in PUBLISHED:
        return PUBLISHED[name]()
    path = Path(name)
    if not path.is_file():
        raise UsageError(
            f"vectors = {name!r}: neither a file nor the name of published vectors{nearest(name, PUBLISHED)}; "
            f"known: {', '.join(PUBLISHED)}"
        )
    cache = cache or FeatureCache()
    key = f"word vectors {remembered_digest(path)}"
    read: list[WordVectors] = []

    def once() -> WordVectors:
        if not read:
            read.append(read_word_vectors(path))
        return read[0]

    vectors = cache.array(f"{key} vectors", lambda: once().vectors)
    words = cache.array(f"{key} words", lambda: np.frombuffer("\n".join(once().words).encode(), np.uint8))
    return WordVectors(name, words.tobytes().decode().split("\n"), vectors)
