"""Lyrics as pages and files hold them become lines of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.text.cleaning import clean


@pytest.mark.parametrize(
    ("found", "cleaned"),
    [
        ('<div id="lyrics">Ah, que bom<br/>Bem-vindo<BR>a Salvador</div>', "Ah, que bom\nBem-vindo\na Salvador"),
        ("Rock &amp; roll &lt;3 &eacute;", "Rock & roll <3 é"),
        ("I <3 you", "I <3 you"),
        ("<!-- menu --><p>one</p><p>two</p>", "one\n\ntwo"),
        ("[Verse 1: Nina]\nBirds\n[Chorus]\nfly", "Birds\n\nfly"),
        ("what [?] is", "what is"),
        ("uma linha  outra    nova estrofe", "uma linha\noutra\n\nnova estrofe"),
        ("two  blanks\nin lines  of their own", "two blanks\nin lines of their own"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("cafe\u0301", "café"),
        ("nothing\x00to\u200bsee\ufeff", "nothing to see"),
        ("  \n ", ""),
        ("[Instrumental]", ""),
        ("", ""),
    ],
)
def test_what_is_no_word_goes(found: str, cleaned: str) -> None:
    assert clean(found) == cleaned


def test_marks_stay_where_asked() -> None:
    assert clean("[Chorus]\nla", section_marks=True) == "[Chorus]\nla"


def test_punctuation_goes_where_asked_and_apostrophes_inside_words_stay() -> None:
    assert clean("It's 'fine' — ok! (2x) não_x 🙂", punctuation=False) == "It's fine ok 2x não x"


def test_a_line_stays_once_where_asked_and_stanzas_stay_apart() -> None:
    assert clean("La la\nOi\nla la\n\nOi\nTchau", repeated_lines=False) == "La la\nOi\n\nTchau"


@given(st.text(), st.booleans(), st.booleans(), st.booleans())
def test_what_is_clean_has_no_blanks_to_spare(text: str, marks: bool, punctuation: bool, repeated: bool) -> None:
    cleaned = clean(text, section_marks=marks, punctuation=punctuation, repeated_lines=repeated)
    assert cleaned == cleaned.strip()
    assert "\n\n\n" not in cleaned
    assert "\0" not in cleaned
    assert all(line == line.strip() for line in cleaned.split("\n"))


@pytest.mark.parametrize("piece", ["<a", "<!--", "[", "  ", "&", "'", "<", " \n"])
def test_a_hostile_megabyte_is_read_like_any_other(piece: str) -> None:
    text = piece * (1_000_000 // len(piece)) + " fim"
    assert clean(text, punctuation=False).endswith("fim")
