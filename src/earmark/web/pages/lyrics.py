"""Lyrics: the genre of a song's text, with the words that decided."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from earmark.classifier.answer import Verdict
from earmark.classifier.card import CARD, ClassifierCard
from earmark.classifier.occlusion import explain_text
from earmark.classifier.runs import load_run, read_card
from earmark.classifier.trained import Classifier
from earmark.errors import ModelError, UsageError
from earmark.experiment.overview import find
from earmark.features.plain_text import PlainText
from earmark.features.settings import OF_TEXT
from earmark.features.words import Words
from earmark.report.explain_page import factor, odds
from earmark.report.text_page import shaded
from earmark.run import Run
from earmark.web.jobs import Job, JobView
from earmark.web.operations import Operation, as_json
from earmark.web.pages import Page
from earmark.web.paths import Folder, printable
from earmark.web.rendering import page
from earmark.web.state import LISTEN, AppState

LONGEST = 100_000  # characters of a text: ten times the longest song's
LOADED = 2  # classifiers that stay in memory
NO_CLASSIFIER = "no finished run that reads texts has this name"
TOLD = 12  # words listed beside the text


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A finished run that reads texts. name: below the folder of runs. artist: whether who sings it counts."""

    name: str
    model: str
    trained_on: str
    genres: tuple[str, ...]
    artist: bool


class Readers(msgspec.Struct, frozen=True, kw_only=True):
    """The finished runs that read texts, the newest first."""

    classifiers: list[Reader]


class LyricsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A song's text, and which run shall read it; the artist counts where the run learned from artists too."""

    classifier: str
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    artist: Annotated[str, Meta(max_length=300)] | None = None


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the text. strength: of the weightiest word, 0 to 100; against: it speaks for the second genre."""

    text: str
    strength: int
    against: bool
    said: str


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What a word did to the odds of the first genre against the second, in all its places together."""

    word: str
    said: str
    against: bool


class LyricsView(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of a text.

    pieces   the text as it was read
    artist   who sings, where that counts
    telling  what speaks for a genre in any text
    """

    classifier: str
    genre: str
    second: str
    odds: str
    verdict: Verdict
    probabilities: list[tuple[str, float]]
    pieces: list[Piece]
    words: list[Word]
    artist: Word | None
    telling: dict[str, tuple[str, ...]]
    lacks: tuple[str, ...]


def routes(state: AppState) -> list[BaseRoute]:
    """The page."""

    def show(request: Request) -> Response:
        found = [] if state.runs is None else readers(state.runs)
        return page(request, "lyrics.html", readers=found, longest=LONGEST)

    return [Route("/lyrics", show)]


def operations(state: AppState) -> list[Operation]:
    """Which runs read texts, and one reading."""

    async def list_readers(request: Request) -> Response:  # noqa: ARG001
        found = [] if state.runs is None else await run_in_threadpool(readers, state.runs)
        return as_json(Readers(classifiers=found))

    async def read_lyrics(request: Request, body: LyricsRequest) -> Response:  # noqa: ARG001
        path = await run_in_threadpool(_run_of, state.runs, body.classifier)
        job = state.jobs.submit(
            "lyrics", lambda job: _read(job, path, body), lane=LISTEN, seconds=state.settings.seconds
        )
        return as_json(state.jobs.view(job), 202)

    return [
        Operation("GET", "/lyrics/classifiers", "Finished runs that read texts.", list_readers, Readers),
        Operation(
            "POST", "/lyrics", "Name the genre of a song's text, and say which words decided.",
            read_lyrics, JobView, 202, body=LyricsRequest, refused={404: NO_CLASSIFIER},
        ),
    ]  # fmt: skip


def readers(folder: Folder) -> list[Reader]:
    """The finished runs that read texts, the newest first; those that cannot be read are the page Runs' to tell."""
    found = []
    for path in find(folder.root)[0]:
        card = _card(path)
        if card is not None:
            found.append(
                Reader(
                    name=folder.name(path),
                    model=card.model.name,
                    trained_on=card.trained_on,
                    genres=card.genres,
                    artist=card.features.artist if isinstance(card.features, PlainText | Words) else False,
                )
            )
    return sorted(found, key=lambda reader: reader.name.rpartition("/")[2], reverse=True)


def _card(path: Path) -> ClassifierCard | None:
    """That of a finished run that reads texts."""
    if not (path / CARD).is_file() or not Run(path).metrics.is_file():
        return None
    try:
        card = read_card(path)
    except ModelError:
        return None
    return card if isinstance(card.features, OF_TEXT) else None


def _run_of(folder: Folder | None, name: str) -> Path:
    try:
        path = None if folder is None else folder.path(name)
    except UsageError:
        path = None
    if path is None or not path.is_dir() or _card(path) is None:
        raise HTTPException(404, f"{printable(name)}: {NO_CLASSIFIER}")
    return path


def _word(word: str, size: float) -> Word:
    return Word(word=word, said=factor(size), against=size < 0)


def _read(job: Job, path: Path, asked: LyricsRequest) -> LyricsView:
    job.say("reading")
    classifier = _loaded(path, (path / CARD).stat().st_mtime_ns)
    artist = (asked.artist or "").strip() or None
    found = explain_text(classifier, asked.text, artist=artist, source="the text", progress=job.step)
    return LyricsView(
        classifier=printable(found.classifier),
        genre=found.answer.genre,
        second=found.second,
        odds=odds(found.log_odds),
        verdict=found.answer.verdict,
        probabilities=found.answer.ranked(),
        pieces=[
            Piece(text=each.text, strength=each.strength, against=each.against, said=each.said)
            for each in shaded(found)
        ],
        words=[_word(word, size) for word, size in list(found.words.items())[:TOLD]],
        artist=None if found.artist is None else _word(*found.artist),
        telling=found.telling,
        lacks=found.lacks,
    )


@functools.lru_cache(maxsize=LOADED)
def _loaded(path: Path, changed: int) -> Classifier:  # noqa: ARG001
    """The classifier of a run; loaded anew where the run has been written since."""
    return load_run(path)


PAGE = Page("Lyrics", "/lyrics", routes, operations)
