"""Languages told apart, and their words that say little."""

from __future__ import annotations

import pytest

from earmark.errors import UsageError
from earmark.text.languages import detect_language, stop_words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Olha só essa gatinha, eu tô ficando arrepiado, ela provoca", "pt"),
        ("My days end best when the sunset gets itself behind", "en"),
        ("Te quiero mucho, corazón, no me dejes nunca más", "es"),
    ],
)
def test_the_language_of_a_song(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_stop_words_are_those_of_the_language() -> None:
    assert {"de", "que", "não"} <= stop_words("pt")
    assert "the" in stop_words("en")
    assert "the" not in stop_words("pt")


def test_a_language_without_a_list_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no stop words of 'tlh'.*known: ar, bg"):
        stop_words("tlh")
