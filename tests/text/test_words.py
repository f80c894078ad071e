"""Words of any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.text.words import between_words, has_words, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't stop, rock'n'roll!", ["don't", "stop", "rock'n'roll"]),
        ("l’amour ’tis", ["l'amour", "tis"]),
        ("não_sei 2x", ["não", "sei", "2x"]),
        ("愛してる love", ["愛", "し", "て", "る", "love"]),
        ("Привет, мир", ["привет", "мир"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("สวัสดีครับ", ["สวัสดีครับ"]),
        ("사랑해 너를", ["사랑해", "너를"]),
        ("🙂 — ...", []),
        ("ʼ tʼes lʼ", ["t'es", "l"]),
        ("", []),
    ],
)
def test_words_of_many_scripts(text: str, found: list[str]) -> None:
    assert words(text) == found
    assert has_words(text) == bool(found)


def test_the_case_stays_where_asked() -> None:
    assert words("Oh Oh", lower=False) == ["Oh", "Oh"]


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF)))
def test_the_faster_pattern_says_the_same(text: str) -> None:
    with_another_script = words(f"{text} Привет", lower=False)
    assert words(text, lower=False) == with_another_script[:-1]


@given(st.text())
def test_what_stands_between_words_is_in_none_of_them(text: str) -> None:
    assert words(between_words().sub(" ", text)) == words(text.replace("_", " "))
