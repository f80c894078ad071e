"""In which language a text is, and which of its words say nothing."""

from __future__ import annotations

from functools import cache

from earmark.errors import UsageError, nearest, need

EXTRA = "lyrics"
BEGINNING = 1000  # characters, which tell it as well as all


def detect_language(text: str) -> str:
    """The likeliest language of a text, by its ISO 639-1 code: `pt`.

    Raises UsageError where the extra that tells languages is not installed.
    Source: Lui & Baldwin 2012, "langid.py: an off-the-shelf language identification tool", ACL.
    """
    language: str = need("py3langid", extra=EXTRA, purpose="telling a text's language").classify(text[:BEGINNING])[0]
    return language


@cache
def stop_words(language: str) -> frozenset[str]:
    """The words of a language, by its ISO 639-1 code, that say little: `o`, `de`, `que`.

    Raises UsageError for a language that there is no list of, or where the extra is not installed.
    """
    lists = need("stop_words", extra=EXTRA, purpose="leaving out stop words")
    if language not in lists.LANGUAGE_MAPPING:
        known = sorted(lists.LANGUAGE_MAPPING)
        raise UsageError(f"no stop words of {language!r}{nearest(language, known)}; known: {', '.join(known)}")
    return frozenset(word.casefold() for word in lists.get_stop_words(language))
