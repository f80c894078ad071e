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
from earmark.text.vocabulary import artist_ids, fit_artists
from earmark.text.wordpiece import WordPiece

LEARNED = ("size", "vocabulary", "artists")


class Pieces(TextSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="pieces"):
    """How cleaned texts become examples: rows of places in a network's list of pieces, -1 where a text has ended.

    Where the artist is an input, its id stands first: 0 is any unknown one, 1 the first of those known.

    model       "minilm": all-MiniLM-L6-v2; or a folder of sentence-transformers that holds a BERT
    max_length  pieces of a text that are read, both marks included

    What follows is taken from the network and learned from the training part by `fitted`, and travels with the
    classifier, so that this one is loaded without the network.

    size        how large the network is
    vocabulary  its pieces
    artists     in alphabetical order

    Raises UsageError for values that cannot be.
    """

    model: str = MINILM.name
    max_length: int = 128
    size: BertSize | None = None
    vocabulary: tuple[str, ...] = ()
    artists: tuple[str, ...] = ()

    gives: ClassVar[Input] = "pieces"

    def __post_init__(self) -> None:
        if self.max_length < LEAST:
            raise UsageError(f"features.max_length = {self.max_length} must be {LEAST} or more")

    def fitted(self, shown: Texts) -> Self:
        """These settings with the network's pieces, as they are where they have them, and the training part's artists.

        Raises UsageError where the network reads fewer pieces at once or is not there, ModelError where it cannot be
        had.
        """
        known = () if shown.artists is None else fit_artists(shown.artists)
        if self.size is not None:
            return msgspec.structs.replace(self, artists=known)
        network = sentence_network(self.model)
        if self.max_length > network.longest:
            raise UsageError(
                f"features.max_length = {self.max_length}: {self.model} reads at most {network.longest} at once"
            )
        return msgspec.structs.replace(self, size=network.size, vocabulary=network.pieces.pieces, artists=known)

    def encoded(self, texts: Texts) -> NDArray[np.int32]:
        """Places (n, max_length), behind the artist's id where that is an input. Raises ModelError before `fitted`."""
        pieces = WordPiece(self._known()[1])
        rows = np.full((len(texts.words), self.max_length), ENDED, np.int32)
        for row, text in zip(rows, texts.words, strict=True):
            ids = [pieces.begin, *pieces.ids(text)[: self.max_length - 2], pieces.end]
            row[: len(ids)] = ids
        return rows if texts.artists is None else np.column_stack([artist_ids(texts.artists, self.artists), rows])

    def unread(self, text: str) -> str | None:
        """Which pieces are read of a text that holds more than fit between both marks."""
        n, fit = len(WordPiece(self._known()[1]).ids(text)), self.max_length - 2
        return f"the first {fit} of {n} pieces of words are read" if n > fit else None

    def model_shape(self, example: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ARG002
        """Pieces of a text, what the network is large by, and ids of artists where the artist is an input."""
        return self.max_length, *self._known()[0], *((len(self.artists) + 1,) if self.artist else ())

    def _known(self) -> tuple[BertSize, tuple[str, ...]]:
        if self.size is None:
            raise ModelError("these pieces are of no network yet: it is opened in a training")
        return self.size, self.vocabulary

    def _settings(self) -> Sequence[str]:
        return [key for key in self.__struct_fields__ if key not in LEARNED]


def piece_features(
    *,
    section_marks: bool = False,
    punctuation: bool = True,
    repeated_lines: bool = True,
    artist: bool = False,
    model: str = MINILM.name,
    max_length: int = 128,
) -> Pieces:
    """The settings of a recipe. Raises UsageError for values that cannot be."""
    given: dict[str, Any] = dict(locals())
    try:
        return msgspec.convert(given, Pieces)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error
