"""Fetching from a server on this machine that behaves as badly as real ones do."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from earmark import download
from earmark.download import FETCHABLE, Source, fetch, fetch_named
from earmark.errors import DataError

CONTENT = np.random.default_rng(7).bytes(300_000)
CHECKSUM = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Server(BaseHTTPRequestHandler):
    """What it does is named by the path; `asked` keeps path and Range of every request."""

    asked: ClassVar[list[tuple[str, str | None]]] = []
    archive: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append((self.path, wanted))
        times = sum(path == self.path for path, _ in self.asked)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        match self.path:
            case "/whole":
                self.give(CONTENT, start)
            case "/redirected":
                self.answer(302, {"Location": "/whole", "Content-Length": "0"})
            case "/breaks":  # after 100,000 bytes each time
                self.give(CONTENT, start, most=100_000)
            case "/breaks_unnamed":  # once, and nothing says which version it is of
                self.give(CONTENT, start, most=100_000 if times == 1 else None, tag="")
            case "/breaks_and_changes":  # the second version has another tag
                old = times == 1
                fits = self.headers.get("If-Range") == '"new"'
                self.give(
                    b"old" * 100_000 if old else CONTENT,
                    start if fits else 0,
                    most=100_000 if old else None,
                    tag='"old"' if old else '"new"',
                )
            case "/always_breaks":
                self.give(CONTENT, start, most=1_000)
            case "/ignores_range":
                self.give(CONTENT, 0, most=100_000 if times == 1 else None)
            case "/wrong_range":
                self.answer(206, {"Content-Range": "bytes 5-9/300000", "Content-Length": "5"}, b"12345")
            case "/wrong":
                self.give(b"<html>log in first</html>", 0)
            case "/no_length":
                self.answer(200, {}, CONTENT)
            case "/busy":
                self.answer(503 if times < 3 else 200, {"Content-Length": str(len(CONTENT))}, CONTENT)
            case "/hangs_up":
                self.close_connection = True
            case "/archive":
                self.give(self.archive, start)
            case _:
                self.answer(404, {"Content-Length": "0"})

    def give(self, content: bytes, start: int, *, most: int | None = None, tag: str = '"tag"') -> None:
        if start and start == len(content):
            return self.answer(416, {"Content-Range": f"bytes */{start}", "Content-Length": "0"})
        headers = {"Content-Length": str(len(content) - start), "ETag": tag}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        rest = content[start:] if most is None else content[start : start + most]
        return self.answer(206 if start else 200, headers, rest)

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Server.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.mark.parametrize("path", ["whole", "redirected", "no_length", "breaks", "ignores_range", "busy"])
@pytest.mark.parametrize("checksum", [CHECKSUM, None])
def test_the_file_comes_whole(server: str, tmp_path: Path, path: str, checksum: str | None) -> None:
    target = tmp_path / "new" / "song.bin"
    assert fetch([f"{server}/{path}"], target, checksum=checksum, size=len(CONTENT), wait=0) == target
    assert target.read_bytes() == CONTENT
    assert [file.name for file in target.parent.iterdir()] == ["song.bin"]


def test_a_broken_line_is_taken_up_where_it_broke(server: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    fetch([f"{server}/breaks"], tmp_path / "f", progress=lambda *step: seen.append(step), wait=0)
    assert [wanted for _, wanted in Server.asked] == [None, "bytes=100000-", "bytes=200000-"]
    assert [there for there, _ in seen] == sorted(there for there, _ in seen)
    assert seen[-1] == (300_000, 300_000)


def test_a_file_that_changed_meanwhile_is_begun_anew(server: str, tmp_path: Path) -> None:
    fetch([f"{server}/breaks_and_changes"], tmp_path / "f", wait=0)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_the_next_call_and_the_next_mirror_go_on_from_the_piece(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"always_breaks \(broke off after 2,000 of 300,000 bytes; 2 attempts\)"):
        fetch([f"{server}/always_breaks"], tmp_path / "f", checksum=CHECKSUM, attempts=2, wait=0)
    assert (tmp_path / "f.part").stat().st_size == 2_000
    fetch([f"{server}/gone", f"{server}/whole"], tmp_path / "f", checksum=CHECKSUM, wait=0)
    assert Server.asked[-1] == ("/whole", "bytes=2000-")
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_without_version_and_checksum_a_broken_line_is_begun_anew(server: str, tmp_path: Path) -> None:
    fetch([f"{server}/breaks_unnamed"], tmp_path / "f", wait=0)
    assert [wanted for _, wanted in Server.asked] == [None, None]
    fetch([f"{server}/breaks_unnamed"], tmp_path / "g", checksum=CHECKSUM, wait=0)
    assert (tmp_path / "f").read_bytes() == (tmp_path / "g").read_bytes() == CONTENT


def test_a_piece_that_nothing_vouches_for_is_not_used(server: str, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(b"another file")
    fetch([f"{server}/whole"], tmp_path / "f", wait=0)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_piece_of_another_file_is_found_out_by_the_checksum(server: str, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(b"another file")
    fetch([f"{server}/whole"], tmp_path / "f", checksum=CHECKSUM, wait=0)
    assert [wanted for _, wanted in Server.asked] == ["bytes=12-", None]
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize("piece", [CONTENT, CONTENT + b"and more"], ids=["whole", "too long"])
def test_a_piece_with_nothing_left_to_ask_for(server: str, tmp_path: Path, piece: bytes) -> None:
    (tmp_path / "f.part").write_bytes(piece)
    fetch([f"{server}/whole"], tmp_path / "f", checksum=CHECKSUM, wait=0)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_wrong_content_is_removed_and_the_next_mirror_asked(server: str, tmp_path: Path) -> None:
    fetch([f"{server}/wrong", f"{server}/whole"], tmp_path / "f", checksum=CHECKSUM, wait=0)
    assert Server.asked[-1] == ("/whole", None)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_every_mirror_is_named_with_why_it_failed_and_what_to_do(server: str, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(b"12345678")
    nobody = "http://127.0.0.1:1/"
    mirrors = [nobody, *(f"{server}/{path}" for path in ("gone", "hangs_up", "wrong_range", "wrong"))]
    with pytest.raises(DataError) as caught:
        fetch(mirrors, tmp_path / "f", checksum=CHECKSUM, attempts=2, wait=0)
    said = str(caught.value)
    assert "\n" not in said
    for piece in (
        "f: no mirror gave it",
        "Connection refused)",
        "/gone (404 Not Found)",
        "/hangs_up (Remote end closed connection without response; 2 attempts)",
        "/wrong_range (asked for byte 8 onwards, it sent 'bytes 5-9/300000')",
        f"its sha256 is {hashlib.sha256(b'<html>log in first</html>').hexdigest()}, not {CHECKSUM[7:]}; "
        "what came was removed",
        f"download it by hand and put it at {tmp_path / 'f'}",
    ):
        assert piece in said
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_whose_file_has_another_size_is_left_at_once(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"/wrong \(it has 25 bytes, not 300,000\)"):
        fetch([f"{server}/wrong"], tmp_path / "f", size=300_000)
    with pytest.raises(DataError, match=r"/no_length \(it sends more than 1,000 bytes\)"):
        fetch([f"{server}/no_length"], tmp_path / "f", size=1_000)


def test_a_file_put_there_by_hand_is_checked_and_taken(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(CONTENT)
    assert fetch([], tmp_path / "f", checksum=CHECKSUM) == tmp_path / "f"
    (tmp_path / "f").write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match=r"f: already there, but its sha256 is .*; remove it and run this again"):
        fetch([], tmp_path / "f", checksum=CHECKSUM)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_said(server: str, tmp_path: Path) -> None:
    (tmp_path / "f.part").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"f\.part: No space left on device after 0 of 300,000 bytes; make room"):
        fetch([f"{server}/whole"], tmp_path / "f", checksum=CHECKSUM, wait=0)


def test_a_folder_that_cannot_be_written_is_said(server: str, tmp_path: Path) -> None:
    (tmp_path / "f.part").mkdir()
    with pytest.raises(DataError, match=r"f\.part: cannot be written: Is a directory"):
        fetch([f"{server}/whole"], tmp_path / "f", checksum=CHECKSUM, wait=0)


def archive_of(names: list[str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"RIFF"))
    return out.getvalue()


def test_a_data_set_is_fetched_unpacked_and_not_fetched_again(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Server.archive = archive_of(["genres/blues/blues.00000.wav", "genres/rock/rock.00000.wav"])
    checksum = f"md5:{hashlib.md5(Server.archive).hexdigest()}"
    source = Source("two songs", (f"{server}/gone", f"{server}/archive"), "genres.tar.gz", "genres", 10_000, checksum)
    monkeypatch.setitem(download.FETCHABLE, "gtzan", source)
    for _ in range(2):
        assert fetch_named("gtzan", tmp_path) == tmp_path / "genres"
    assert len(Server.asked) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["genres"]
    assert (tmp_path / "genres" / "rock" / "rock.00000.wav").read_bytes() == b"RIFF"


def test_an_archive_brought_by_hand_is_verified_unpacked_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = archive_of(["genres/rock/rock.00000.wav"])
    checksum = f"md5:{hashlib.md5(content).hexdigest()}"
    monkeypatch.setitem(FETCHABLE, "gtzan", Source("a song", (), "genres.tar.gz", "genres", 10_000, checksum))
    archive = tmp_path / "by_hand.tar.gz"
    with pytest.raises(DataError, match=r"by_hand\.tar\.gz: cannot be read: No such file"):
        fetch_named("gtzan", tmp_path, archive=archive)
    archive.write_bytes(content[:-1])
    with pytest.raises(DataError, match=r"by_hand\.tar\.gz: its md5 is \w+, not \w+; it is another file, or was cut"):
        fetch_named("gtzan", tmp_path, archive=archive)
    archive.write_bytes(content)
    assert (fetch_named("gtzan", tmp_path, archive=archive) / "rock" / "rock.00000.wav").is_file()
    assert archive.is_file()


@pytest.mark.parametrize("name", FETCHABLE)
def test_what_can_be_fetched_has_mirrors_and_a_checksum(name: str) -> None:
    source = FETCHABLE[name]
    algorithm, _, digits = source.checksum.partition(":")
    assert len(digits) == 2 * hashlib.new(algorithm).digest_size
    assert source.what
    assert source.urls
    assert all(url.startswith(("https://", "http://")) for url in source.urls)
