"""The page says how far to trust a probability, and its charts and tables agree with counting."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from earmark.evaluation.calibration import risk_coverage
from earmark.evaluation.scores import Bin
from earmark.report.confidence import THRESHOLDS, choices, confidence_of, reliability_chart, risk_chart
from earmark.report.pages import percent
from earmark.report.run_page import render_run


@pytest.fixture
def curve(rng):
    sureness = rng.random(3000)
    return risk_coverage(sureness, rng.random(3000) < sureness)


def places(points):
    return np.array([[float(value) for value in point.split(",")] for point in points.split()])


def test_true_probabilities_lie_on_the_line_they_are_compared_with():
    chart = reliability_chart([Bin(n, p, p) for n, p in ((1, 0.2), (50, 0.5), (200, 0.9))])
    x1, y1, x2, y2 = chart.reference
    for x, y, _ in chart.dots:
        assert (y - y1) / (y2 - y1) == pytest.approx((x - x1) / (x2 - x1), abs=0.002)
    assert all(start == end for _, start, end in chart.gaps)
    radii = [radius for *_, radius in chart.dots]
    assert radii[0] < radii[1] == pytest.approx(radii[2] / 2, abs=0.06)


def test_an_answer_that_is_too_sure_lies_below_the_line():
    chart = reliability_chart([Bin(10, 0.9, 0.4)])
    [(x, y, _)] = chart.dots
    assert y > chart.y.at(0.9)  # downwards in SVG
    assert (x, y) == (chart.x.at(0.9), chart.y.at(0.4))
    assert chart.gaps == ((x, chart.y.at(0.9), y),)


def test_the_risk_is_drawn_from_the_surest_answer_to_all(curve):
    chart = risk_chart(curve)
    drawn = places(chart.points)
    assert len(drawn) <= 201
    assert (np.diff(drawn[:, 0]) >= 0).all()
    assert drawn[-1].tolist() == [chart.x.at(1), chart.y.at(curve.risk[-1])] == list(chart.dots[0][:2])
    assert drawn[0].tolist() == [chart.x.at(curve.coverage[0]), chart.y.at(curve.risk[0])]
    assert chart.reference[1] == chart.reference[3] == drawn[-1][1]
    assert chart.y.end <= drawn[:, 1].min() <= drawn[:, 1].max() <= chart.y.start


def test_a_classifier_without_mistakes_has_a_chart_too():
    chart = risk_chart(risk_coverage(np.array([0.9, 0.8]), np.array([True, True])))
    assert {y for _, y in places(chart.points)} == {chart.y.start}


def test_thresholds_are_told_with_the_least_that_reach_an_accuracy(curve):
    found = choices(curve)
    assert [c.kept.threshold for c in found if c.reaches is None] == list(THRESHOLDS)
    reaching = {c.reaches: c.kept for c in found if c.reaches is not None}
    assert set(reaching) >= {0.9, 0.95}
    for accuracy, kept in reaching.items():
        assert kept.accuracy >= accuracy > curve.kept(kept.threshold - 0.001).accuracy
    assert [c.kept.threshold for c in found] == sorted(c.kept.threshold for c in found)
    always_right = risk_coverage(np.array([0.9, 0.8]), np.array([True, True]))
    assert [c.reaches for c in choices(always_right)] == [None] * len(THRESHOLDS)


def test_the_page_tells_error_chance_and_what_a_threshold_keeps(make_page, read):
    page = make_page(calibrated_on="18 tracks of the validation part", calibrated_on_it=True)
    scores = page.evaluations[0].by_track
    found = scores.calibration
    warm = msgspec.structs.replace(found, temperature=1.8, ece_before=0.25)
    evaluation = msgspec.structs.replace(
        page.evaluations[0], by_track=msgspec.structs.replace(scores, calibration=warm)
    )
    seen = read(render_run(replace(page, evaluations=[evaluation])))
    for sentence in (
        f"is {100 * found.ece:.1f} points off in the mean over 30 tracks (expected calibration error)",
        f"chance alone would show up to {100 * found.ece_by_chance:.1f}.",
        "Calibrated on 18 tracks of the validation part: a temperature of 1.80 divides the logits. "
        "Without it the error would be 25.0 points.",
        "Validation, not test the same tracks set the temperature: expect a larger error on others",
    ):
        assert sentence in seen.text
    songs = page.predictions.by_song()
    sureness, right = songs.probabilities.max(1), songs.guesses == songs.truth
    [kept] = [table for table in seen.tables if table[0][:1] == ["P"]]
    rows = {row[0]: row[1:3] for row in kept[1:]}
    for threshold in THRESHOLDS:
        given = sureness >= threshold
        share = percent(right[given].mean()) if given.any() else "–"
        assert rows[f"{threshold:.3g}"] == [percent(given.mean()), share]
    [bins] = [table for table in seen.tables if table[0][:1] == ["Mean probability"]]
    assert [int(row[2]) for row in bins[1:]] == [each.n for each in found.bins]
    assert sum(each.n for each in found.bins) == 30


@pytest.mark.parametrize(
    ("calibrated_on", "said"),
    [
        (None, "Not calibrated: no temperature was fitted, so the probabilities are as they were trained."),
        ("training tracks that it held out in turn", "Calibrated on training tracks that it held out in turn."),
    ],
)
def test_what_has_no_temperature_says_so(make_page, read, calibrated_on, said):
    text = read(render_run(make_page(calibrated_on=calibrated_on))).text
    assert said in text
    assert "set the temperature" not in text


def test_figures_from_before_there_was_a_calibration_have_no_such_section(make_page, read):
    page = make_page()
    levels = {
        level: msgspec.structs.replace(getattr(page.evaluations[0], level), calibration=None)
        for level in ("by_clip", "by_track")
    }
    older = msgspec.structs.replace(page.evaluations[0], **levels)
    assert confidence_of(older, page.predictions) is None
    text = read(render_run(replace(page, evaluations=[older]))).text
    assert "Confidence" not in text
    assert "Calibration error" not in text


def test_the_charts_lie_in_their_frames(make_page):
    drawn = re.findall(r'<svg[^>]*class="chart".*?</svg>', render_run(make_page()), re.S)
    assert len(drawn) == 2
    for svg in drawn:
        width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
        for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height
