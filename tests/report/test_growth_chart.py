"""Lines of a study: where their marks stand, and what they are compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_study import made_up_study

from earmark.errors import UsageError
from earmark.recipe import StudySettings
from earmark.report.growth_chart import growth_chart
from earmark.report.pages import percent
from earmark.report.study_page import p_value, points, render_study, span, view
from earmark.report.study_pdf import render_study_pdf

PLACES = [
    ("anew", 10.0, True), ("anew", 100.0, True), ("tuned", 10.0, False), ("tuned", 100.0, False), ("held", 10.0, False)
]  # fmt: skip


@pytest.fixture(scope="module")
def lined():
    """Five recipes on three lines, of which one has nothing at the larger amount, and a sixth on none."""
    page = made_up_study(np.random.default_rng(3), songs=60, clips=1, seeds=2)
    placed = [
        replace(c, study=StudySettings(line=line, amount=amount, unit="songs a genre", baseline=baseline))
        for c, (line, amount, baseline) in zip(page.contenders, PLACES, strict=False)
    ]
    return replace(page, contenders=[*placed, page.contenders[-1]])


def test_marks_stand_at_their_amounts_and_scores(lined):
    chart = view(lined).growth
    assert chart.amounts == (10.0, 100.0)
    assert {(line.name, amount) for line in chart.lines for amount in line.marks} == {p[:2] for p in PLACES}
    marks = [(amount, mark) for line in chart.lines for amount, mark in line.marks.items()]
    assert {mark.x for amount, mark in marks if amount == 10.0} == {chart.x.at(10.0)}
    for _, mark in marks:
        assert mark.score == lined.comparison.accuracy[mark.name]
        assert (mark.y, mark.low, mark.high) == tuple(
            chart.y.at(v) for v in (mark.score.value, mark.score.low, mark.score.high)
        )
    best = [max(mark.score.value for mark in line.marks.values()) for line in chart.lines]
    assert best == sorted(best, reverse=True)


def test_gains_are_over_the_baseline_at_the_same_amount(lined):
    names = {(line, amount): c.name for c, (line, amount, _) in zip(lined.contenders, PLACES, strict=False)}
    for line in view(lined).growth.lines:
        for amount, mark in line.marks.items():
            if line.name == "anew":
                assert mark.gain is None
            else:
                assert mark.gain == lined.comparison.between(names[line.name, amount], names["anew", amount])


def test_page_and_pdf_show_them(lined, read):
    seen = view(lined)
    table = next(t for t in read(render_study(lined)).tables if t[0] == ["songs a genre", "10", "100"])
    for row, line in zip(table[1:], seen.growth.lines, strict=True):
        mark = line.marks[10.0]
        told = f"{percent(mark.score.value)} ({span(mark.score)})"
        if mark.gain is not None:
            gap = mark.gain.difference
            told += f"{points(gap.value)} ({points(gap.low)} to {points(gap.high)}), p {p_value(mark.gain.p_holm)}"
        assert row[:2] == [line.name, told]
    assert [row[2] for row in table if row[0] == "held"] == [""]
    assert render_study_pdf(lined).startswith(b"%PDF")


def test_without_predictions_the_scores_stand_alone(lined):
    chart = view(replace(lined, comparison=None)).growth
    assert [mark.gain for line in chart.lines for mark in line.marks.values()] == [None] * 5


def test_one_amount_makes_no_line(lined):
    scored = [(c.trainings[0].accuracy, c) for c in lined.contenders if c.study.amount == 10.0]
    assert len(scored) == 3
    assert growth_chart(scored, None) is None


@pytest.mark.parametrize("amount", [None, 0.0, -1.0])
def test_a_line_needs_an_amount(amount):
    with pytest.raises(UsageError, match=r"study\.line = 'anew' needs study\.amount, a number above 0"):
        StudySettings(line="anew", amount=amount)
