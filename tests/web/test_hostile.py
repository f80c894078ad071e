"""Hostile requests and files: each is refused as docs/reliability.md says, and the next honest one is served."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made import API, served
from starlette.testclient import TestClient
from traps import Trap

from earmark.web.pages import listen
from earmark.web.settings import Settings
from listeners import write_song

KIND = {"content-type": "audio/mpeg"}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that may be read, beside one that may not."""
    root = tmp_path_factory.mktemp("both")
    write_song(root / "music" / "album" / "song.flac")
    write_song(root / "music" / ".hidden.flac")
    (root / "music" / "notes.txt").write_text("no sound")
    (root / "secret.flac").write_bytes(b"secret")
    (root / "outside").mkdir()
    (root / "outside" / "secret.flac").write_bytes(b"secret")
    (root / "music" / "out").symlink_to(root / "outside")
    (root / "music" / "leak.flac").symlink_to(root / "secret.flac")
    (root / "music" / "circle").symlink_to(root / "music" / "circle")
    (root / "music-other").mkdir()
    (root / "music-other" / "secret.flac").write_bytes(b"secret")
    return root / "music"


@pytest.fixture(scope="module")
def client(music: Path) -> Iterator[TestClient]:
    settings = Settings(
        folder=music, workers=2, seconds=1.5, memory=1 << 30, upload=100_000, uploads=250_000, patience=5, waiting=3
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("earmark.web.app.Listening", Trap)
        with served(settings) as client:
            yield client


@pytest.fixture(autouse=True)
def alive(client: TestClient) -> Iterator[None]:
    """After each attack an honest song is heard."""
    yield
    job = sent(client, b"music")
    assert (job["state"], job["result"]) == ("done", "heard music")


def sent(client: TestClient, content: bytes, name: str = "song") -> dict[str, Any]:
    answer = client.post(f"{API}/listen", params={"name": name, "wait": "true"}, content=content, headers=KIND)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


CLIMBING = (
    "../secret.flac", "..%2Fsecret.flac", "%2e%2e/secret.flac", "album/../../secret.flac", "album/%2e%2e/../x.flac",
    "..%252fsecret.flac", "....//secret.flac", "..\\secret.flac", "/etc/passwd", "%2Fetc%2Fpasswd", "//etc/passwd",
    "file:///etc/passwd", "C:\\secret.flac", "../music-other/secret.flac", "leak.flac", "out/secret.flac", "out",
    "circle", "circle/x", ".hidden.flac", "album/.", "album//song.flac", "album/song.flac%00.txt", "song\0.flac",
    "a" * 5000, "a/" * 3000, "%ff%fe.flac", "album/song.flac/", "~/secret.flac", "album/song.flac\n",
)  # fmt: skip


@pytest.mark.parametrize("name", CLIMBING, ids=lambda name: ascii(name)[:40])
def test_no_name_leads_out_of_the_folder(client: TestClient, name: str) -> None:
    asked = [
        client.get(f"{API}/sound", params={"file": name}),
        client.get(f"{API}/files", params={"folder": name}),
        client.post(f"{API}/listen/file", json={"file": name}),
    ]
    assert [answer.status_code for answer in asked] == [404, 404, 404]
    assert not any(b"secret" in answer.content.replace(b"secret.flac", b"") for answer in asked)


def test_names_of_any_bytes_are_found_again_as_they_were_listed(client: TestClient, music: Path) -> None:
    strange = [
        "100% sure?.flac",
        "a#b&c=d.flac",
        "<img src=x onerror=alert(1)>.flac",
        "näme.flac",
        "%41.flac",
        "new\nline.flac",
    ]
    names = [os.fsencode(name) for name in strange] + [b"latin-\xe9.flac"]
    for name in names:
        Path(os.fsdecode(os.fsencode(music / "album") + b"/" + name)).write_bytes(b"music")
    try:
        listed = client.get(f"{API}/files", params={"folder": "album"}).json()["files"]
        assert len(listed) == len(names) + 1
        assert "latin-\\xe9.flac" in "".join(entry["shown"] for entry in listed).replace("\\udce9", "\\xe9")
        for entry in listed:
            assert client.get(f"{API}/sound", params={"file": entry["file"]}).status_code == 200
            job = client.post(f"{API}/listen/file", json={"file": entry["file"], "wait": True}).json()
            assert job["state"] == "done" or entry["shown"] == "song.flac"
    finally:
        for name in names:
            Path(os.fsdecode(os.fsencode(music / "album") + b"/" + name)).unlink()


def test_what_is_no_sound_is_not_given_out(client: TestClient) -> None:
    listed = client.get(f"{API}/files").json()
    assert [entry["shown"] for entry in listed["folders"]] == ["album"]
    assert listed["files"] == []
    assert client.get(f"{API}/sound", params={"file": "notes.txt"}).status_code == 404
    assert client.get(f"{API}/sound", params={"file": "album"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/static/%00"]
)
def test_static_files_are_those_of_one_folder(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x",
        "/etc/passwd",
        "a\0b",
        "\r\nSet-Cookie: x=1",
        "<script>alert(1)</script>",
        "x" * 9999,
        "\u202egnp.exe",
        "",
    ],
)
def test_the_name_of_an_upload_is_only_shown(client: TestClient, name: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.parent.iterdir())
    answer = client.post(f"{API}/listen", params={"name": name, "wait": "true"}, content=b"refuse", headers=KIND)
    shown = answer.json()["error"].removesuffix(": no sound")
    assert answer.status_code == 202
    assert shown.isprintable()
    assert len(shown) <= listen.MOST_NAME
    assert "set-cookie" not in answer.headers
    assert sorted(tmp_path.parent.iterdir()) == before


def test_a_file_that_crashes_hangs_or_eats_takes_only_its_process_along(client: TestClient) -> None:
    assert sent(client, b"crash")["error"] == "song: the process that read it died of SIGSEGV"
    assert sent(client, b"hang")["error"] == "song: not finished within 1.5 s, which is the limit for one file"
    assert sent(client, b"eat")["error"] == "song: it needs more than the 1024 MiB of memory that one file may take"


def test_a_defect_is_not_spelt_out_to_strangers(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    job = sent(client, b"break")
    assert job["error"] == "internal error: this is a defect of earmark; the server's log says more"
    assert "ZeroDivisionError: break" in caplog.text


def test_an_upload_that_is_too_large_is_refused_and_leaves_nothing(client: TestClient) -> None:
    uploads = client.app.state.earmark.uploads  # type: ignore[attr-defined]
    announced = client.post(f"{API}/listen", content=b"x" * 100_001, headers=KIND)
    unannounced = client.post(f"{API}/listen", content=iter([b"x" * 60_000] * 9), headers=KIND)
    for answer in (announced, unannounced):
        assert answer.status_code == 413
        assert answer.json()["error"].startswith("the file is larger than 0 MiB")
    assert client.post(f"{API}/listen", content=b"", headers=KIND).status_code == 400
    assert list(Path(uploads._folder.name).iterdir()) == []
    assert uploads._held == 0


def test_more_than_may_wait_are_told_to_come_back_and_leave_nothing(client: TestClient) -> None:
    answers = [client.post(f"{API}/listen", content=b"hang", headers=KIND) for _ in range(8)]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) >= 8 - 2 - 3
    assert {answer.headers["retry-after"] for answer in refused} == {"5"}
    for answer in answers:
        if answer.status_code == 202:
            client.delete(f"{API}/jobs/{answer.json()['id']}")
    big = [client.post(f"{API}/listen", content=b"hang" + b"x" * 95_000, headers=KIND) for _ in range(3)]
    assert big[2].status_code == 503
    for answer in big[:2]:
        client.delete(f"{API}/jobs/{answer.json()['id']}")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"[]", 400), (b'{"file": 1}', 400), (b'{"file": "a", "more": 1}', 400), (b"\xff", 400),
        (b"[" * 100_000, 400), (b'{"file": "' + b"a" * 2_000_000 + b'"}', 413),
    ],
    ids=["cut", "list", "number", "more", "no text", "deep", "long"],
)  # fmt: skip
def test_json_that_is_none_is_refused(client: TestClient, body: bytes, status: int) -> None:
    answer = client.post(f"{API}/listen/file", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}


def test_ids_cannot_be_guessed_or_injected(client: TestClient) -> None:
    for name in ("0", "..", "%00", "<b>", "a" * 5000, "' OR 1=1 --"):
        assert client.get(f"{API}/jobs/{name}").status_code == 404
