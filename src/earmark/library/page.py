"""The plan of a tagging as a page, before it is written or after."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from earmark.library.plan import Decision, Outcome, Plan
from earmark.report.pages import render

MOST_ROWS = 2000  # of one outcome: a page of some megabytes, which phones still open


def render_plan(plan: Plan) -> str:
    """The page as one HTML file that needs no network; the same bytes for the same plan.

    Names that are not text are spelt with escapes, as in `song \\udcff.mp3`.
    """
    changed = [decision for decision in plan.decisions if decision.change is not None]
    folder = _common_folder([decision.path for decision in plan.decisions])
    html = render(
        "tagging.html",
        plan=plan,
        counts={outcome.value: n for outcome, n in plan.counts.items()},
        written=plan.counts[Outcome.CHANGED] > 0,
        folder=folder,
        groups={outcome.value: _rows(plan, outcome, folder) for outcome in Outcome},
        most_rows=MOST_ROWS,
        genres_written=_counted(changed),
    )
    return html.encode("utf-8", "backslashreplace").decode()


def _rows(plan: Plan, outcome: Outcome, folder: str) -> list[tuple[Decision, str, str]]:
    """The first decisions of an outcome, with the folder below the common one, and the name."""
    rows: list[tuple[Decision, str, str]] = []
    for decision in plan.decisions:
        if decision.outcome is outcome and len(rows) < MOST_ROWS:
            inside = os.path.relpath(decision.path.parent, folder) if folder else str(decision.path.parent)
            rows.append((decision, "" if inside == "." else inside, decision.path.name))
    return rows


def _common_folder(paths: list[Path]) -> str:
    """The folder that all lie in; empty where there is none."""
    try:
        return os.path.commonpath([path.parent for path in paths])
    except ValueError:  # no files at all, or other drives
        return ""


def _counted(changed: list[Decision]) -> list[tuple[str, int, float]]:
    """Genres that are written, the commonest first: files, and their share of the commonest's."""
    counts = Counter(genre for d in changed if d.change for genre in d.change.new if genre not in d.change.old)
    most = max(counts.values(), default=1)
    return [(genre, n, n / most) for genre, n in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))]
