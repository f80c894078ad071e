"""Runs: trainings and comparisons below the folder of runs, and the curves of a training under way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from earmark.errors import UsageError
from earmark.evaluation.scores import Score
from earmark.experiment.overview import COMPARISON, RunOverview, Standing, find, overview, overviews
from earmark.recipe import Recipe, read_recipe
from earmark.report.line_chart import line_chart
from earmark.report.pages import macro
from earmark.run import Run
from earmark.tracks import Fault
from earmark.training.history import Epoch
from earmark.web.operations import Operation, as_json
from earmark.web.pages import Page
from earmark.web.paths import Folder, printable
from earmark.web.rendering import page
from earmark.web.security import REPORT_POLICY
from earmark.web.state import AppState

DOCUMENTS = ("report.html", COMPARISON)
NO_RUNS = "the server found no folder of runs: earmark serve --runs FOLDER"
MISSING = {404: "no such run, or no folder of runs"}
Row = RunOverview | Fault


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run. name: below the folder of runs. accuracy: the headline's, of `part`; None before it is judged."""

    name: str
    model: str
    data: str
    seed: int
    standing: Standing
    changed: float
    epochs: int
    epochs_done: int
    part: str | None
    accuracy: Score | None
    remarks: list[str]


class RunsView(msgspec.Struct, frozen=True, kw_only=True):
    """All runs, the newest first, and comparisons; faults: runs that cannot be read, and why."""

    runs: list[RunView]
    comparisons: list[str]
    faults: list[tuple[str, str]]


class RunQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which run, by its name below the folder of runs."""

    name: str


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """How far a training is. epochs: that are planned, 0 of a model that is not trained in epochs."""

    standing: Standing
    epochs: int
    history: list[Epoch]


class _Group(msgspec.Struct, frozen=True):
    """The runs of one folder, named as below the folder of runs, with the address of their comparison."""

    name: str
    comparison: str | None
    rows: list[tuple[str, Row]]


def routes(state: AppState) -> list[BaseRoute]:
    """The list, a run's page, its curves alone, and the documents that runs and studies have written."""

    def show(request: Request) -> Response:
        if state.runs is None:
            return page(request, "runs.html", folder=None, groups=[], under_way=[])
        groups = _groups(state.runs)
        under_way = [
            (name, row)
            for group in groups
            for name, row in group.rows
            if isinstance(row, RunOverview) and row.standing is Standing.TRAINING
        ]
        return page(request, "runs.html", folder=printable(str(state.runs.root)), groups=groups, under_way=under_way,
                    ago=_ago, is_fault=lambda row: isinstance(row, Fault))  # fmt: skip

    def show_run(request: Request) -> Response:
        name = _raw(request)
        found, recipe = _read(state, name)
        documents = [each for each in DOCUMENTS if (found.folder / each).is_file()]
        title, where = printable(found.folder.name), printable(str(found.folder))
        return page(request, "run.html", name=name, run=found, recipe=recipe, documents=documents, title=title,
                    where=where, charts=_charts(found), ago=_ago)  # fmt: skip

    def curves(request: Request) -> Response:
        found, _ = _read(state, _raw(request))
        headers = {"x-standing": found.standing.value, "x-epochs": str(len(found.history))}
        return HTMLResponse("".join(_charts(found)), headers=headers)

    def document(request: Request) -> Response:
        """Written by whoever wrote the run, which need not be us: it runs no scripts, and sees nothing of this page."""
        path = _path(state, _raw(request))
        if path.name not in DOCUMENTS or not path.is_file():
            raise HTTPException(404, "no such page of a run or study")
        return FileResponse(path, media_type="text/html", headers={"content-security-policy": REPORT_POLICY})

    return [
        Route("/runs", show),
        Route("/runs/of/{name:path}", show_run),
        Route("/runs/curves/{name:path}", curves),
        Route("/runs/document/{name:path}", document),
    ]


