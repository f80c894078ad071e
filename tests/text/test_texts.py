"""Texts stand where arrays of examples stand."""

from __future__ import annotations

import numpy as np

from earmark.text.texts import UNKNOWN_ARTIST, Texts


def test_their_shape_says_whether_the_artist_is_with_them() -> None:
    assert Texts.of(["a", "b"]).shape == (2, 1)
    assert Texts.of(["a", "b"], ["Nina", None]).shape == (2, 2)


def test_a_slice_keeps_texts_and_artists_together() -> None:
    texts = Texts.of(["a", "b", "c"], ["x", None, "z"])
    for rows in (slice(1, 3), np.array([1, 2])):
        some = texts[rows]
        assert list(some.words) == ["b", "c"]
        assert some.artists is not None
        assert list(some.artists) == [UNKNOWN_ARTIST, "z"]
    assert len(texts) == 3
    assert texts.ndim == 2
