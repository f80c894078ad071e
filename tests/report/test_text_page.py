"""The page behind the answer to a song's text."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.classifier.answer import Answer
from earmark.classifier.occlusion import TextExplanation
from earmark.report.text_page import render_text_explanation, shaded


@pytest.fixture
def explanation() -> TextExplanation:
    """A song that is gospel for two of its words, against one."""
    likely = np.array([0.7, 0.2, 0.1])
    return TextExplanation(
        classifier="mine",
        answer=Answer("songs/a <b>.txt", ("gospel", "samba", "axe"), likely, np.zeros(1), likely[None], 0.8),
        second="samba",
        log_odds=1.25,
        text="Deus, <i>roda</i>\n\nfé de Deus",
        words={"deus": 2.0, "i roda i": -1.0, "fé": 0.5, "de": 0.001},
        artist=("Padre <Zé>", 1.5),
        telling={"gospel": ("senhor", "deus"), "samba": ("roda",)},
        trained_on="songs",
        lacks=("nothing else is known",),
    )


def test_words_are_coloured_by_what_they_decided(explanation: TextExplanation) -> None:
    pieces = shaded(explanation)
    assert "".join(piece.text for piece in pieces) == explanation.text
    assert [(p.text, p.strength, p.against) for p in pieces if p.strength] == [
        ("Deus,", 100, False),
        ("<i>roda</i>", 50, True),
        ("fé", 25, False),
        ("Deus", 100, False),
    ]


def test_the_page_shows_the_text_and_is_one_file(explanation: TextExplanation, read) -> None:
    html = render_text_explanation(explanation)
    page = read(html)
    assert "a <b>.txt" in page.text
    assert "Unsure: no genre reaches the 80" in page.text
    assert "before samba; the odds are 3.5 to 1" in page.text
    words, genres = page.tables
    assert words[1:3] == [["deus", "gospel", "×\u202f7.4"], ["i roda i", "samba", "÷\u202f2.7"]]
    assert [row[0] for row in genres[1:]] == ["gospel", "samba", "axe"]
    assert "with Padre <Zé> named, the odds of gospel against samba are those without a name × 4.5." in page.text
    assert "these speak most for gospel: senhor, deus." in page.text
    assert "Nothing else is known." in page.text
    assert "<i>roda" not in html
    assert "http" not in html.replace('http-equiv="Content', "")
    assert render_text_explanation(explanation) == html
