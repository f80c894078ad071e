"""What people read that the things of a data set are called: tracks of genres, or pictures of classes.

Code, files and options say track, song and genre whatever they hold; pages and tables put these words in their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from earmark.catalog import DATASETS

Factory = TypeVar("Factory", bound=Callable[..., Any])


def plural(noun: str) -> str:
    """track → tracks, class → classes."""
    return noun + ("es" if noun.endswith("s") else "s")


class Wording(msgspec.Struct, frozen=True):
    """The words of one kind of data, of music unless told; nouns are singular.

    track    what is judged
    clip     a piece of it
    song     what clips are pieces of, and intervals are over
    genre    what a classifier names
    music    such things at large
    heard    what a classifier did with them
    picture  what a page shows of one
    legend   how to read that; empty of what looks as it is, in true proportions
    """

    track: str = "track"
    clip: str = "clip"
    song: str = "song"
    genre: str = "genre"
    music: str = "music"
    heard: str = "heard"
    picture: str = "Spectrogram"
    legend: str = "Log-mel spectrograms: low bands below, time to the right."

    @property
    def whole(self) -> bool:
        """Whether each thing stands for itself: no piece of something larger, and by nobody who is named."""
        return self.song == self.track

    @property
    def drawn(self) -> str:
        """What a bootstrap draws: "whole songs"."""
        return plural(self.song) if self.whole else f"whole {plural(self.song)}"

    def of(self, told: str) -> str:
        """What a run's files tell, such as "1000 tracks of the validation part", in these words."""

        def word(found: re.Match[str]) -> str:
            own: str = getattr(self, found[1])
            return plural(own) if found[2] else own

        return re.sub(r"\b(track|clip|song|genre)(s?)\b", word, told)


MUSIC = Wording()
PICTURES = Wording(
    track="picture",
    clip="picture",
    song="picture",
    genre="class",
    music="pictures",
    heard="saw",
    picture="Picture",
    legend="",
)


def worded(wording: Wording) -> Callable[[Factory], Factory]:
    """Mark a data set of the catalog with the words of what it makes, which are known then before it is made."""

    def mark(factory: Factory) -> Factory:
        marked: Any = factory
        marked.wording = wording
        return factory

    return mark


def wording_of(data: str) -> Wording:
    """The words of the catalog's data set of that name; of music where it says none, or is there no more."""
    found: Wording = getattr(DATASETS.find(data), "wording", MUSIC) if data in DATASETS.names() else MUSIC
    return found
