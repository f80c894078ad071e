"""The server on a real port: what it binds, whom it asks for a token, and clients that are slow."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest
from made import API
from serving import running
from traps import Trap

from earmark.errors import UsageError
from earmark.web import server
from earmark.web.jobs import Job
from earmark.web.server import prepare
from earmark.web.settings import Settings
from earmark.web.state import LISTEN


def asked(port: int, *parts: bytes, pause: float = 0.0, patience: float = 10.0) -> bytes:
    """What comes back for bytes sent with pauses between them, until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        answer = b""
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionError:
            pass  # closed before all was sent
        return answer


@pytest.fixture(scope="module")
def port():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("earmark.web.app.Listening", Trap)
        patch.setattr(server, "HEAD_SECONDS", 0.5)
        with running(Settings(workers=1, patience=0.7)) as address:
            yield int(address.rpartition(":")[2].strip("/"))


HOST = b"Host: 127.0.0.1\r\nConnection: close\r\n"
HONEST = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def test_it_answers_and_does_not_tell_what_it_runs_on(port: int) -> None:
    answer = asked(port, HONEST)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nserver:" not in answer.lower()


def test_a_client_that_sends_its_head_too_slowly_is_left(port: int) -> None:
    begin = time.monotonic()
    assert asked(port, b"GET / HT", b"TP/1.1\r\n", b"Host: x\r\n", b"A: b\r\n", b"C: d\r\n", pause=0.3) == b""
    assert asked(port) == b"", "nor one that says nothing"
    assert time.monotonic() - begin < 8
    assert b"200 OK" in asked(port, HONEST)


def test_an_upload_that_comes_too_slowly_is_refused(port: int) -> None:
    head = b"POST /api/v1/listen HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: audio/wav\r\nContent-Length: 1000\r\n\r\n"
    answer = asked(port, head, b"x")
    assert b"408 Request Timeout" in answer
    assert b"the upload came too slowly" in answer


def test_an_upload_that_breaks_off_leaves_the_server_alive(port: int) -> None:
    head = b"POST /api/v1/listen HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: audio/wav\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head + b"x")
    assert b"200 OK" in asked(port, HONEST)


def test_what_is_no_http_is_refused(port: int) -> None:
    assert asked(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert b" 400 " in asked(port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: " + b"a" * 200_000 + b"\r\n\r\n")


def test_slow_clients_keep_nobody_waiting(port: int) -> None:
    threads = [
        threading.Thread(target=asked, args=(port, b"GET / HTTP/1.1\r\n"), kwargs={"pause": 0.4}) for _ in range(60)
    ]
    for thread in threads:
        thread.start()
    assert b"200 OK" in asked(port, HONEST)
    for thread in threads:
        thread.join(10)


def test_events_tell_of_a_job_until_it_has_ended(port: int) -> None:
    head = b"POST /api/v1/listen HTTP/1.1\r\n" + HOST + b"Content-Type: audio/wav\r\nContent-Length: 5\r\n\r\n"
    job = asked(port, head + b"music").rpartition(b'"id":"')[2].partition(b'"')[0].decode()
    told = asked(port, f"GET {API}/jobs/{job}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert b"content-type: text/event-stream" in told
    assert told.count(b"data: ") >= 1
    assert b'"state":"done"' in told.rpartition(b"data: ")[2]


def test_when_it_ends_those_who_follow_a_job_are_told_and_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("earmark.web.app.Listening", Trap)
    ready = prepare(Settings(workers=1), host="127.0.0.1", port=0)
    thread = threading.Thread(target=ready.run)
    thread.start()
    while not ready.server.started:
        time.sleep(0.01)
    begun = threading.Event()

    def endless(job: Job) -> None:
        begun.set()
        while True:
            job.check()
            time.sleep(0.01)

    job = ready.server.jobs.submit("endless", endless, lane=LISTEN)
    assert begun.wait(10)
    port = ready.listener.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"GET {API}/jobs/{job.id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        told = b""
        while b'"state":"running"' not in told:
            told += connection.recv(65536)
        ready.server.should_exit = True
        while chunk := connection.recv(65536):
            told += chunk
    thread.join(30)
    assert not thread.is_alive()
    assert b'"state":"cancelled"' in told
    assert capsys.readouterr().err == ""


def test_bound_to_more_than_this_machine_it_asks_for_a_token(tmp_path: Path) -> None:
    ready = prepare(Settings(folder=tmp_path), host="0.0.0.0", port=0)
    ready.listener.close()
    address, _, token = ready.address.partition("?token=")
    assert address.startswith("http://127.0.0.1:")
    assert len(token) >= 32
    local = prepare(Settings(folder=tmp_path), host="127.0.0.1", port=0)
    local.listener.close()
    assert "token" not in local.address


def test_what_cannot_be_bound_and_a_weak_token_are_said(port: int) -> None:
    with pytest.raises(UsageError, match=rf"127.0.0.1:{port}: cannot listen there: Address already in use; --port 0"):
        prepare(Settings(), host="127.0.0.1", port=port)
    with pytest.raises(UsageError, match=r"no\.such\.host\.invalid:0: cannot listen there: "):
        prepare(Settings(), host="no.such.host.invalid", port=0)
    with pytest.raises(UsageError, match="--token has 6 characters and could be guessed; 16 are the least"):
        prepare(Settings(token="secret"), host="127.0.0.1", port=0)
