"""What the default classifier's voices take in of a file's middle: what a person's own genres are learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.checksums import file_digest
from earmark.classifier.fusion import Fusion
from earmark.classifier.loading import load_default
from earmark.classifier.pieces import cut, read_excerpt
from earmark.errors import AudioError
from earmark.features.cache import FeatureCache
from earmark.tracks import Fault

Row = tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class Hearing:
    """What each worker makes: the default's voices, loaded once."""

    def __call__(self) -> Callable[[Path], Row | Fault]:
        """Load the voices."""
        return partial(hear, load_default(), FeatureCache())


def hear(voices: Fusion, cache: FeatureCache, path: Path) -> Row | Fault:
    """What each voice takes in of the middle of a file. Where it cannot be used, that is said and not raised."""
    try:
        excerpt = _Excerpt(voices, path)
        digest = file_digest(path)
        return tuple(
            cache.array(
                f"excerpt {voices.card.piece_seconds:g} s {digest} {voice.card.features}", partial(excerpt.of, i)
            )
            for i, voice in enumerate(voices.voices)
        )
    except AudioError as error:
        return Fault(str(path), str(error))
    except OSError as error:
        return Fault(str(path), error.strerror or str(error))


class _Excerpt:
    """The middle of a file, decoded once it is needed, for all voices together."""

    def __init__(self, voices: Fusion, path: Path) -> None:
        self.voices = voices
        self.path = path

    @cached_property
    def inputs(self) -> list[NDArray[np.float32]]:
        seconds = self.voices.card.piece_seconds
        waveform, offset = read_excerpt(self.path, seconds)
        pieces = cut(waveform, seconds, where=str(self.path), offset=offset)
        return self.voices.inputs(pieces, where=str(self.path))

    def of(self, voice: int) -> NDArray[np.float32]:
        row: NDArray[np.float32] = self.inputs[voice][0]
        return row
