"""What is behind the answer to a song's text, as a page: the text itself, its words coloured by what they decided."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from earmark.classifier.occlusion import TextExplanation, word_of
from earmark.report.explain_page import factor, odds
from earmark.report.pages import render

TOKEN = re.compile(r"(\s+)")
MOST_WORDS = 12  # rows of the table
FAINT = 0.05  # of the weightiest word: below it there is no colour


@dataclass(frozen=True)
class Shaded:
    """A piece of the text: how strongly it is coloured, in per cent, and whether it speaks for the second genre."""

    text: str
    strength: int
    against: bool
    said: str


def render_text_explanation(explanation: TextExplanation) -> str:
    """The page as one HTML file that needs no network; the same bytes for the same explanation."""
    source = Path(explanation.answer.source)
    html = render(
        "explain_text.html",
        e=explanation,
        name=source.name,
        odds=odds(explanation.log_odds),
        pieces=shaded(explanation),
        artist=None if explanation.artist is None else (explanation.artist[0], factor(explanation.artist[1])),
        words=[(word, factor(size), size < 0) for word, size in list(explanation.words.items())[:MOST_WORDS]],
    )
    return html.encode("utf-8", "backslashreplace").decode()


def shaded(explanation: TextExplanation) -> tuple[Shaded, ...]:
    """The text in pieces, words and what stands between them; together they are the text."""
    most = max(map(abs, explanation.words.values()), default=0.0)
    pieces = []
    for token in TOKEN.split(explanation.text):
        size = explanation.words.get(word_of(token), 0.0)
        if most > 0 and abs(size) >= FAINT * most:
            pieces.append(Shaded(token, round(100 * abs(size) / most), size < 0, factor(size)))
        elif token:
            pieces.append(Shaded(token, 0, False, ""))
    return tuple(pieces)
