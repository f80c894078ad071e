"""A study's comparison on paper, set by Typst: the same figures and drawings as on the page."""

from __future__ import annotations

import re
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import matplotlib as mpl
import msgspec

from earmark.errors import need
from earmark.report.growth_chart import Mark
from earmark.report.pages import figure, macro, percent
from earmark.report.run_page import matrix
from earmark.report.study_page import StudyPage, View, minutes, p_value, points, size, span, title, views_of

EPOCH = 0  # seconds since 1970 given as the time of making, so that the same study gives the same bytes


def render_study_pdf(*pages: StudyPage) -> bytes:
    """The comparison as a PDF (A4); the same bytes for the same input. Raises UsageError where Typst is missing."""
    typst = need("typst", extra="pdf", purpose="a study as PDF")
    views = views_of(pages)
    drawings = [_drawings(seen, number) for number, seen in enumerate(views)]
    told = {
        "title": title(views),
        "size": size(views),
        "tables": [_said(seen, [*drawn]) for seen, drawn in zip(views, drawings, strict=True)],
    }
    with tempfile.TemporaryDirectory() as name, as_file(files("earmark.report") / "templates") as templates:
        folder = Path(name)
        for drawing, svg in (pair for drawn in drawings for pair in drawn.items()):
            (folder / drawing).write_text(svg, encoding="utf-8")
        (folder / "study.json").write_bytes(msgspec.json.encode(told))
        (folder / "study.typ").write_bytes((templates / "study.typ").read_bytes())
        pdf: bytes = typst.Compiler(
            folder / "study.typ", font_paths=[Path(mpl.get_data_path()) / "fonts" / "ttf"], ignore_system_fonts=True
        ).compile(format="pdf", timestamp=EPOCH)
    return pdf


def _drawings(seen: View, number: int) -> dict[str, str]:
    """File name → SVG, with the colours of the light page written out."""
    charts: dict[str, tuple[str, Any]] = {f"dots-{number}.svg": ("dot_plot", seen.dots)}
    charts |= {f"cost-{number}-{i}.svg": ("scatter", chart) for i, chart in enumerate(seen.costs)}
    if seen.growth is not None:
        charts[f"growth-{number}.svg"] = ("growth", seen.growth)
    charts |= {f"curves-{number}-{i}.svg": ("curves", chart) for i, chart in enumerate(seen.curves)}
    style = f"<style>.chart {{ font-family: 'DejaVu Sans'; }}\n{_style()}</style>"
    return {
        name: re.sub(r"(<svg[^>]*>)", lambda opening: opening[1] + style, macro("charts.html", drawing)(chart), count=1)
        for name, (drawing, chart) in charts.items()
    }


def _style() -> str:
    templates = files("earmark.report") / "templates"
    page, charts = ((templates / name).read_text(encoding="utf-8") for name in ("style.css", "charts.css"))
    light = [re.findall(r":root \{(.*?)\}", css, re.S)[0] for css in (page, charts)]
    colours = dict(re.findall(r"--([\w-]+):\s*([^;]+);", "".join(light)))
    rules = charts[charts.index(".chart") :]
    return re.sub(r"var\(--([\w-]+)\)", lambda name: colours[name[1]], rules)


def _said(seen: View, drawings: list[str]) -> dict[str, Any]:
    return {
        "data": seen.page.data,
        "genre": seen.page.wording.genre,
        "warnings": seen.warnings,
        "judged": "; ".join(seen.judged),
        "ranking_note": seen.ranking_note,
        "ranking": [
            {
                "rank": str(row.rank),
                "name": row.contender.name,
                "accuracy": percent(row.accuracy.value),
                "interval": span(row.accuracy),
                "trainings": row.trainings,
                "split": seen.kinds.get(row.contender.name, ""),
                "figures": [
                    percent(row.contender.mean("macro_f1")),
                    percent(row.contender.calibration_error),
                    f"{row.contender.mean('parameters'):,.0f}",
                    minutes(row.contender.mean("minutes")),
                    figure(row.contender.mean("epochs"), 0),
                ],
            }
            for row in seen.rows
        ],
        "remarks": [*([f"Split: {'; '.join(seen.splits)}."] if seen.splits else []), *seen.page.remarks],
        "dots_note": f"Dots: the accuracy; marks below: {'the folds' if seen.folds else 'the seeds'}; lines: "
        f"the {percent(seen.page.level, 0)} interval over {seen.others}. Numbers are ranks.",
        "dots": next(name for name in drawings if name.startswith("dots")),
        "costs": [name for name in drawings if name.startswith("cost")],
        "joined": seen.joined,
        "curves": [name for name in drawings if name.startswith("curves")],
        "growth": _growth(seen, next((name for name in drawings if name.startswith("growth")), "")),
        "differences_note": seen.differences_note,
        "differences": [
            [
                str(seen.rank(pair.first)),
                pair.first,
                points(pair.difference.value),
                f"{points(pair.difference.low)} to {points(pair.difference.high)}",
                p_value(pair.p_holm),
                str(pair.only_first),
                str(pair.only_second),
                p_value(pair.mcnemar_holm),
            ]
            for pair in seen.against_best
        ],
        "confusions": [
            {
                "name": f"{row.rank} {row.contender.name}",
                "genres": [genre.genre for genre in scores.genres],
                "rows": [[100 * cell.share for cell in cells] for _, cells in matrix(scores)],
            }
            for row, scores in seen.confused
        ],
        "recipes": [
            {
                "name": f"{row.rank} {row.contender.name}",
                "digest": row.contender.digest,
                "rationale": row.contender.rationale or "no rationale given",
            }
            for row in seen.rows
        ],
    }


def _growth(seen: View, drawing: str) -> dict[str, Any] | None:
    if seen.growth is None:
        return None
    marks = [(line.name, [line.marks.get(amount) for amount in seen.growth.amounts]) for line in seen.growth.lines]
    return {
        "drawing": drawing,
        "note": f"{seen.growth_note} Lines in the order of the table: solid ones first, then dashed.",
        "unit": seen.growth.unit,
        "amounts": [figure(amount, 0) for amount in seen.growth.amounts],
        "rows": [[name, *("" if mark is None else _mark(mark) for mark in stands)] for name, stands in marks],
    }


def _mark(mark: Mark) -> str:
    told = f"{percent(mark.score.value)} ({span(mark.score)})"
    if mark.gain is None:
        return told
    gap = mark.gain.difference
    return f"{told}\n{points(gap.value)} ({points(gap.low)} to {points(gap.high)}), p {p_value(mark.gain.p_holm)}"
