"""How a text is built, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.text.style import NUMBERS, style_numbers

SONG = "Eu canto, amor!\nVem no calor\nEu canto, amor\n\nOLHA SÓ (2x)\nnããão"


def told(text: str) -> dict[str, float]:
    (row,) = style_numbers([text])
    return dict(zip([number.name for number in NUMBERS], row, strict=True))


def test_each_number_has_its_own_name_and_meaning() -> None:
    assert len({number.name for number in NUMBERS}) == len({number.meaning for number in NUMBERS}) == len(NUMBERS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("words", np.log(14)),  # 3 + 3 + 3 + 3 + 1
        ("lines", np.log(6)),
        ("stanzas", np.log(3)),
        ("stanza_lines", 2.5),
        ("line_words", 13 / 5),
        ("line_words_median", 3),
        ("line_words_spread", 0.8),
        ("line_words_most", np.log(4)),
        ("line_characters", (15 + 12 + 14 + 12 + 5) / 5),
        ("word_letters", (2 + 5 + 4 + 3 + 2 + 5 + 2 + 5 + 4 + 4 + 2 + 2 + 5) / 13),
        ("long_words", 0),
        ("new_lines", 4 / 5),
        ("top_line", 2),
        ("line_again", 0),
        ("line_after_next", 1 / 3),
        ("opening_again", 0),
        ("rhyme_pairs", 0),  # mor, lor, mor, 2x, ão: of three letters, not two
        ("rhyme_cross", 1 / 3),
        ("rhyme_embraced", 0),
        ("line_ends", 4 / 5),
        ("richness", 10 / 13),
        ("once", 7 / 13),
        ("top_word", 2 / 13),
        ("word_entropy", -(3 * 2 / 13 * np.log2(2 / 13) + 7 / 13 * np.log2(1 / 13))),
        ("word_again", 0),
        ("repeat_marks", 100 / 13),
        ("stretched", 1 / 13),
        ("capitals", 9 / 44),
        ("capital_lines", 4 / 5),
        ("shouted_lines", 0),  # the x of 2x is small
        ("digits", 100 / len(SONG)),
        ("commas", 200 / len(SONG)),
        ("exclamations", 100 / len(SONG)),
        ("brackets", 200 / len(SONG)),
        ("questions", 0),
    ],
)
def test_counted_by_hand(name: str, value: float) -> None:
    assert told(SONG)[name] == pytest.approx(value)


def test_rhymes_and_repetitions_are_told_apart() -> None:
    pairs, crossed = "la flor\no amor\na flor", "um coração\numa vida\na razão\na ida"
    assert told("o calor\no valor")["rhyme_pairs"] == 1
    assert told(pairs)["rhyme_pairs"] == 0
    assert told(crossed)["rhyme_pairs"] == 0
    assert told("samba\nsamba\nsamba")["line_again"] == 1
    assert told("eu vou\neu sou")["opening_again"] == 1
    assert told("GRITA\nbaixo")["shouted_lines"] == 0.5


@given(st.text())
def test_any_text_gives_finite_numbers(text: str) -> None:
    numbers = style_numbers([text, text])
    assert numbers.shape == (2, len(NUMBERS))
    assert np.isfinite(numbers).all()
    np.testing.assert_array_equal(numbers[0], numbers[1])


def test_no_texts_no_rows() -> None:
    assert style_numbers([]).shape == (0, len(NUMBERS))
