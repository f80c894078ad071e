"""Lyrics as they are found on pages and in files, made plain: lines of words and nothing else."""

from __future__ import annotations

import html
import re
import unicodedata

from earmark.text.words import between_words

LINE_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|h[1-6]|tr|blockquote)\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-z][^<>]*>|<![^<>]*>", re.IGNORECASE)
SECTION_MARK = re.compile(r"\[[^\[\]\n]{0,80}\]")  # [Verse 1: Nina Simone], [?]
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufeff\u200b\u2060]")
TWO_BLANKS, FOUR_BLANKS = re.compile(r"[^\S\n]{2,}"), re.compile(r"[^\S\n]{4,}")
BLANKS, EMPTY_LINES = re.compile(r"[^\S\n]+"), re.compile(r"\n{3,}")


def clean(text: str, *, section_marks: bool = False, punctuation: bool = True, repeated_lines: bool = True) -> str:
    """The words of a song, a line each; an empty line separates stanzas. Empty where there are none.

    Tags of HTML go, or become line ends; entities become what they stand for. In a text without line ends two blanks
    are one, and four a new stanza. Letters with accents are composed (NFC).

    section_marks   keep what stands in square brackets: [Chorus]
    punctuation     keep what is neither letter, digit nor blank
    repeated_lines  keep a line that stands there already, whatever its case

    >>> clean("<p>Ol&aacute;<br>Bahia!</p>")
    'Olá\\nBahia!'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "<" in text:
        text = TAG.sub(" ", LINE_TAG.sub("\n", text))
    text = INVISIBLE.sub(" ", unicodedata.normalize("NFC", html.unescape(text)))
    if "\n" not in text.strip():
        text = TWO_BLANKS.sub("\n", FOUR_BLANKS.sub("\n\n", text.strip()))
    if not section_marks:
        text = SECTION_MARK.sub("", text)
    if not punctuation:
        text = between_words().sub(" ", text)
    lines = [BLANKS.sub(" ", line).strip() for line in text.split("\n")]
    if not repeated_lines:
        lines = _each_once(lines)
    return EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _each_once(lines: list[str]) -> list[str]:
    seen: set[str] = set()
    kept = []
    for line in lines:
        if not line or line.casefold() not in seen:
            kept.append(line)
        seen.add(line.casefold())
    return kept
