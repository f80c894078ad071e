"""Runs and data sets to make pages of, and a reader of pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np
import pytest

from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Evaluation
from earmark.predictions import Predictions
from earmark.recipe import Choice, Recipe
from earmark.report.data_facts import DataFacts
from earmark.report.model_summary import Layer, ModelSummary
from earmark.report.run_page import RunPage
from earmark.training.history import Epoch

VOID = {"meta", "img", "br", "hr", "input", "link"}


@dataclass
class Read(HTMLParser):
    """What a page says: its tags, attributes, words and tables. Raises where tags do not close in order."""

    html: str
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)

    def __post_init__(self):
        super().__init__()
        self.feed(self.html)
        self.close()
        assert self.open == [], f"unclosed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()} closes nothing"

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)
            if "td" in self.open or "th" in self.open:
                self.tables[-1][-1][-1] += data

    @property
    def text(self):
        return " ".join("".join(self.words).split())

    def values(self, name):
        return [value for _, found, value in self.attributes if found == name]


@pytest.fixture
def read():
    return Read


def judged(genres, songs, clips, rng):
    truth = np.repeat(np.arange(songs) % len(genres), clips)
    z = rng.normal(size=(songs * clips, len(genres)))
    z[np.arange(len(z)), truth] += 1.5
    probabilities = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    names = tuple(f"song {i:03d}" for i in range(songs) for _ in range(clips))
    ids = tuple(f"{name}@{i % clips}" for i, name in enumerate(names)) if clips > 1 else names
    return Predictions(tuple(genres), ids, names, truth, probabilities)


def epochs(n, **changed):
    return [
        Epoch(**{"epoch": i, "learning_rate": 0.02 / i, "train_loss": 2 / i, "train_accuracy": 1 - 0.8 / i,
                 "valid_loss": 1 + 1 / i, "valid_accuracy": 0.7 - 0.5 / i, "seconds": 4.25} | changed)
        for i in range(1, n + 1)
    ]  # fmt: skip


@pytest.fixture
def make_epochs():
    return epochs


@pytest.fixture
def make_page(rng):
    """A page of a run over `genres`; `changes` go into its evaluation, `page` into the page."""

    def make(genres=("blues", "jazz", "metal"), *, songs=30, clips=3, n_epochs=5, page=None, **changes):
        predictions = judged(genres, songs, clips, rng)
        evaluation = {
            "data": "gtzan8",
            "part": "valid",
            "split": "by clip, 9600 train / 2400 valid, seed 7",
            "tracks": songs,
            "synthetic": False,
            "chosen_on_it": True,
            "by_clip": score(predictions, unit="clip", resamples=50) if clips > 1 else None,
            "by_track": score(predictions.by_song(), unit="track", resamples=50),
            "seed": 11,
            "leak": "by clip: clips of one track stand on both sides",
            "left_out": {"unreadable": 4},
        } | changes
        return RunPage(
            **{
                "name": "2026-11-21T10-32-07-parallel_cnn-s1",
                "recipe": Recipe(
                    data=Choice("tfdata", {"path": "data/gtzan8"}),
                    features=Choice("log_mel"),
                    model=Choice("parallel_cnn", {"slope": 0.3}),
                    rationale="Two kernel sizes see two shapes at once.",
                ),
                "model": ModelSummary(
                    "parallel_cnn", "Two branches.", 61071, (Layer("conv", "Conv2d", (16, 78, 78), 160),)
                ),
                "data": DataFacts(
                    "gtzan8",
                    "log_mel",
                    False,
                    "https://example.org/gtzan",
                    "research use",
                    {g: {"train": 1200, "valid": 9} for g in genres},
                ),
                "evaluations": [Evaluation(**evaluation)],
                "environment": {"python": "3.11.9", "data checksum": "5d41402a"},
                "history": epochs(n_epochs),
                "kept_epoch": n_epochs,
                "predictions": predictions,
            }
            | (page or {})
        )

    return make
