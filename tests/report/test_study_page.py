"""The page of a study: everything it ranks, its charts, its colours, and what it says where runs are gone."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from itertools import combinations
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest
from made_up_study import made_up_study
from test_style import DARK, LIGHT, contrast, rgb

from earmark.report.pages import percent
from earmark.report.study_page import minutes, p_value, points, render_study, span, view
from earmark.report.study_pdf import render_study_pdf
from earmark.wording import PICTURES

CHARTS = (files("earmark.report") / "templates" / "charts.css").read_text()
SERIES = [dict(re.findall(r"--(s\d): (#\w{6});", block)) for block in re.findall(r":root \{(.*?)\}", CHARTS, re.S)]


@pytest.fixture(scope="module")
def six():
    return made_up_study(np.random.default_rng(3))


def flat(text):
    return re.sub(r"\s+", " ", text).strip()


def drawings(html):
    return [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", html, re.S)]


def shapes(svg, kind, name):
    return [e for e in svg.iter() if e.tag.endswith("}" + kind) and re.fullmatch(name, e.get("class", ""))]


def test_the_same_study_gives_the_same_bytes(six):
    assert render_study(six) == render_study(replace(six, contenders=list(reversed(six.contenders))))


def test_the_page_is_whole_and_reaches_for_nothing(six, read):
    page = read(render_study(six))
    assert "script" not in page.tags
    assert [v for v in page.values("src") + page.values("href") if not v.startswith("#")] == []
    assert {v[1:] for v in page.values("href")} <= set(page.values("id"))


def test_a_ring_stands_where_a_training_went_on(six):
    first, *others = six.contenders
    assert "A ring" not in render_study(six)
    went_on = replace(first, trainings=[replace(t, joined_after=5) for t in first.trainings])
    html = render_study(replace(six, contenders=[went_on, *others]))
    assert "A ring stands where finished trainings went on for more epochs." in flat(html)
    [ring] = [ring for svg in drawings(html) for ring in shapes(svg, "circle", r"join s\d")]
    line = next(
        line
        for svg in drawings(html)
        for line in shapes(svg, "polyline", ring.get("class").removeprefix("join "))
        if len(line.get("points").split()) > 2
    )
    assert line.get("points").split()[4] == f"{ring.get('cx')},{ring.get('cy')}"


def test_recipes_are_ranked_by_the_mean_of_their_seeds(six, read):
    ranking = read(render_study(six)).tables[0][1:]
    means = [np.mean([t.accuracy.value for t in c.trainings]) for c in six.contenders]
    order = np.argsort(means)[::-1]
    assert [row[1] for row in ranking] == [six.contenders[i].name for i in order]
    assert [row[0] for row in ranking] == list("123456")
    for row, i in zip(ranking, order, strict=True):
        contender = six.contenders[i]
        accuracy = six.comparison.accuracy[contender.name]
        seeds = [t.accuracy.value for t in contender.trainings]
        assert accuracy.value == pytest.approx(means[i])
        assert flat(row[2]) == flat(
            f"{percent(means[i])} ({span(accuracy)})3 seeds: {100 * min(seeds):.1f}–{percent(max(seeds))}"
        )
        errors = [t.evaluation.headline.calibration.ece for t in contender.trainings]
        assert row[4] == percent(np.mean(errors))
        assert row[5] == f"{contender.trainings[0].parameters:,}"
        assert row[6] == minutes(np.mean([t.minutes for t in contender.trainings]))


def test_what_must_be_said_beside_the_scores_is_said(six, read):
    text = read(render_study(six)).text
    for sentence in (
        "Ranking: validation, over 160 tracks",
        "Leak by clip: clips of one track stand on both sides",
        "Validation, not test the same tracks chose each epoch that was kept",
        "Always guessing the commonest genre would be right for 12.5 %.",
        "Split: gtzan8, by clip, 9600 train / 2400 valid, seed 7.",
        "corrected for 15 pairs after Holm",
        "Why compact_transformer is worth a try.",
    ):
        assert flat(sentence) in text


def test_a_test_without_leaks_warns_of_nothing(read):
    page = made_up_study(np.random.default_rng(3), recipes=2, seeds=1, part="test")
    html = render_study(page)
    assert 'class="leak"' not in html
    assert "Ranking: test, over 160 tracks" in read(html).text


def test_clips_of_unknown_songs_are_called_so(six, read):
    first, *others = six.contenders
    unknown = [
        replace(t, evaluation=msgspec.structs.replace(t.evaluation, by_clip=t.evaluation.by_track, by_track=None))
        for t in first.trainings
    ]
    text = read(render_study(replace(six, contenders=[replace(first, trainings=unknown), *others]))).text
    assert "Songs unknown each clip counts as one: intervals are narrower" in text
    assert "Songs unknown" not in read(render_study(six)).text


def test_recipes_judged_on_different_things_are_called_incomparable(six, read):
    first, *others = six.contenders
    odd = replace(first, trainings=[replace(t, n=80) for t in first.trainings])
    text = read(render_study(replace(six, contenders=[odd, *others], comparison=None))).text
    assert "Not comparable the recipes were not all judged on the same part of one split" in text
    assert "over 80 tracks" in text


def test_synthetic_data_are_called_synthetic(six, read):
    first, *others = six.contenders
    made = msgspec.structs.replace(first.trainings[0].evaluation, synthetic=True)
    odd = replace(first, trainings=[replace(first.trainings[0], evaluation=made), *first.trainings[1:]])
    assert "synthetic data" in read(render_study(replace(six, contenders=[odd, *others]))).text
    assert "synthetic data" not in read(render_study(six)).text


def test_differences_are_those_of_the_comparison(six, read):
    tables = read(render_study(six)).tables
    best, *others = [row.contender.name for row in view(six).rows]
    for row, name in zip(tables[1][1:], others, strict=True):
        pair = six.comparison.between(name, best)
        gap = pair.difference
        assert row[1:] == [
            name, points(gap.value), f"{points(gap.low)} to {points(gap.high)}", p_value(pair.p_holm),
            str(pair.only_first), str(pair.only_second), p_value(pair.mcnemar_holm),
        ]  # fmt: skip
    everyone = [best, *others]
    for row, name in zip(tables[2][1:], everyone, strict=True):
        for cell, other in zip(row[1:], everyone, strict=True):
            pair = None if name == other else six.comparison.between(name, other)
            assert cell == ("–" if pair is None else f"{points(pair.difference.value)}p {p_value(pair.p_holm)}")


def test_confusions_are_of_all_seeds_together(six, read):
    row = view(six).rows[0]
    table = next(t for t in read(render_study(six)).tables if t[0][1:] == list(genres_of(six)))
    summed = sum(np.array(t.evaluation.headline.confusion) for t in row.contender.trainings)
    shares = 100 * summed / summed.sum(1, keepdims=True)
    assert [[float(cell) for cell in cells[1:]] for cells in table[1:]] == [[round(s) for s in r] for r in shares]


def genres_of(page):
    return [genre.genre for genre in page.contenders[0].trainings[0].evaluation.headline.genres]


def test_charts_show_every_recipe_and_every_seed(six):
    dots, minute, parameter, learning, *_ = drawings(render_study(six))
    assert len(shapes(dots, "circle", "mean")) == 6
    assert len(shapes(dots, "line", "seed")) == 18
    for chart in (minute, parameter):
        assert len(shapes(chart, "circle", r"s\d")) == 6
    assert [line.get("class") for line in shapes(learning, "polyline", r"s\d")] == ["s6", "s5", "s4", "s3", "s2", "s1"]
    assert {len(line.get("points").split()) for line in shapes(learning, "polyline", r"s\d")} == {37}  # the shortest


def test_with_many_recipes_each_has_a_small_chart_of_its_own():
    twelve = made_up_study(np.random.default_rng(3), recipes=12, seeds=1, songs=40, clips=1)
    charts = drawings(render_study(twelve))[3:]
    assert len(charts) == 12
    for chart in charts:
        assert [line.get("class") for line in shapes(chart, "polyline", ".*")] == ["back"] * 11 + ["s1"]


def test_results_alone_make_a_page_without_curves_differences_and_confusions(read):
    page = read(render_study(made_up_study(np.random.default_rng(3), runs_there=False)))
    assert "The folders of all runs are gone." in page.text
    assert "the same tracks may have chosen the epochs, and the split may leak" in page.text
    assert not {"learning", "differences", "confusions"} & set(page.values("id"))
    assert [row[0] for row in page.tables[0][1:]] == list("123456")


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_recipe_is_a_study_too(seeds, read):
    page = read(render_study(made_up_study(np.random.default_rng(3), recipes=1, seeds=seeds, songs=40)))
    assert "1 recipe, " in page.text
    assert "differences" not in page.values("id")


def test_what_recipes_say_is_text_not_markup(six):
    hostile = '<script>alert("x")</script>'
    odd = [replace(c, rationale=hostile, name=f"{i}{hostile}") for i, c in enumerate(six.contenders)]
    page = replace(six, name=hostile, contenders=odd, comparison=None, remarks=[hostile])
    assert "<script" not in render_study(page)
    assert render_study_pdf(page).startswith(b"%PDF")


def test_the_pdf_is_the_same_bytes_for_the_same_study(six):
    pdf = render_study_pdf(six)
    assert pdf.startswith(b"%PDF")
    assert int(re.search(rb"/Type\s*/Pages.{0,200}?/Count (\d+)", pdf, re.S)[1]) == 3
    assert render_study_pdf(six) == pdf


def test_of_pictures_page_and_pdf_say_pictures(six, read):
    pictures = replace(six, wording=PICTURES)
    text = read(render_study(pictures)).text
    for sentence in (
        "Ranking: validation, over 160 pictures",
        "interval over other pictures",
        "the commonest class would be right",
        "the same pictures chose each epoch",
        "all recipes saw the same pictures",
        "bootstrap resamples of pictures.",
        "Rows: the true class.",
    ):
        assert sentence in text
    assert re.findall(r"\b(songs?|tracks?|genres?|music|heard|clips?)\b", text) == []
    assert render_study_pdf(pictures) != render_study_pdf(six)


@pytest.mark.parametrize("changes", [{"runs_there": False}, {"recipes": 1, "seeds": 1}, {"recipes": 12, "seeds": 1}])
def test_every_kind_of_study_can_be_printed(changes):
    assert render_study_pdf(made_up_study(np.random.default_rng(3), songs=40, clips=1, **changes)).startswith(b"%PDF")


@pytest.mark.parametrize(("palette", "series"), [(LIGHT, 0), (DARK, 1)], ids=["light", "dark"])
def test_lines_stand_out_from_the_page(palette, series):
    assert len(SERIES[series]) == 4
    for colour in SERIES[series].values():
        assert contrast(rgb(colour), rgb(palette["surface"])) >= 3


# Of dichromats: Machado, Oliveira & Fernandes, A physiologically-based model for simulation of color vision
# deficiency, IEEE Trans. Vis. Comput. Graph. 15 (2009), table of severity 1.0; on linear RGB.
EYES = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, eyes):
    """CIELAB (D65) of what those eyes see."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    seen = TO_XYZ @ np.clip(np.asarray(EYES[eyes]) @ linear, 0, 1) / (0.9505, 1, 1.089)
    x, y, z = np.where(seen > 216 / 24389, np.cbrt(seen), (24389 / 27 * seen + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("series", [0, 1], ids=["light", "dark"])
def test_lines_are_told_apart_by_all_eyes(series, eyes):
    seen = [lab(rgb(colour), eyes) for colour in SERIES[series].values()]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 30  # some 2 are just noticeable
