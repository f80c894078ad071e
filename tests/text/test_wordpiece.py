"""Pieces of words; that they are BERT's is tested with its vocabulary, beside the network."""

from __future__ import annotations

import pytest

from earmark.text.wordpiece import WordPiece

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "able", "a", "##b", ",", "愛"]


def said(text: str) -> list[str]:
    return [PIECES[place] for place in WordPiece(PIECES).ids(text)]


def test_the_longest_known_piece_is_taken_first_and_what_stays_over_makes_a_word_unknown() -> None:
    assert said("unaffable able") == ["un", "##aff", "##able", "able"]
    assert said("Ún,ab") == ["un", ",", "a", "##b"]
    assert said("unx able") == ["[UNK]", "able"]
    assert said("愛愛a") == ["愛", "愛", "a"]
    assert said(" \n\0") == []


def test_a_word_of_more_than_a_hundred_characters_is_unknown() -> None:
    assert said("a" + "b" * 99) == ["a", *["##b"] * 99]
    assert said("a" + "b" * 100) == ["[UNK]"]


def test_pieces_without_the_marks_are_refused() -> None:
    with pytest.raises(KeyError, match=r"\[SEP\]"):
        WordPiece(["[UNK]", "[CLS]", "a"])
