"""What is behind an answer, as a page: genres, their course, what speaks for the first, and the nearest tracks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.classifier.explanation import Explanation
from earmark.features.musicnn import PATCH_SECONDS
from earmark.models.musicnn import TAGS
from earmark.report.pages import NONE, THIN, percent, render

COLOURS = 4  # genres with a colour of their own along the track
MOST_GENRES, LEAST_SHOWN = 12, 0.005  # rows, and what would read 0 %
MOST_TAGS, MOST_PARTS = 8, 10
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)  # seconds from one mark of the axis to the next
MOST_MARKS = 6  # that a phone has room for
MOST_ODDS = 1e6  # beyond which figures say no more


@dataclass(frozen=True)
class Part:
    """What one genre has of a column, in per cent from the top."""

    colour: str
    top: float
    high: float


@dataclass(frozen=True)
class Column:
    """One stretch, in per cent of the track; `named` is the colour of its genre where that is likely enough."""

    at: float
    wide: float
    parts: tuple[Part, ...]
    named: str | None
    from_to: str
    said: str


@dataclass(frozen=True)
class Lane:
    """One tag along the track: its bars (at, wide, high) in per cent of the track and of the highest bar of all."""

    tag: str
    mean: float
    bars: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Pull:
    """What multiplies the odds. Its bar goes from `low` to `high`; to the right of 50 it speaks for the first genre."""

    name: str
    detail: str
    heard: float | None
    factor: str
    low: float
    high: float


def render_explanation(explanation: Explanation) -> str:
    """The page as one HTML file that needs no network; the same bytes for the same explanation."""
    ranked = explanation.answer.ranked()
    shown = [entry for entry in ranked[:MOST_GENRES] if entry[1] >= LEAST_SHOWN]
    source = Path(explanation.answer.source)
    key = _colours(explanation)
    html = render(
        "explain.html",
        name=source.name,
        folder="" if source.parent == Path() else str(source.parent),
        genres=shown,
        others=(len(ranked) - len(shown), 1 - sum(p for _, p in shown)),
        key=key,
        columns=_columns(explanation, key) if len(explanation.spans) > 1 else (),
        **_reasons(explanation),
    )
    return html.encode("utf-8", "backslashreplace").decode()


def render_reasons(explanation: Explanation) -> str:
    """What speaks for the first genre, the tags heard, the nearest tracks and the classifier: sections for a page."""
    return render("explain_reasons.html", **_reasons(explanation)).encode("utf-8", "backslashreplace").decode()


def _reasons(explanation: Explanation) -> dict[str, Any]:
    return {
        "e": explanation,
        "marks": _marks(float(explanation.spans[-1, 1])),
        "lanes": _lanes(explanation),
        "highest": max(_shown_tags(explanation).max(initial=0.0), LEAST_SHOWN),
        "gaps": _gaps(explanation),
        "odds": odds(explanation.log_odds),
        "voices": _bars([(v.voice, v.hears, None, v.log_odds) for v in explanation.evidence]),
        "pulls": _pulls(explanation),
    }


def clock(seconds: float) -> str:
    """83.4 → "1:23"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def factor(logarithm: float) -> str:
    """By what odds are multiplied or divided: 0.693 → "× 2.0", -0.693 → "÷ 2.0"."""
    return f"{'×' if logarithm >= 0 else '÷'}{THIN}{_size(logarithm)}"


def odds(logarithm: float) -> str:
    """1.335 → "3.8 to 1", -1.335 → "1 to 3.8"."""
    return f"{_size(logarithm)} to 1" if logarithm >= 0 else f"1 to {_size(logarithm)}"


def _size(logarithm: float) -> str:
    size = math.exp(min(abs(logarithm), math.log(MOST_ODDS)))
    return f"{size:.1f}" if size < 10 else f"{size:,.0f}"


def _colours(explanation: Explanation) -> dict[str, str]:
    """The genres that have most of the track, by their class; the first of all has the first."""
    answer = explanation.answer
    most = np.argsort(-np.square(answer.over_time).mean(0), kind="stable")
    order = dict.fromkeys([answer.genre, *(answer.genres[place] for place in most)])
    return {genre: f"g{place}" for place, genre in enumerate(order, start=1) if place <= COLOURS}


