"""Listen: a song is dropped, recorded or picked, and its genre named."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.batches.work import Lost
from earmark.errors import AudioError
from earmark.web.hearing import Heard
from earmark.web.jobs import Job, JobView
from earmark.web.operations import Operation, as_json
from earmark.web.pages import Page
from earmark.web.paths import Folder, Sound, printable
from earmark.web.rendering import page
from earmark.web.state import LISTEN, AppState
from earmark.web.uploads import TOO_LARGE, TOO_MANY, TOO_SLOW

MOST_LISTED = 2000  # files of one folder: a page that phones still open
MOST_NAME = 200  # characters that are shown
NO_LIBRARY = "this server was started without a folder of music: earmark serve FOLDER"


class Upload(msgspec.Struct, frozen=True):
    """What goes with an upload: what it is called, and whether to answer only when its job has ended."""

    name: str = "song"
    wait: bool = False


class Pick(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the library, by the name that `files` gave it, and whether to answer only when its job has ended."""

    file: str
    wait: bool = False


class Inside(msgspec.Struct, frozen=True):
    """A folder of the library, by the name that `files` gave it; empty: the library itself."""

    folder: str = ""


class Named(msgspec.Struct, frozen=True):
    """A file of the library, by the name that `files` gave it."""

    file: str


class Entry(msgspec.Struct, frozen=True):
    """A file or folder: `file` is its name for this API, `shown` for a person."""

    file: str
    shown: str


class Listed(msgspec.Struct, frozen=True):
    """What is in a folder: folders with something in them, and sound files. `more` were left out."""

    folders: list[Entry]
    files: list[Entry]
    more: int


def routes(state: AppState) -> list[BaseRoute]:
    """The page."""

    async def show(request: Request) -> Response:
        return page(request, "listen.html", minutes=state.settings.longest / 60, most=state.settings.upload)

    return [Route("/", show)]


def operations(state: AppState) -> list[Operation]:
    """To listen to an upload or to a file of the library, and to look around there."""

    async def listen(request: Request, query: Upload) -> Response:
        path = await state.uploads.receive(request)
        name = printable(query.name)[:MOST_NAME] or "song"
        sound = Sound(str(path), name)
        job = state.jobs.submit(
            "listen", lambda job: hear(state, job, sound), lane=LISTEN, finally_=lambda: state.uploads.discard(path)
        )
        return await _answer(state, job, query.wait)

    async def listen_to_file(request: Request, body: Pick) -> Response:  # noqa: ARG001
        path = _song(_library(state), body.file)
        sound = Sound(str(path), printable(path.name))
        job = state.jobs.submit("listen", lambda job: hear(state, job, sound), lane=LISTEN)
        return await _answer(state, job, body.wait)

    async def files(request: Request, query: Inside) -> Response:  # noqa: ARG001
        return as_json(_listed(_library(state), query.folder))

    async def sound(request: Request, query: Named) -> Response:  # noqa: ARG001
        path = _song(_library(state), query.file)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return FileResponse(path, media_type=kind, content_disposition_type="inline")

    missing = {404: "no such file, or no library"}
    return [
        Operation(
            "POST", "/listen", "Name the genre of a file: the body of the request. Gives the job that does.",
            listen, JobView, 202, query=Upload, body=bytes, refused=TOO_LARGE | TOO_SLOW | TOO_MANY,
        ),
        Operation(
            "POST", "/listen/file", "Name the genre of a file of the library. Gives the job that does.",
            listen_to_file, JobView, 202, body=Pick, refused=missing | TOO_MANY,
        ),
        Operation("GET", "/files", "What is in a folder of the library.", files, Listed, query=Inside, refused=missing),
        Operation(
            "GET", "/sound", "A sound file of the library, or a range of its bytes.",
            sound, "audio/*", query=Named, refused=missing,
        ),
    ]  # fmt: skip


def hear(state: AppState, job: Job, sound: Sound) -> Heard:
    """Have a process listen. Raises AudioError where it could not."""
    job.say("listening")
    heard = state.ears.attend(sound, part=job.give, check=job.check)
    if isinstance(heard, Lost):
        raise AudioError(f"{sound.name}: {heard.why}")
    return heard


async def _answer(state: AppState, job: Job, wait: bool) -> Response:
    view = state.jobs.view(job)
    if wait:
        async for each in state.jobs.follow(job):
            view = each or view
    return as_json(view, 202)


def _library(state: AppState) -> Folder:
    if state.library is None:
        raise HTTPException(404, NO_LIBRARY)
    return state.library


def _song(library: Folder, name: str) -> Path:
    path = library.path(name)
    if path.suffix.lower() not in AUDIO_SUFFIXES or not path.is_file():
        raise HTTPException(404, f"{printable(name)}: no sound file")
    return path


def _listed(library: Folder, name: str) -> Listed:
    folder = library.path(name)
    if not folder.is_dir():
        raise HTTPException(404, f"{printable(name)}: no folder")
    folders, files = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(os.path.realpath(entry.path))
            if entry.name.startswith(".") or not path.is_relative_to(library.root):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(Entry(library.name(Path(entry.path)), printable(entry.name)))
            elif path.is_file() and path.suffix.lower() in AUDIO_SUFFIXES:
                files.append(Entry(library.name(Path(entry.path)), printable(entry.name)))
    for each in (folders, files):
        each.sort(key=lambda entry: entry.shown.casefold())
    more = max(0, len(folders) - MOST_LISTED) + max(0, len(files) - MOST_LISTED)
    return Listed(folders[:MOST_LISTED], files[:MOST_LISTED], more)


PAGE = Page("Listen", "/", routes, operations)
