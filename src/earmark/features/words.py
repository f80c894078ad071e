"""Texts as sequences of word ids, by a vocabulary that is learned from the training part alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.errors import ModelError, UsageError
from earmark.features.plain_text import TextSettings
from earmark.models.shapes import Input
from earmark.text.languages import stop_words
from earmark.text.texts import Texts
from earmark.text.vocabulary import artist_ids, fit_artists, fit_vocabulary, word_ids
from earmark.text.words import words

LEARNED = ("vocabulary", "artists", "left_out")


class Words(TextSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="words"):
    """How cleaned texts become examples: rows of whole numbers, the artist's id first where it is an input.

    min_count   a word that the training texts hold less often is unknown
    max_words   so many words are known, the commonest
    max_length  words of a text that are read; shorter texts are filled up
    lower       whatever their case, words are the same
    stop_words  languages, by ISO 639-1 code, whose commonest words are left out

    What follows is learned by `fitted`, and travels with the classifier. Word id 0 fills up, 1 is any unknown word,
    2 the first of the vocabulary; artist id 0 is any unknown artist, 1 the first known one.

    vocabulary  the commonest first
    artists     in alphabetical order
    left_out    the stop words
    """

    min_count: int = 2
    max_words: int = 20_000
    max_length: int = 300
    lower: bool = True
    stop_words: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    artists: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    gives: ClassVar[Input] = "words"

    def __post_init__(self) -> None:
        for key in ("min_count", "max_words", "max_length"):
            if getattr(self, key) < 1:
                raise UsageError(f"features.{key} = {getattr(self, key)} must be 1 or more")

    def fitted(self, shown: Texts) -> Self:
        """These settings with all that is to be known of the training part's texts, and of no others.

        Raises ModelError where no word occurs often enough, UsageError for a language without stop words.
        """
        silent = sorted(frozenset[str]().union(*map(stop_words, self.stop_words)))
        settings = msgspec.structs.replace(self, left_out=tuple(silent))
        vocabulary = fit_vocabulary(settings._read(shown), min_count=self.min_count, max_words=self.max_words)
        if not vocabulary:
            raise ModelError(
                f"no word occurs {self.min_count} times in {len(shown)} training texts; lower features.min_count"
            )
        known = () if shown.artists is None else fit_artists(shown.artists)
        return msgspec.structs.replace(settings, vocabulary=vocabulary, artists=known)

    def encoded(self, texts: Texts) -> NDArray[np.int32]:
        """Ids (n, max_length), behind the artist's where that is an input. Raises ModelError before `fitted`."""
        if not self.vocabulary:
            raise ModelError("these words have no vocabulary yet: it is learned in a training")
        ids = word_ids(self._read(texts), self.vocabulary, length=self.max_length)
        return ids if texts.artists is None else np.column_stack([artist_ids(texts.artists, self.artists), ids])

    def unread(self, text: str) -> str | None:
        """Which words are read of a text that holds more than `max_length`, stop words not counted."""
        n = len(next(self._read(Texts.of([text]))))
        return f"the first {self.max_length} of {n} words are read" if n > self.max_length else None

    def model_shape(self, example: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ARG002
        """Words of a text, ids of words, and ids of artists, 0 where the artist is no input."""
        return self.max_length, len(self.vocabulary) + 2, len(self.artists) + 1 if self.artist else 0

    def _read(self, texts: Texts) -> Iterator[list[str]]:
        silent = frozenset(self.left_out)
        for text in texts.words:
            found = words(text, lower=self.lower)
            yield [word for word in found if word.casefold() not in silent] if silent else found

    def _settings(self) -> Sequence[str]:
        return [key for key in self.__struct_fields__ if key not in LEARNED]


def word_features(
    *,
    section_marks: bool = False,
    repeated_lines: bool = True,
    artist: bool = False,
    min_count: int = 2,
    max_words: int = 20_000,
    max_length: int = 300,
    lower: bool = True,
    stop_words: Sequence[str] = (),
) -> Words:
    """The settings of a recipe. Raises UsageError for values that cannot be."""
    given: dict[str, Any] = dict(locals())
    try:
        return msgspec.convert(given, Words)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error