def operations(state: AppState) -> list[Operation]:
    """Runs and comparisons, and how far a training is."""

    async def list_runs(request: Request) -> Response:  # noqa: ARG001
        return as_json(await run_in_threadpool(_listing, _folder(state)))

    async def history_of_run(request: Request, query: RunQuery) -> Response:  # noqa: ARG001
        found, _ = await run_in_threadpool(_read, state, query.name)
        return as_json(HistoryView(standing=found.standing, epochs=found.epochs, history=found.history))

    return [
        Operation("GET", "/runs", "Runs and comparisons.", list_runs, RunsView, refused=MISSING),
        Operation(
            "GET", "/runs/history", "How far a training is: one row an epoch.",
            history_of_run, HistoryView, query=RunQuery, refused=MISSING,
        ),
    ]  # fmt: skip


def _listing(folder: Folder) -> RunsView:
    runs, comparisons = find(folder.root)
    found = list(overviews(runs))
    return RunsView(
        runs=[_view(folder, each) for each in found if isinstance(each, RunOverview)],
        comparisons=[folder.name(each) for each in comparisons],
        faults=[(folder.name(Path(each.where)), printable(each.what)) for each in found if isinstance(each, Fault)],
    )


def _folder(state: AppState) -> Folder:
    if state.runs is None:
        raise HTTPException(404, NO_RUNS)
    return state.runs


def _raw(request: Request) -> str:
    """The name as it was sent: percent-encoded, which `Folder` decodes."""
    prefix = request.scope["path"].removesuffix(request.path_params["name"])
    raw: bytes = request.scope["raw_path"]
    return raw.decode("ascii", "replace").partition("?")[0].removeprefix(prefix)


def _path(state: AppState, name: str) -> Path:
    try:
        return _folder(state).path(name)
    except UsageError as error:
        raise HTTPException(404, str(error)) from error


def _read(state: AppState, name: str) -> tuple[RunOverview, Recipe]:
    path = _path(state, name)
    if not (path / "recipe.toml").is_file():
        raise HTTPException(404, f"{printable(name)}: no run in this folder")
    return overview(path), read_recipe(Run(path).recipe)


def _groups(folder: Folder) -> list[_Group]:
    """Runs by the folder that they lie in."""
    runs, comparisons = find(folder.root)
    compared = {path.parent: folder.name(path) for path in comparisons}
    found: dict[Path, list[tuple[str, Row]]] = {parent: [] for parent in compared}
    for each in overviews(runs):
        path = Path(each.where) if isinstance(each, Fault) else each.folder
        found.setdefault(path.parent, []).append((folder.name(path), each))
    return [
        _Group(printable(parent.relative_to(folder.root).as_posix()).removeprefix("."), compared.get(parent), rows)
        for parent, rows in sorted(found.items())
    ]


def _charts(run: RunOverview) -> Sequence[str]:
    """Loss and, where the model has one, accuracy."""
    curve = macro("figures.html", "curve")
    known = [f for f in ("loss", "accuracy") if any(getattr(e, f"train_{f}") is not None for e in run.history)]
    return [curve(line_chart(run.history, figure, kept_epoch=None)) for figure in known]


def _view(folder: Folder, run: RunOverview) -> RunView:
    headline = run.headline
    return RunView(
        name=folder.name(run.folder),
        model=run.model,
        data=run.data,
        seed=run.seed,
        standing=run.standing,
        changed=run.changed,
        epochs=run.epochs,
        epochs_done=len(run.history),
        part=None if headline is None else headline.part,
        accuracy=None if headline is None else headline.headline.accuracy,
        remarks=[] if headline is None else headline.remarks,
    )


def _ago(moment: float) -> str:
    """How long ago that was, in words."""
    seconds = max(0.0, time.time() - moment)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            n = int(seconds // length)
            return f"{n} {unit}{'s' if n > 1 else ''} ago"
    return "just now"


PAGE = Page("Runs", "/runs", routes, operations)
