"""What is behind an answer, for programs: plain structs that become JSON."""

from __future__ import annotations

import msgspec

from earmark.classifier.answer import Verdict
from earmark.classifier.explanation import Explanation

DIGITS = 6


class Stretch(msgspec.Struct, frozen=True, rename={"begin": "from", "end": "to"}):
    """What is said of a part of a track, in seconds."""

    begin: float
    end: float
    verdict: Verdict
    probabilities: dict[str, float]


class Voice(msgspec.Struct, frozen=True):
    """How a voice speaks for the first genre against the second, in logarithms of odds, and of what that is the sum."""

    voice: str
    log_odds: float
    constant: float
    parts: dict[str, float]


class Near(msgspec.Struct, frozen=True):
    """A training track that is like this one."""

    track: str
    genres: tuple[str, ...]
    similarity: float


class Told(msgspec.Struct, frozen=True):
    """What `Explanation` holds, under the same names."""

    file: str
    classifier: str
    note: str | None
    verdict: Verdict
    reason: str | None
    min_confidence: float
    genre: str
    second: str
    probabilities: dict[str, float]
    stretches: tuple[Stretch, ...]
    pieces: tuple[int, int]
    log_odds: float | None
    evidence: tuple[Voice, ...]
    tags: dict[str, float]
    nearest: tuple[Near, ...]
    lacks: tuple[str, ...]


def told(explanation: Explanation) -> Told:
    """An explanation as plain values, rounded."""
    answer = explanation.answer
    stretches = zip(explanation.spans.tolist(), answer.verdicts_over_time, answer.over_time, strict=True)
    return Told(
        file=answer.source,
        classifier=explanation.classifier,
        note=explanation.note,
        verdict=answer.verdict,
        reason=answer.strange,
        min_confidence=answer.min_confidence,
        genre=answer.genre,
        second=explanation.second,
        probabilities=_rounded(dict(answer.ranked())),
        stretches=tuple(
            Stretch(
                round(begin, 3), round(end, 3), verdict, _rounded(dict(zip(answer.genres, row.tolist(), strict=True)))
            )
            for (begin, end), verdict, row in stretches
        ),
        pieces=explanation.pieces,
        log_odds=round(explanation.log_odds, DIGITS) if explanation.evidence else None,
        evidence=tuple(
            Voice(each.voice, round(each.log_odds, DIGITS), round(each.constant, DIGITS), _rounded(each.parts))
            for each in explanation.evidence
        ),
        tags=_rounded(explanation.tags),
        nearest=tuple(Near(near.name, near.genres, round(near.similarity, 4)) for near in explanation.nearest),
        lacks=explanation.lacks,
    )


def _rounded(numbers: dict[str, float]) -> dict[str, float]:
    return {name: round(number, DIGITS) for name, number in numbers.items()}
