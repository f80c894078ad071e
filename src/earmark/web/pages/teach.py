"""Teach: tracks put into genres of one's own, and a classifier that learns them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from earmark.classifier.loading import known
from earmark.library.own_genres import OwnGenres
from earmark.library.teach import LEAST, keep
from earmark.web.jobs import JobView
from earmark.web.operations import Operation, as_json
from earmark.web.pages import Page
from earmark.web.paths import printable
from earmark.web.rendering import page
from earmark.web.reviewing import NO_FOLDER, folder_of
from earmark.web.state import AppState
from earmark.web.teaching import LessonView, Teaching

MOST_ROWS = 500  # at once
MOST_MOVED = 10_000  # in one request
Name = Annotated[str, Meta(min_length=1, max_length=1000)]
MISSING = {404: NO_FOLDER}
REFUSED = MISSING | {409: "something is being done here already, or nothing was learned yet"}


class OwnGenre(msgspec.Struct, frozen=True, kw_only=True):
    """A genre of one's own, and how many tracks were put into it."""

    name: str
    tracks: int


class TeachView(msgspec.Struct, frozen=True, kw_only=True):
    """How teaching stands. least: tracks that a genre needs. lesson: what was learned last, kept or not."""

    folder: str
    tracks: int
    least: int
    genres: list[OwnGenre]
    faults: list[tuple[str, str]]
    names: list[str]
    job: JobView | None
    lesson: LessonView | None


class TracksQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which tracks: with `text` in their path; `genre`: in it, "" in none, left out: all."""

    text: Annotated[str, Meta(max_length=200)] = ""
    genre: str | None = None
    start: Annotated[int, Meta(ge=0)] = 0
    count: Annotated[int, Meta(ge=1, le=MOST_ROWS)] = 100


class OwnTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track. track: how it is called. file: its name for `/sound`. album: its folder. genre: None = in none."""

    track: str
    file: str
    name: str
    album: str
    genre: str | None


class Tracks(msgspec.Struct, frozen=True, kw_only=True):
    """Tracks, of `total` that there are of the kind."""

    total: int
    tracks: list[OwnTrack]


class GenreName(msgspec.Struct, frozen=True, kw_only=True):
    """A genre of one's own, made or to be made."""

    name: Name


class PutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Tracks to put into a genre; None: into none."""

    tracks: Annotated[list[str], Meta(max_length=MOST_MOVED)]
    genre: Name | None


class KeepRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Keep what was learned under a name; replace: also where there is a classifier of that name."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    replace: bool = False


class Nothing(msgspec.Struct, frozen=True):
    """Nothing more has to be said."""


def routes(state: AppState) -> list[BaseRoute]:
    """The page."""

    async def show(request: Request) -> Response:
        folder = None if state.library is None else printable(str(state.library.root))
        return page(request, "teach.html", folder=folder, least=LEAST)

    return [Route("/teach", show)]


def operations(state: AppState) -> list[Operation]:
    """What the page asks for."""
    desk = Teaching(state)

    async def teaching(request: Request) -> Response:  # noqa: ARG001
        own = await run_in_threadpool(desk.look)
        return as_json(
            TeachView(
                folder=printable(str(folder_of(state).root)),
                tracks=len(own.tracks),
                least=LEAST,
                genres=_genres(own),
                faults=[(printable(fault.where), printable(fault.what)) for fault in own.faults],
                names=list(known()),
                job=None if desk.job is None else state.jobs.view(desk.job),
                lesson=desk.lesson_view(),
            )
        )

    async def list_tracks(request: Request, query: TracksQuery) -> Response:  # noqa: ARG001
        return as_json(await run_in_threadpool(_tracks, desk, query))

    async def make_genre(request: Request, body: GenreName) -> Response:  # noqa: ARG001
        desk.check_free()
        return as_json(GenreName(name=desk.own.add(body.name)))

    async def unmake_genre(request: Request, query: GenreName) -> Response:  # noqa: ARG001
        desk.check_free()
        desk.own.remove(query.name)
        return as_json(Nothing())

    async def put_tracks(request: Request, body: PutRequest) -> Response:  # noqa: ARG001
        desk.check_free()
        desk.own.put(body.tracks, body.genre)
        return as_json(Nothing())

    async def take_tags(request: Request) -> Response:  # noqa: ARG001
        own = desk.own
        job = desk.begin("tags", lambda job: own.take_tags(job.step))
        return as_json(state.jobs.view(job), 202)

    async def learn_genres(request: Request) -> Response:  # noqa: ARG001
        given = desk.own.given
        job = desk.begin("teach", lambda job: desk.learn(job, given))
        return as_json(state.jobs.view(job), 202)

    async def keep_lesson(request: Request, body: KeepRequest) -> Response:  # noqa: ARG001
        desk.check_free()
        if desk.lesson is None:
            raise HTTPException(409, "nothing was learned yet")
        if body.name in known() and not body.replace:
            raise HTTPException(409, f"there is a classifier {body.name!r} already")
        desk.lesson = await run_in_threadpool(keep, desk.lesson, body.name)
        return as_json(desk.lesson_view())

    return [
        Operation("GET", "/teach", "How teaching stands.", teaching, TeachView, refused=MISSING),
        Operation("GET", "/teach/tracks", "Tracks.", list_tracks, Tracks, query=TracksQuery, refused=MISSING),
        Operation(
            "POST", "/teach/genres", "Make a genre; gives what it is called.",
            make_genre, GenreName, body=GenreName, refused=REFUSED,
        ),
        Operation(
            "DELETE", "/teach/genres", "Unmake a genre: its tracks are in none then.",
            unmake_genre, Nothing, query=GenreName, refused=REFUSED,
        ),
        Operation(
            "POST", "/teach/put", "Put tracks into a genre, or into none; the files stay as they are.",
            put_tracks, Nothing, body=PutRequest, refused=REFUSED,
        ),
        Operation(
            "POST", "/teach/tags", "Put all tracks that are in no genre into the one that their tags name.",
            take_tags, JobView, 202, refused=REFUSED,
        ),
        Operation(
            "POST", "/teach/learn", "Learn the genres; keeps nothing.", learn_genres, JobView, 202, refused=REFUSED
        ),
        Operation(
            "POST", "/teach/keep", "Keep what was learned, for tag, predict and the page Library.",
            keep_lesson, LessonView, body=KeepRequest, refused=REFUSED,
        ),
    ]  # fmt: skip


def _genres(own: OwnGenres) -> list[OwnGenre]:
    counted = own.counts
    return [OwnGenre(name=name, tracks=counted[name]) for name in own.genres]


def _tracks(desk: Teaching, query: TracksQuery) -> Tracks:
    own, text = desk.own, query.text.casefold()
    folder = folder_of(desk.state)
    found = [
        track
        for track in own.tracks
        if text in track.casefold() and (query.genre is None or (own.genre(track) or "") == query.genre)
    ]
    return Tracks(
        total=len(found),
        tracks=[
            OwnTrack(
                track=track,
                file=folder.name(folder.root / track),
                name=track.rpartition("/")[2],
                album=track.rpartition("/")[0],
                genre=own.genre(track),
            )
            for track in found[query.start : query.start + query.count]
        ],
    )


PAGE = Page("Teach", "/teach", routes, operations)
