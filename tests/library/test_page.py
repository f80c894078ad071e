"""The page of a plan: every file under what becomes of it, before writing and after."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from earmark.library import page
from earmark.library.answers import Found, Heard
from earmark.library.mapping import unchanged
from earmark.library.page import render_plan
from earmark.library.plan import Outcome, Plan, Settings, plan

GENRES = ("jazz", "pop", "rock")
LIBRARY = Path("/music")


def found(name: str, *, old: tuple[str, ...] = (), shares=(0.1, 0.2, 0.7), verdict="music", fault=None) -> Found:
    return Found(LIBRARY / name, LIBRARY, fault, old, None if fault else Heard(shares, verdict))


def planned(*files: Found) -> Plan:
    return plan(files, GENRES, classifier="small", settings=Settings(mapping=unchanged(GENRES)))


@pytest.fixture
def every_outcome() -> Plan:
    return planned(
        found("a/planned.mp3"),
        found("a/kept.mp3", old=("Ska <b>",)),
        found("a/unsure.mp3", shares=(0.3, 0.3, 0.4)),
        found("b/speech.mp3", verdict="not music"),
        found("b/broken.mp3", fault="the file is truncated"),
    )


def sections(html: str) -> dict[str, str]:
    """The text of each section by its title, tags taken away."""
    parts = re.findall(r"<section>\s*<h2>(.*?)</h2>(.*?)</section>", html, re.DOTALL)
    return {title: " ".join(re.sub(r"<[^>]*>", " ", body).split()) for title, body in parts}


def test_every_file_stands_under_what_becomes_of_it(every_outcome: Plan) -> None:
    html = render_plan(every_outcome)
    shown = sections(html)
    assert list(shown) == ["To be changed", "Genres to be written", "Unsure", "Not music", "Failed", "Kept"]
    for title, name in (
        ("To be changed", "planned.mp3 a none rock 70"),
        ("Genres to be written", "rock 1"),
        ("Unsure", "unsure.mp3 a none rock 40"),
        ("Not music", "speech.mp3 b"),
        ("Failed", "broken.mp3 b the file is truncated"),
        ("Kept", "kept.mp3 a Ska &lt;b&gt; rock 70"),
    ):
        assert name in shown[title]
    assert "this is what <code>--write</code> would do" in html
    assert "Genres for 5 files" in html


def test_after_writing_it_says_what_was_written(every_outcome: Plan) -> None:
    decisions = tuple(
        msgspec.structs.replace(one, outcome=Outcome.CHANGED) if one.outcome is Outcome.PLANNED else one
        for one in every_outcome.decisions
    )
    html = render_plan(msgspec.structs.replace(every_outcome, decisions=decisions))
    shown = sections(html)
    assert "planned.mp3 a none rock 70" in shown["Changed"]
    assert shown["Genres written"].endswith("rock 1")
    assert "can be taken back with <code>earmark undo</code>" in html
    assert "would" not in shown["Changed"]


def test_it_needs_no_network_and_is_the_same_each_time(every_outcome: Plan) -> None:
    html = render_plan(every_outcome)
    assert html == render_plan(every_outcome)
    assert re.findall(r"(?:src|href)=", html) == []
    assert "default-src 'none'" in html


def test_names_that_are_not_text_are_spelt_out() -> None:
    html = render_plan(planned(found(os.fsdecode(b"caf\xe9.mp3"))))
    assert r"caf\udce9.mp3" in html
    html.encode()


def test_of_very_many_files_it_shows_some_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_ROWS", 3)
    shown = sections(render_plan(planned(*(found(f"{n}.mp3") for n in range(8)))))
    assert shown["To be changed"].count(".mp3") == 3
    assert shown["To be changed"].endswith("And 5 files more, which --csv lists.")


def test_what_the_classifier_lacks_is_said(every_outcome: Plan) -> None:
    assert "a voice is missing" in render_plan(msgspec.structs.replace(every_outcome, note="a voice is missing"))


def test_no_files_make_a_page_too() -> None:
    assert "Genres for 0 files" in render_plan(planned())
