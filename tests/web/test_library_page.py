"""The library in the browser's words: what was not accepted is not written, and undoing gives the bytes back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from made import API, done, served, write_library
from starlette.testclient import TestClient

from earmark.library.tags import read_genres
from earmark.web.desk import Desk
from earmark.web.settings import Settings
from listeners import write_classifier, write_song


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classifier(tmp_path_factory.mktemp("model") / "small")


@pytest.fixture(scope="module")
def heard(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two albums of two songs and one song that says its genre, which need not be listened to again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield write_library(tmp_path_factory.mktemp("heard") / "music", model)


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path / "data"))


@pytest.fixture
def library(heard: Path, tmp_path: Path) -> Path:
    return shutil.copytree(heard, tmp_path / "music")


@pytest.fixture
def client(library: Path, model: Path, tmp_path: Path) -> Iterator[TestClient]:
    with served(Settings(folder=library, runs=tmp_path / "none", model=str(model), workers=1)) as client:
        yield client


def contents(library: Path) -> dict[str, bytes]:
    return {str(path.relative_to(library)): path.read_bytes() for path in sorted(library.rglob("*.flac"))}


def planned(client: TestClient) -> str:
    job = done(client, client.post(f"{API}/library/plan", json={"min_confidence": 0}))
    assert (job["state"], job["error"]) == ("done", None)
    return client.get(f"{API}/library").json()["plan"]["id"]


def choose(client: TestClient, plan: str, choice: str, **which: object) -> dict[str, int]:
    answer = client.post(f"{API}/library/choices", json={"plan": plan, "choice": choice, **which})
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"]


def test_a_plan_writes_nothing_and_lists_files_with_their_albums(client: TestClient, library: Path) -> None:
    before = contents(library)
    plan = planned(client)
    said = client.get(f"{API}/library").json()["plan"]
    assert (said["classifier"], said["files"]) == ("small", 5)
    assert said["choices"] == {"open": 4, "accepted": 0, "rejected": 0}
    files = client.get(f"{API}/library/files", params={"plan": plan, "outcome": "planned"}).json()
    assert [row["name"] for row in files["rows"]] == ["0.flac", "1.flac", "2.flac", "3.flac"]
    assert [(album["name"], album["files"]) for album in files["albums"]] == [("first", 2), ("second", 2)]
    page = client.get(f"{API}/library/files", params={"plan": plan, "start": 1, "count": 2}).json()
    assert (page["total"], [row["place"] for row in page["rows"]]) == (5, [1, 2])
    assert contents(library) == before


def test_only_what_was_accepted_is_written_and_undoing_restores_the_bytes(client: TestClient, library: Path) -> None:
    before = contents(library)
    plan = planned(client)
    choose(client, plan, "accepted", sieve={"album": "first"})
    choose(client, plan, "rejected", places=[3])
    assert choose(client, plan, "open", places=[1]) == {"open": 2, "accepted": 1, "rejected": 1}
    refused = client.post(f"{API}/library/write", json={"plan": plan, "accepted": 2})
    assert (refused.status_code, refused.json()["error"]) == (
        409,
        "1 files are accepted, not 2; load the page again",
    )
    assert contents(library) == before

    job = done(client, client.post(f"{API}/library/write", json={"plan": plan, "accepted": 1}))
    assert (job["result"]["files"], job["result"]["refused"]) == (1, [])
    after = contents(library)
    assert [name for name in before if after[name] != before[name]] == ["first/0.flac"]
    [row] = client.get(f"{API}/library/files", params={"plan": plan, "outcome": "changed"}).json()["rows"]
    assert tuple(row["becomes"]) == read_genres(library / "first" / "0.flac")

    [tagging] = client.get(f"{API}/library").json()["taggings"]
    assert (tagging["written"], tagging["undone"]) == (1, 0)
    job = done(client, client.post(f"{API}/library/undo", json={"tagging": tagging["tagging"]}))
    assert job["result"]["files"] == 1
    assert contents(library) == before


def test_another_genre_is_written_as_it_was_taken(client: TestClient, library: Path) -> None:
    plan = planned(client)
    assert (
        client.post(f"{API}/library/genre", json={"plan": plan, "place": 2, "genre": "Rocksteady"}).status_code == 200
    )
    assert client.post(f"{API}/library/genre", json={"plan": plan, "place": 2, "genre": "a\nb"}).status_code == 400
    done(client, client.post(f"{API}/library/write", json={"plan": plan, "accepted": 1}))
    assert read_genres(library / "said.flac") == ("Rocksteady",)


def test_a_file_changed_since_is_left_alone_and_named(client: TestClient, library: Path) -> None:
    plan = planned(client)
    choose(client, plan, "accepted", places=[0])
    write_song(library / "first" / "0.flac", seed=9, genres=("Dub",))
    now = contents(library)
    job = done(client, client.post(f"{API}/library/write", json={"plan": plan, "accepted": 1}))
    assert job["result"]["files"] == 0
    [[name, why]] = job["result"]["refused"]
    assert name == "first/0.flac"
    assert why.startswith("its genre has changed since it was looked at")
    assert contents(library) == now


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("choices", {"plan": "other", "choice": "accepted", "places": [0]}, 409),
        ("choices", {"choice": "accepted", "places": [99]}, 400),
        ("choices", {"choice": "maybe", "places": [0]}, 400),
        ("choices", {"choice": "accepted", "places": ["../../etc/passwd"]}, 400),
        ("genre", {"place": 99, "genre": "pop"}, 400),
        ("write", {"accepted": 0}, 400),
        ("write", {"accepted": 4}, 409),
        ("undo", {"tagging": "20260101-000000-abcd"}, 404),
        ("plan", {"model": "/etc"}, 400),
        ("plan", {"model": "../model"}, 400),
        ("plan", {"min_confidence": 2}, 400),
    ],
)
def test_what_does_not_fit_is_refused(client: TestClient, library: Path, path: str, body: dict, status: int) -> None:
    before = contents(library)
    if path in ("choices", "genre", "write"):
        body = {"plan": planned(client), **body}
    answer = client.post(f"{API}/library/{path}", json=body)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert contents(library) == before


def test_links_out_of_the_folder_are_neither_read_nor_written(client: TestClient, library: Path) -> None:
    outside = write_song(library.parent / "outside" / "song.flac", seed=7)
    before = outside.read_bytes()
    (library / "link.flac").symlink_to(outside)
    (library / "linked").symlink_to(outside.parent)
    plan = planned(client)
    [row] = client.get(f"{API}/library/files", params={"plan": plan, "outcome": "failed"}).json()["rows"]
    assert (row["name"], row["why"]) == ("link.flac", "a link that leads out of this folder")
    assert choose(client, plan, "accepted", sieve={})["accepted"] == 4
    done(client, client.post(f"{API}/library/write", json={"plan": plan, "accepted": 4}))
    assert outside.read_bytes() == before


def test_taggings_of_other_libraries_are_neither_shown_nor_undone(
    client: TestClient, heard: Path, model: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(heard, tmp_path / "other")
    with served(Settings(folder=other, runs=tmp_path, model=str(model), workers=1)) as elsewhere:
        plan = planned(elsewhere)
        choose(elsewhere, plan, "accepted", places=[0])
        done(elsewhere, elsewhere.post(f"{API}/library/write", json={"plan": plan, "accepted": 1}))
        [tagging] = elsewhere.get(f"{API}/library").json()["taggings"]
    written = contents(other)
    assert client.get(f"{API}/library").json()["taggings"] == []
    assert client.post(f"{API}/library/undo", json={"tagging": tagging["tagging"]}).status_code == 404
    assert contents(other) == written


def test_one_thing_is_done_at_a_time(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(client)
    monkeypatch.setattr(Desk, "_free", lambda _: None)  # as if the next thing never ended
    done(client, client.post(f"{API}/library/plan", json={}))
    for path, body in (("plan", {}), ("choices", {"plan": plan, "choice": "accepted"})):
        answer = client.post(f"{API}/library/{path}", json=body)
        assert answer.status_code == 409
        assert "something else is being done here" in answer.json()["error"]


def test_without_a_folder_the_page_says_how_to_get_one(tmp_path: Path) -> None:
    with served(Settings(runs=tmp_path)) as client:
        assert "earmark serve FOLDER" in client.get("/library").text
        answer = client.get(f"{API}/library")
        assert (answer.status_code, "earmark serve FOLDER" in answer.json()["error"]) == (404, True)
