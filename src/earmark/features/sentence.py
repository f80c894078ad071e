"""Texts as what a pretrained sentence network says of them: some numbers each, for `probe`."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.errors import UsageError
from earmark.features.cache import FeatureCache
from earmark.features.plain_text import TextSettings
from earmark.models.shapes import Input
from earmark.pretrained.sentence import MINILM, sentence_network
from earmark.text.texts import Texts

LEAST = 8  # pieces of a stretch: both marks, and something to say


class Sentence(TextSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="sentence"):
    """How cleaned texts become vectors (width,), the same for all trainings; they are kept in the cache.

    model   "minilm": all-MiniLM-L6-v2, 384 numbers; or a folder of sentence-transformers that holds a BERT
    pieces  of words that are read at once, both marks included; the vectors of a text's stretches are averaged

    The artist is no input: nothing here is learned. Raises UsageError for values that cannot be.
    """

    model: str = MINILM.name
    pieces: int = 256

    gives: ClassVar[Input] = "numbers"

    def __post_init__(self) -> None:
        if self.pieces < LEAST:
            raise UsageError(f"features.pieces = {self.pieces} must be {LEAST} or more")
        if self.artist:
            raise UsageError("features 'sentence' are vectors of texts alone; leave features.artist out")

    def encoded(self, texts: Texts) -> NDArray[np.float32]:
        """Vectors (n, width) of n texts, those from the cache that are there.

        Raises UsageError where the network reads fewer pieces at once or is not there, ModelError where it cannot be
        had.
        """
        network = sentence_network(self.model)
        if self.pieces > network.longest:
            raise UsageError(f"features.pieces = {self.pieces}: {self.model} reads at most {network.longest} at once")
        cache = FeatureCache()

        def vector(text: str) -> NDArray[Any]:
            digest = blake2b(text.encode(), digest_size=16).hexdigest()
            key = f"sentence {network.fingerprint} {self.pieces} {digest}"
            return cache.array(key, lambda: network.vector(text, most=self.pieces))

        return np.stack([vector(text) for text in texts.words])


def sentence_features(
    *,
    section_marks: bool = False,
    punctuation: bool = True,
    repeated_lines: bool = True,
    model: str = MINILM.name,
    pieces: int = 256,
) -> Sentence:
    """The settings of a recipe. Raises UsageError for values that cannot be."""
    given: dict[str, Any] = dict(locals())
    try:
        return msgspec.convert(given, Sentence)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error
