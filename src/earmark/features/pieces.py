"""Texts as rows of pieces of words, cut as a pretrained sentence network reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.errors import ModelError, UsageError
from earmark.features.plain_text import TextSettings
from earmark.features.sentence import LEAST
from earmark.models.bert import BertSize
from earmark.models.shapes import Input
from earmark.models.text_bert import ENDED
from earmark.pretrained.sentence import MINILM, sentence_network
from earmark.text.texts import Texts
from earmark.text.wordpiece import WordPiece

KNOWN = ("size", "vocabulary")


class Pieces(TextSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="pieces"):
    """How cleaned texts become examples: rows of places in a network's list of pieces, -1 where a text has ended.

    model       "minilm": all-MiniLM-L6-v2; or a folder of sentence-transformers that holds a BERT
    max_length  pieces of a text that are read, both marks included

    What follows is the network's own, taken from it by `fitted`, and travels with the classifier, so that this one is
    loaded without it.

    size        how large the network is
    vocabulary  its pieces

    Raises UsageError for values that cannot be.
    """

    model: str = MINILM.name
    max_length: int = 128
    size: BertSize | None = None
    vocabulary: tuple[str, ...] = ()

    gives: ClassVar[Input] = "pieces"

    def __post_init__(self) -> None:
        if self.max_length < LEAST:
            raise UsageError(f"features.max_length = {self.max_length} must be {LEAST} or more")
        if self.artist:
            raise UsageError("features 'pieces' are of texts alone; leave features.artist out, or take 'words'")

    def fitted(self, shown: Texts) -> Self:  # noqa: ARG002
        """These settings with the network's pieces, as they are where they have them. Nothing is learned of texts.

        Raises UsageError where the network reads fewer pieces at once or is not there, ModelError where it cannot be
        had.
        """
        if self.size is not None:
            return self
        network = sentence_network(self.model)
        if self.max_length > network.longest:
            raise UsageError(
                f"features.max_length = {self.max_length}: {self.model} reads at most {network.longest} at once"
            )
        return msgspec.structs.replace(self, size=network.size, vocabulary=network.pieces.pieces)

    def encoded(self, texts: Texts) -> NDArray[np.int32]:
        """Places (n, max_length). Raises ModelError before `fitted`."""
        pieces = WordPiece(self._known()[1])
        rows = np.full((len(texts.words), self.max_length), ENDED, np.int32)
        for row, text in zip(rows, texts.words, strict=True):
            ids = [pieces.begin, *pieces.ids(text)[: self.max_length - 2], pieces.end]
            row[: len(ids)] = ids
        return rows

    def unread(self, text: str) -> str | None:
        """Which pieces are read of a text that holds more than fit between both marks."""
        n, fit = len(WordPiece(self._known()[1]).ids(text)), self.max_length - 2
        return f"the first {fit} of {n} pieces of words are read" if n > fit else None

    def model_shape(self, example: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ARG002
        """Pieces of a text, and what the network is large by."""
        return self.max_length, *self._known()[0]

    def _known(self) -> tuple[BertSize, tuple[str, ...]]:
        if self.size is None:
            raise ModelError("these pieces are of no network yet: it is opened in a training")
        return self.size, self.vocabulary

    def _settings(self) -> Sequence[str]:
        return [key for key in self.__struct_fields__ if key not in KNOWN]


def piece_features(
    *,
    section_marks: bool = False,
    punctuation: bool = True,
    repeated_lines: bool = True,
    model: str = MINILM.name,
    max_length: int = 128,
) -> Pieces:
    """The settings of a recipe. Raises UsageError for values that cannot be."""
    given: dict[str, Any] = dict(locals())
    try:
        return msgspec.convert(given, Pieces)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error
