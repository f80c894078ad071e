"""Shapes a model takes, and the one line that refuses another."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from torch import Tensor

from earmark.errors import ModelError

Input = Literal["numbers", "words", "pieces", "texts"]
"""What a model is fed: arrays of numbers, rows of word ids or of pieces of words, or the texts themselves."""


def input_of(model: Any) -> Input:
    """What a model of the catalog is fed, which its `takes` says; numbers where it says nothing."""
    taken: Input = getattr(model, "takes", "numbers")
    return taken


def written(shape: tuple[int, ...]) -> str:
    """`"80 × 80"`."""
    return " × ".join(str(size) for size in shape)


def bands_and_frames(model: str, shape: tuple[int, ...], *, least: tuple[int, int]) -> tuple[int, int]:
    """The bands and frames of `shape`. Raises ModelError where it is no picture of at least `least` bands × frames."""
    if len(shape) != 2:
        raise ModelError(f"{model} takes examples of bands × frames, at least {written(least)}, not {written(shape)}")
    bands, frames = shape
    if bands < least[0] or frames < least[1]:
        raise ModelError(
            f"{model} needs examples of at least {written(least)} (bands × frames), not {written(shape)}; "
            "cut longer clips or take more bands"
        )
    return bands, frames


def picture_size(model: str, shape: tuple[int, ...], *, least: tuple[int, int]) -> tuple[int, int, int]:
    """Channels, height and width of `shape`; bands × frames are a picture of one channel.

    Raises ModelError where it is no picture of at least `least` height × width.
    """
    channels, *size = shape if len(shape) == 3 else (1, *shape)
    if len(size) != 2 or channels < 1:
        raise ModelError(
            f"{model} takes pictures of channels × height × width, or bands × frames, at least {written(least)}, "
            f"not {written(shape)}"
        )
    height, width = size
    if height < least[0] or width < least[1]:
        raise ModelError(
            f"{model} needs pictures of at least {written(least)} (height × width), not {written(shape)}; "
            "make them larger, or cut longer clips"
        )
    return channels, height, width


class WordShape(NamedTuple):
    """What a network that reads word ids is built for.

    length   words of a text: an example is so many ids, with the artist's id before them where `artists` is not 0
    words    ids of words: 0 fills up, 1 is any unknown word
    artists  ids of artists: 0 is any unknown one; none where the artist is no input
    """

    length: int
    words: int
    artists: int

    @property
    def row(self) -> int:
        """Ids of one example."""
        return self.length + (self.artists > 0)


def word_shape(model: str, shape: tuple[int, ...]) -> WordShape:
    """`shape` by its names. Raises ModelError where it is not that of the features `words`."""
    if len(shape) != 3 or shape[0] < 1 or shape[1] < 2 or shape[2] < 0:
        raise ModelError(
            f"{model} reads word ids, of at least 1 × 2 × 0 (length × words × artists), not {written(shape)}; "
            "set features.name = 'words'"
        )
    return WordShape(*shape)


def refuse_other_shape(model: str, x: Tensor, shape: tuple[int, ...]) -> None:
    """Raise ModelError where the examples of batch `x` are not of `shape`, which the model was built for."""
    if x.shape[1:] != shape:
        raise ModelError(
            f"this {model} was built for examples of {written(shape)}, the batch holds {written(tuple(x.shape[1:]))}; "
            "use the features it was trained with"
        )
