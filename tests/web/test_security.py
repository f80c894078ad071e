"""Who may ask: hosts, origins, the token, and what every answer tells a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from made import API, served
from starlette.testclient import TestClient

from earmark.web.security import HEADERS, is_local
from earmark.web.settings import Settings

TOKEN = "a token that nobody can guess"
JOB = f"{API}/jobs/none"  # a request that changes something, were there such a job


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served(Settings(hosts=("music.home",))) as client:
        yield client


@pytest.fixture
def guarded() -> Iterator[TestClient]:
    with served(Settings(token=TOKEN, hosts=("music.home",))) as client:
        yield client


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8765", "localhost:99", "[::1]:8765", "LOCALHOST", "music.home"]
)
def test_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.168.0.9",
        "",
        "[::1",
        "evil@127.0.0.1.x",
        "0x7f.1",
    ],
)
def test_other_names_are_not(client: TestClient, host: str) -> None:
    for path in ("/", JOB, "/static/style.css"):
        answer = client.get(path, headers={"host": host})
        assert (answer.status_code, answer.text) == (421, "this server is not called by that name\n")


def test_with_a_token_addresses_are_answered_but_no_other_names(guarded: TestClient) -> None:
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert guarded.get("/", headers=bearer | {"host": "192.168.0.9:8765"}).status_code == 200
    assert guarded.get("/", headers=bearer | {"host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "http://127.0.0.1.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"content-type": "application/x-www-form-urlencoded"}, 403),
        ({"content-type": "text/plain; charset=utf-8"}, 403),
        ({"content-type": "multipart/form-data; boundary=x"}, 403),
        ({"sec-fetch-site": "same-origin"}, 404),
        ({"sec-fetch-site": "none"}, 404),
        ({"origin": "http://127.0.0.1"}, 404),
        ({}, 404),
        ({"content-type": "application/json"}, 404),
    ],
)
def test_only_this_page_and_programs_may_change_something(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    assert client.delete(JOB, headers=headers).status_code == status
    assert client.get("/", headers=headers).status_code == 200, "looking is free"


def test_without_the_token_nothing_is_answered(guarded: TestClient) -> None:
    for path in ("/", JOB, f"{API}/openapi.json", "/api", "/?token=wrong", "/?token=", "/?token=%ff"):
        assert guarded.get(path, follow_redirects=False).status_code == 401
    for header in (
        {"authorization": "Bearer wrong"},
        {"authorization": TOKEN},
        {"cookie": f"earmark={TOKEN}"},
        {"cookie": "earmark=é"},
    ):
        assert guarded.get("/", headers={k: v.encode("latin-1") for k, v in header.items()}).status_code == 401
    assert guarded.post(f"{API}/listen?token={TOKEN}", content=b"x").status_code == 401


def test_the_token_opens_once_and_leaves_a_cookie_that_does_not_tell_it(guarded: TestClient) -> None:
    answer = guarded.get(f"/api?token={TOKEN}&x=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/api?x=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert TOKEN not in cookie
    assert guarded.get("/").status_code == 200
    assert guarded.delete(JOB, headers={"origin": "http://evil.example"}).status_code == 403


def test_the_redirect_stays_here(guarded: TestClient) -> None:
    answer = guarded.get(f"http://127.0.0.1//evil.example/?token={TOKEN}", follow_redirects=False)
    assert answer.headers["location"] == "/evil.example/"


def test_a_program_sends_the_token_in_a_header(guarded: TestClient) -> None:
    assert guarded.get(JOB, headers={"authorization": f"bearer {TOKEN}"}).status_code == 404


@pytest.mark.parametrize("path", ["/", "/api", JOB, "/none", "/static/style.css", f"{API}/openapi.json"])
def test_every_answer_tells_the_browser_to_load_nothing_from_elsewhere(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "script" not in headers["content-security-policy"]


def test_pages_name_no_other_host_and_hold_no_script_or_style_of_their_own() -> None:
    web = Path(__file__).parents[2] / "src" / "earmark" / "web"
    for path in [*web.glob("templates/*"), *web.glob("static/*")]:
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, path
        assert "<style" not in text, path
        assert "<script>" not in text, path
        assert " onclick=" not in text, path


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.0.9", False),
        ("box", False),
    ],
)
def test_what_is_this_machine_alone(host: str, local: bool) -> None:
    assert is_local(host) is local