def _columns(explanation: Explanation, key: dict[str, str]) -> tuple[Column, ...]:
    answer, length = explanation.answer, float(explanation.spans[-1, 1])
    columns = []
    verdicts = answer.verdicts_over_time
    for (begin, end), row, verdict in zip(explanation.spans.tolist(), answer.over_time, verdicts, strict=True):
        of = dict(zip(answer.genres, row.tolist(), strict=True))
        top, parts = 0.0, []
        for genre, colour in key.items():
            parts.append(Part(colour, round(100 * top, 2), round(100 * of[genre], 2)))
            top += of[genre]
        first = max(of, key=of.__getitem__)
        likely = ", ".join(f"{g} {percent(p, 0)}" for g, p in sorted(of.items(), key=lambda e: -e[1])[:3])
        columns.append(
            Column(
                at=round(100 * begin / length, 3),
                wide=round(100 * (end - begin) / length, 3),
                parts=tuple(parts),
                named=key.get(first, "rest") if verdict == "music" else None,
                from_to=f"{clock(begin)}{NONE}{clock(end)}",
                said=likely if verdict == "music" else f"{verdict}: {likely}",
            )
        )
    return tuple(columns)


def _marks(length: float) -> tuple[tuple[float, str], ...]:
    """Round times along the track, in per cent of it."""
    step = next((step for step in STEPS if length / step <= MOST_MARKS), STEPS[-1])
    times = np.arange(0, length, step).tolist()
    return tuple((round(100 * time / length, 3), clock(time)) for time in times if time < 0.97 * length)


def _shown_tags(explanation: Explanation) -> NDArray[np.float64]:
    """Probabilities (patches, tags) of the tags that are heard most, in their order."""
    if explanation.taggram is None:
        return np.zeros((0, 0))
    places = [TAGS.index(tag) for tag in list(explanation.tags)[:MOST_TAGS]]
    return explanation.taggram.tags[:, places].astype(np.float64)


def _lanes(explanation: Explanation) -> tuple[Lane, ...]:
    if explanation.taggram is None:
        return ()
    length = float(explanation.spans[-1, 1])
    within = explanation.taggram.starts < length  # what is shorter than a clip is heard over and over
    at, rows = explanation.taggram.starts[within] / length, _shown_tags(explanation)[within]
    wide = np.minimum(PATCH_SECONDS / length, 1 - at)
    high = rows / max(rows.max(), LEAST_SHOWN)
    return tuple(
        Lane(tag, mean, tuple(zip(*np.round(100 * np.array([at, wide, high[:, i]]), 2).tolist(), strict=True)))
        for i, (tag, mean) in enumerate(list(explanation.tags.items())[:MOST_TAGS])
    )


def _gaps(explanation: Explanation) -> bool:
    """Whether the tags pass over parts of the track."""
    if explanation.taggram is None:
        return False
    return bool(np.any(np.diff(explanation.taggram.starts) > 1.5 * PATCH_SECONDS))


def _pulls(explanation: Explanation) -> tuple[Pull, ...]:
    """What speaks most for the first genre or against it, over all voices."""
    every = [
        (name.replace("_", " "), evidence.voice, explanation.tags.get(name), logarithm)
        for evidence in explanation.evidence
        for name, logarithm in evidence.parts.items()
    ]
    return _bars(sorted(every, key=lambda pull: -abs(pull[3]))[:MOST_PARTS])


def _bars(pulls: list[tuple[str, str, float | None, float]]) -> tuple[Pull, ...]:
    longest = max((abs(logarithm) for *_, logarithm in pulls), default=1.0) or 1.0
    return tuple(
        Pull(
            name,
            detail,
            heard,
            factor(logarithm),
            round(50 + 50 * min(logarithm, 0) / longest, 1),
            round(50 + 50 * max(logarithm, 0) / longest, 1),
        )
        for name, detail, heard, logarithm in pulls
    )
