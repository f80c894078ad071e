"""What the pages are shown: a library, a finished run, and answers to the API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from earmark.batches.mapping import Place
from earmark.library.tagging import suggest
from earmark.web.app import create_app
from earmark.web.settings import Settings
from listeners import write_song

API = "/api/v1"


def write_library(folder: Path, model: Path) -> Path:
    """Two albums of two songs each and one song that says its genre, all heard already: no process need be started."""
    for seed in range(4):
        write_song(folder / "first" / f"{seed}.flac" if seed < 2 else folder / "second" / f"{seed}.flac", seed=seed)
    write_song(folder / "said.flac", seed=4, genres=("Ska",))
    suggest([folder], str(model), place=Place(workers=0))
    return folder


@contextmanager
def served(settings: Settings) -> Iterator[TestClient]:
    """A client of a server that stands nowhere but in this process."""
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        yield client


def done(client: TestClient, answer: Any) -> dict[str, Any]:
    """The job that an answer speaks of, once it has ended."""
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    until = time.monotonic() + 120
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < until, job
        time.sleep(0.02)
        job = client.get(f"{API}/jobs/{job['id']}").json()
    return job
