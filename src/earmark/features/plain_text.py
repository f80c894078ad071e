"""Texts as examples: cleaned, and otherwise as they are, for estimators that learn their own view of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import msgspec
from numpy.typing import NDArray

from earmark.errors import DataError, UsageError
from earmark.models.shapes import Input
from earmark.text.cleaning import clean
from earmark.text.texts import Texts
from earmark.text.words import has_words


class TextSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a raw text becomes a cleaned one, and whether its artist is an input too.

    section_marks, punctuation, repeated_lines  what to keep, see `earmark.text.cleaning.clean`
    artist   also tell the model who sings; what stands for an artist is learned from the training part
    """

    section_marks: bool = False
    punctuation: bool = True
    repeated_lines: bool = True
    artist: bool = False

    crop_frames: ClassVar[None] = None
    views: ClassVar[None] = None
    gives: ClassVar[Input] = "texts"

    def of(self, text: str, *, where: str) -> str:
        """The text cleaned. Raises DataError naming `where` for one without any word."""
        cleaned = clean(
            text,
            section_marks=self.section_marks,
            punctuation=self.punctuation,
            repeated_lines=self.repeated_lines,
        )
        if not has_words(cleaned):
            raise DataError(f"{where}: no words in it" if text.strip() else f"{where}: empty")
        return cleaned

    def texts(self, cleaned: Sequence[str], artists: Sequence[str | None]) -> Texts:
        """Examples of cleaned texts, with the artists where these are an input."""
        return Texts.of(cleaned, artists if self.artist else None)

    def unread(self, text: str) -> str | None:  # noqa: ARG002
        """How much of a cleaned text is read, where it is not all of it; None where it is."""
        return None

    def fitted(self, shown: Texts) -> Self:  # noqa: ARG002
        """These settings with what is to be known of the training part's texts, and of no others: nothing."""
        return self

    def encoded(self, texts: Texts) -> NDArray[Any] | Texts:
        """What a model is fed of texts: themselves."""
        return texts

    def model_shape(self, example: tuple[int, ...]) -> tuple[int, ...]:
        """What a model is built for, given the shape of an encoded example; of texts (1,), or (2,) with the artist."""
        return example

    def differences(self, other: object) -> list[str]:
        """Both values of each setting in which `other` differs; what was learned does not count."""
        if type(other) is not type(self):
            return [f"{type(other).__name__} instead of {type(self).__name__}"]
        return [
            f"{key}={getattr(other, key)} instead of {getattr(self, key)}"
            for key in self._settings()
            if getattr(other, key) != getattr(self, key)
        ]

    def _settings(self) -> Sequence[str]:
        return self.__struct_fields__


class PlainText(TextSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="texts"):
    """Examples are `earmark.text.texts.Texts`; an estimator fits its own vocabulary to those that it learns from."""


def plain_text(
    *, section_marks: bool = False, punctuation: bool = True, repeated_lines: bool = True, artist: bool = False
) -> PlainText:
    """The settings of a recipe. Raises UsageError for values of another kind."""
    try:
        return msgspec.convert(dict(locals()), PlainText)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error
