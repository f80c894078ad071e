"""How an artist's name is written, and logistic regression: for artists never heard, too, and nothing of the songs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from earmark.errors import ModelError, UsageError
from earmark.models.estimator import array_of, lines_of_bytes, lines_to_bytes
from earmark.models.regression import fit_regression
from earmark.models.sharpness import Places
from earmark.models.text_estimator import TextEstimator
from earmark.models.text_numbers import Reading
from earmark.text.terms import Counts, Terms, count_pieces, fit_terms

Array = NDArray[np.float64]
PIECES = (1, 5)  # characters
NOT_SPOKEN = re.compile(r"[\W_]+")
NAMELESS = "artist_name reads the artist's name; set features.artist = true"


class ArtistName(TextEstimator["_NameParts"]):
    """How the artist's name is written, and logistic regression: of duos, bands and priests the name tells the genre.

    A name is one number for each piece of 1 to 5 characters within a word of it and the blanks beside it, weighed as in
    `tfidf_svm`; accents, capitals and punctuation do not count, so that `Arlindo Cruz` and `arlindo-cruz` are alike.
    Known are pieces in the names of at least `min_artists` artists. It is learned from artists and not from songs: one
    of n songs counts as the root of n, shared among the genres of them, since the songs all say the same name.

    Of the text nothing is read. No name at all is a name without pieces, and gets what the commonest artists sing.

    Probabilities are sharpened on three folds of artists held out in turn. Nothing is random.

    Input  n texts (features `texts`) of shape (2,), with the artist.
    Output (n, classes) probabilities.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Cavnar & Trenkle 1994, "N-gram-based text categorization", SDAIR, for pieces.
    """

    name: ClassVar[str] = "artist_name"
    example_shape: ClassVar[tuple[int, ...]] = (2,)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        min_artists: int = 2,
        C: float = 2.0,  # noqa: N803 - as everyone calls it
    ) -> None:
        super().__init__(shape, classes)
        if not self.artist:
            raise ModelError(NAMELESS)
        if min_artists < 1 or not C > 0:
            raise UsageError(f"{self.name}: min_artists = {min_artists} must be 1 or more, C = {C:g} above 0")
        self.min_artists = min_artists
        self.C = C

    def learn(self, reading: Reading, y: Places, groups: Places) -> _NameParts:  # noqa: ARG002
        """What the names of n texts teach. Raises ModelError where no piece stands in `min_artists` of them."""
        names = [plain_name(name) for name in _named(reading)]
        songs = Counter(names)
        sung = sorted(Counter(zip(names, y.tolist(), strict=True)).items())
        counts = name_pieces([name for (name, _), _ in sung])
        artists = np.unique([name for (name, _), _ in sung], return_inverse=True)[1]
        pieces = fit_terms(counts, artists, min_groups=self.min_artists, max_terms=len(counts.terms))
        if not pieces.terms:
            raise ModelError(
                f"{self.name}: no piece of a name stands in names of {self.min_artists} artists; set min_artists = 1"
            )
        weights = np.array([found / np.sqrt(songs[name]) for (name, _), found in sung])
        places = np.array([place for (_, place), _ in sung])
        weight, bias = fit_regression(
            pieces.numbers(counts), places, classes=self.classes, C=self.C, weights=weights / weights.mean()
        )
        return _NameParts(pieces, weight, bias)

    def of_state(self, state: Mapping[str, NDArray[Any]]) -> _NameParts:
        terms = lines_of_bytes(self.name, state, "pieces")
        pieces = Terms(terms, array_of(self.name, state, "pieces_idf", (len(terms),)))
        weight = array_of(self.name, state, "weight", (len(terms), self.classes))
        return _NameParts(pieces, weight, array_of(self.name, state, "bias", (self.classes,)))


def plain_name(name: str) -> str:
    """A name's letters and digits in lower case without accents, words a blank apart; of one without any nothing."""
    letters = (sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return NOT_SPOKEN.sub(" ", "".join(letters).casefold()).strip()


def name_pieces(names: list[str]) -> Counts:
    """How often each piece of 1 to 5 characters stands in n plain names."""
    return count_pieces(names, shortest=PIECES[0], longest=PIECES[1])


@dataclass(frozen=True)
class _NameParts:
    """Pieces of names (t,), what each adds to the logits (t, classes), and where these begin (classes,)."""

    pieces: Terms
    weight: Array
    bias: Array

    def decide(self, reading: Reading) -> Array:
        """Logits (n, classes)."""
        counts = name_pieces([plain_name(name) for name in _named(reading)])
        logits: Array = self.pieces.numbers(counts) @ self.weight + self.bias
        return logits

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays."""
        return {
            "pieces": lines_to_bytes(self.pieces.terms),
            "pieces_idf": self.pieces.idf,
            "weight": self.weight,
            "bias": self.bias,
        }


def _named(reading: Reading) -> NDArray[np.object_]:
    if reading.artists is None:
        raise ModelError(NAMELESS)
    return reading.artists
