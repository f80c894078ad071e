"""Library: the plan of `earmark tag` for the person's music, accepted file by file, written and undone."""

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
from earmark.library.plan import Outcome
from earmark.library.review import Album, Choice, Order, Row, Sieve, albums
from earmark.web.jobs import JobView
from earmark.web.operations import Operation, as_json
from earmark.web.pages import Page
from earmark.web.paths import printable
from earmark.web.rendering import page
from earmark.web.reviewing import NO_FOLDER, PlanRequest, Reviewing, TaggingView, folder_of
from earmark.web.state import AppState

MOST_ROWS = 500  # at once
MOST_PLACES = 100_000  # in one request
MISSING = {404: NO_FOLDER}
REFUSED = MISSING | {409: "there is no such plan any more, or something is being done already"}


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """A plan. counts: files by outcome; choices: those that would be written, by choice; genres: what may be taken."""

    id: str
    classifier: str
    note: str | None
    asked: PlanRequest
    files: int
    counts: dict[Outcome, int]
    choices: dict[Choice, int]
    genres: list[str]


class LibraryView(msgspec.Struct, frozen=True, kw_only=True):
    """How the library stands. job: the last thing that was done to it. models: the classifiers that may be asked."""

    folder: str
    models: list[str]
    job: JobView | None
    plan: PlanView | None
    taggings: list[TaggingView]


class FilesQuery(Sieve, frozen=True, kw_only=True):
    """Which files of the plan, and in which order."""

    plan: str
    order: Order = Order.FILE
    descending: bool = False
    start: Annotated[int, Meta(ge=0)] = 0
    count: Annotated[int, Meta(ge=1, le=MOST_ROWS)] = 100


class FileRow(Row, frozen=True, kw_only=True):
    """One file. file: its name for `/sound`; None where it cannot be used."""

    file: str | None


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Files of a plan, of `total` that there are of the kind; albums: the folders of all these, in their order."""

    total: int
    rows: list[FileRow]
    albums: list[Album]


class ChoiceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of files: of those at `places`, and of those that `sieve` lets through."""

    plan: str
    choice: Choice
    places: Annotated[list[int], Meta(max_length=MOST_PLACES)] = []
    sieve: Sieve | None = None


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Of how many files it was said, and how all stand now."""

    files: int
    choices: dict[Choice, int]


class GenreRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Another genre for one file than is planned, which accepts it."""

    plan: str
    place: Annotated[int, Meta(ge=0)]
    genre: Annotated[str, Meta(min_length=1, max_length=1000)]


class WriteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Write what was accepted. accepted: how many files these are; where it is another number, nothing is written."""

    plan: str
    accepted: Annotated[int, Meta(ge=1)]


class UndoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Take a tagging back."""

    tagging: Annotated[str, Meta(max_length=100)]


def routes(state: AppState) -> list[BaseRoute]:
    """The page."""

    async def show(request: Request) -> Response:
        folder = None if state.library is None else printable(str(state.library.root))
        return page(request, "library.html", folder=folder)

    return [Route("/library", show)]


def operations(state: AppState) -> list[Operation]:
    """What the page asks for."""
    desk = Reviewing(state)

    def models() -> list[str]:
        return list(dict.fromkeys((state.settings.model, *known())))

    async def library(request: Request) -> Response:  # noqa: ARG001
        folder = folder_of(state)
        return as_json(
            LibraryView(
                folder=printable(str(folder.root)),
                models=models(),
                job=None if desk.job is None else state.jobs.view(desk.job),
                plan=_plan_view(desk),
                taggings=desk.taggings(),
            )
        )

    async def make_plan(request: Request, body: PlanRequest) -> Response:  # noqa: ARG001
        folder_of(state)
        if body.model is not None and body.model not in models():
            raise HTTPException(400, f"model: one of {', '.join(models())}")
        job = desk.begin("plan", lambda job: desk.look(job, body))
        return as_json(state.jobs.view(job), 202)

    async def list_files(request: Request, query: FilesQuery) -> Response:  # noqa: ARG001
        review = desk.reviewed(query.plan)

        def chosen() -> Files:
            rows = review.rows(query, query.order, descending=query.descending)
            shown = rows[query.start : query.start + query.count]
            return Files(total=len(rows), rows=[named(row) for row in shown], albums=albums(rows))

        def named(row: Row) -> FileRow:
            path = review.plan.decisions[row.place].path
            file = None if row.outcome is Outcome.FAILED else folder_of(state).name(path)
            return FileRow(**msgspec.structs.asdict(row), file=file)

        return as_json(await run_in_threadpool(chosen))

    async def choose(request: Request, body: ChoiceRequest) -> Response:  # noqa: ARG001
        desk.check_free()
        review = desk.reviewed(body.plan)
        meant = [*body.places, *(review.places(body.sieve) if body.sieve is not None else ())]
        return as_json(Chosen(files=review.choose(meant, body.choice), choices=review.counts))

    async def take_genre(request: Request, body: GenreRequest) -> Response:  # noqa: ARG001
        desk.check_free()
        review = desk.reviewed(body.plan)
        review.take(body.place, body.genre)
        return as_json(Chosen(files=1, choices=review.counts))

    async def write_library(request: Request, body: WriteRequest) -> Response:  # noqa: ARG001
        review = desk.reviewed(body.plan)
        accepted = review.counts[Choice.ACCEPTED]
        if accepted != body.accepted:
            raise HTTPException(409, f"{accepted} files are accepted, not {body.accepted}; load the page again")
        job = desk.begin("write", lambda job: desk.write(job, review))
        return as_json(state.jobs.view(job), 202)

    async def undo_tagging(request: Request, body: UndoRequest) -> Response:  # noqa: ARG001
        if body.tagging not in {each.tagging for each in desk.taggings()}:
            raise HTTPException(404, "no such tagging of this library")
        job = desk.begin("undo", lambda job: desk.undo(job, body.tagging))
        return as_json(state.jobs.view(job), 202)

    return [
        Operation("GET", "/library", "How the library stands.", library, LibraryView, refused=MISSING),
        Operation(
            "POST", "/library/plan", "Listen to what is new, and plan genres; writes nothing.",
            make_plan, JobView, 202, body=PlanRequest, refused=REFUSED,
        ),
        Operation("GET", "/library/files", "Files of the plan.", list_files, Files, query=FilesQuery, refused=REFUSED),
        Operation(
            "POST", "/library/choices", "Accept or reject files of the plan; writes nothing.",
            choose, Chosen, body=ChoiceRequest, refused=REFUSED,
        ),
        Operation(
            "POST", "/library/genre", "Accept another genre for a file; writes nothing.",
            take_genre, Chosen, body=GenreRequest, refused=REFUSED,
        ),
        Operation(
            "POST", "/library/write", "Write what was accepted, and nothing else.",
            write_library, JobView, 202, body=WriteRequest, refused=REFUSED,
        ),
        Operation(
            "POST", "/library/undo", "Take a tagging back.",
            undo_tagging, JobView, 202, body=UndoRequest, refused=REFUSED,
        ),
    ]  # fmt: skip


def _plan_view(desk: Reviewing) -> PlanView | None:
    if desk.review is None:
        return None
    plan = desk.review.plan
    named = plan.settings.mapping.names.values()
    return PlanView(
        id=desk.id,
        classifier=plan.classifier,
        note=plan.note,
        asked=desk.asked,
        files=len(plan.decisions),
        counts=plan.counts,
        choices=desk.review.counts,
        genres=sorted({name for name in named if name is not None}),
    )


PAGE = Page("Library", "/library", routes, operations)
