"""Words of any script."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

# Written without blanks, each of these is a word of its own: Hiragana, Katakana, and the Han characters.
ALONE = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
JOINERS = r"\u200c\u200d"  # which Persian and the scripts of India write inside words
APOSTROPHES = "'’ʼ"
BEYOND_LATIN = re.compile(r"[^\x00-\u02ff\u2010-\u2060]")
LETTER = r"[^\W_ʼ]"  # that apostrophe counts as a letter to Python
LATIN_WORD = re.compile(rf"{LETTER}+(?:[{APOSTROPHES}]{LETTER}+)*")  # as the pattern of all scripts, in half the time


def words(text: str, *, lower: bool = True) -> list[str]:
    """The words of a text in their order: runs of letters, digits and the marks on them, with inner apostrophes.

    Han characters and kana are words of one character; Thai, Lao and Khmer, which leave no blanks either, come as the
    runs they are written in. Emoji and punctuation are no words.

    >>> words("Don't stop, 愛!")
    ["don't", 'stop', '愛']
    """
    text = text.lower() if lower else text
    found = (_word() if BEYOND_LATIN.search(text) else LATIN_WORD).findall(text)
    return [word.replace("’", "'").replace("ʼ", "'") for word in found] if "’" in text or "ʼ" in text else found


def has_words(text: str) -> bool:
    """Whether there is any word in a text."""
    return _word().search(text) is not None


@cache
def _word() -> re.Pattern[str]:
    letter = rf"[^\W_ʼ{ALONE}]"
    inside = rf"(?:{letter}|[{_marks()}{JOINERS}])"
    return re.compile(rf"[{ALONE}]|{letter}{inside}*(?:[{APOSTROPHES}]{letter}{inside}*)*")


@cache
def between_words() -> re.Pattern[str]:
    """What stands between words, but for blanks and line ends: punctuation, symbols, emoji."""
    return re.compile(rf"(?<!\w)[{APOSTROPHES}]|[{APOSTROPHES}](?!\w)|_|[^\w\s{ALONE}{_marks()}{JOINERS}{APOSTROPHES}]")


@cache
def _marks() -> str:
    """A class of regular expressions for the combining marks, which Python's `\\w` leaves out."""
    ranges: list[list[int]] = []
    for code in range(0x300, min(sys.maxunicode, 0x1FFFF)):
        if unicodedata.category(chr(code)) in ("Mn", "Mc"):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
