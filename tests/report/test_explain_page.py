"""The page behind an answer: what it shows, what it leaves out, and that it is one file."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from earmark.classifier.answer import Answer
from earmark.classifier.explanation import Evidence, Explanation
from earmark.classifier.fusion import HeldOut
from earmark.classifier.neighbours import Neighbour
from earmark.features.musicnn import Taggram
from earmark.models.musicnn import TAGS
from earmark.report.explain_page import clock, factor, odds, render_explanation

GENRES = ("waltz", "polka", "techno", "dub", "ska")


@pytest.fixture
def explanation(rng: np.random.Generator) -> Explanation:
    """A minute that is a waltz and then techno."""
    over_time = np.array([[0.9, 0.05, 0.03, 0.01, 0.01], [0.4, 0.1, 0.3, 0.1, 0.1], [0.1, 0.1, 0.7, 0.05, 0.05]])
    tags = rng.uniform(0, 0.1, (20, 50)).astype(np.float32)
    tags[:, TAGS.index("folk")] = np.linspace(0.8, 0.2, 20)
    return Explanation(
        classifier="mine",
        note=None,
        answer=Answer(
            "music/a <b>.flac", GENRES, np.array([0.5, 0.1, 0.365, 0.03, 0.005]), np.arange(3.0), over_time, 0.6
        ),
        spans=np.array([[0, 20], [20, 40], [40, 60.0]]),
        second="techno",
        pieces=(2, 3),
        evidence=(
            Evidence("tags", "what it hears", 1.0, {"folk": 1.2, "dance": -0.4, "guitar": 0.1}, 0.1),
            Evidence("sound", "statistics", -0.3068528, {"timbre_motion": -0.3, "onsets": 0.01}, -0.0168528),
        ),
        taggram=Taggram(tags, tags, np.arange(20) * 3.0),
        nearest=(Neighbour("Old Dance", ("waltz", "polka"), 0.91), Neighbour("Other", ("ska",), -0.2)),
        trained_on="my music",
        held_out=HeldOut(tracks=120, artists=30, accuracy=0.8, low=0.7, high=0.9, macro_f1=0.7, ece=0.1),
        lacks=(),
    )


def test_it_shows_all_there_is(explanation, read):
    page = read(render_explanation(explanation))
    assert "a <b>.flac" in page.text
    assert "waltz, before techno with 36" in page.text
    assert "Unsure: no genre reaches the 60 % asked for." in page.text
    likely, course, voices, pulls, lanes, near = page.tables
    assert likely[0] == ["waltz", "", "50\u202f%"]
    assert [row[0] for row in likely] == ["waltz", "techno", "polka", "dub", "ska"]
    assert course[1] == ["0:00–0:20", "waltz 90\u202f%, polka 5\u202f%, techno 3\u202f%"]
    assert course[2][1].startswith("unsure: waltz 40")
    assert "In 2 of 3 pieces of the track waltz is likelier. There its odds against techno are 2.0 to 1" in page.text
    assert [(row[0], row[-1]) for row in voices[1:]] == [
        ("tags what it hears", "×\u202f2.7"),
        ("sound statistics", "÷\u202f1.4"),
    ]
    assert [row[0] for row in pulls[1:]] == [
        "folk tags",
        "dance tags",
        "timbre motion sound",
        "guitar tags",
        "onsets sound",
    ]
    assert pulls[1][1] == "50\u202f%"
    assert pulls[3][1] == ""  # a statistic is no tag
    assert [lanes[0][0], lanes[0][-1]] == ["folk", "50\u202f%"]
    assert near[1:] == [["Old Dance", "waltz + polka", "0.91"], ["Other", "ska", "-0.20"]]
    assert "80.0 % of 120 tracks" in page.text


def test_it_needs_nothing_else_and_is_the_same_each_time(explanation):
    html = render_explanation(explanation)
    assert html == render_explanation(explanation)
    assert re.findall(r"<script|<link|src=|url\(", html) == []
    assert set(re.findall(r"https?://[^\"' ]+", html)) == {"http://www.w3.org/2000/svg"}


def test_of_a_track_that_was_repeated_the_tags_of_its_own_length_are_drawn(explanation):
    html = render_explanation(replace(explanation, spans=np.array([[0, 4], [4, 8], [8, 10.0]])))
    lane = re.search(r'class="track lane".*?</svg>', html, re.DOTALL)[0]
    bars = [(float(at), float(wide)) for at, wide in re.findall(r'x="([^"]+)" width="([^"]+)"', lane)]
    assert [at for at, _ in bars] == [0, 30, 60, 90]
    assert bars[-1][1] == 10


def test_the_columns_are_the_probabilities(explanation):
    html = render_explanation(explanation)
    first, _, last = re.findall(r"<g><title>.*?</g>", html)
    assert "<title>0:00–0:20 waltz" in first
    parts = re.findall(r'class="g(\d)" x="([\d.]+)" width="([\d.]+)" y="([\d.]+)" height="([\d.]+)"', last)
    assert {(float(at), float(wide)) for _, at, wide, _, _ in parts} == {(66.667, 33.333)}
    # The first genre of the whole track, then those that have most of it; ska is among the others.
    assert [(int(colour), float(top), float(high)) for colour, _, _, top, high in parts] == [
        (1, 0, 10),
        (2, 10, 70),
        (3, 80, 10),
        (4, 90, 5),
    ]
    (named,) = re.findall(r'class="track named".*?</svg>', html, re.DOTALL)
    assert re.findall(r'<rect class="(\w+)" x="([\d.]+)"', named) == [("g1", "0.0"), ("g2", "66.667")]


def test_of_one_model_only_its_stretches_are_shown(explanation, read):
    bare = replace(
        explanation, evidence=(), taggram=None, nearest=(), held_out=None, lacks=("it is one model",), note="beware"
    )
    page = read(render_explanation(bare))
    assert len(page.tables) == 2
    assert "It is one model." in page.text
    assert "Beware" in page.text
    assert "Why" not in page.text


def test_one_stretch_has_no_course(explanation, read):
    answer = replace(explanation.answer, over_time=explanation.answer.over_time[:1], min_confidence=0.3)
    page = read(render_explanation(replace(explanation, answer=answer, spans=np.array([[0.0, 20.0]]))))
    assert "Along the track" not in page.text
    assert "Likely enough to be named" in page.text


def test_names_that_are_no_text_are_spelt(explanation):
    answer = replace(explanation.answer, source="music/\udcff.mp3")
    assert r"\udcff.mp3" in render_explanation(replace(explanation, answer=answer))


@pytest.mark.parametrize(
    ("logarithm", "multiplied", "against"),
    [
        (np.log(2), "× 2.0", "2.0 to 1"),
        (-np.log(2), "÷ 2.0", "1 to 2.0"),
        (np.log(1234), "× 1,234", "1,234 to 1"),
        (0.0, "× 1.0", "1.0 to 1"),
        (900.0, "× 1,000,000", "1,000,000 to 1"),
    ],
)
def test_odds_are_said_as_people_say_them(logarithm, multiplied, against):
    assert factor(logarithm).replace("\u202f", " ") == multiplied
    assert odds(logarithm) == against


def test_times_are_minutes_and_seconds():
    assert [clock(at) for at in (0, 9.6, 59.7, 83.4, 3601)] == ["0:00", "0:10", "1:00", "1:23", "60:01"]
