"""Archives from elsewhere: what is sound comes out whole, what is not leaves nothing behind."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from earmark.errors import DataError
from earmark.unpack import unpack

FILES = {"set/a.txt": b"one", "set/deep/b.txt": b"two" * 1000, "c.txt": b""}


def write_tar(path: Path, files: dict[str, bytes], mode: str = "w:gz", links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return path


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("empty")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("kind", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
def test_every_file_comes_out(tmp_path: Path, kind: str) -> None:
    archive = tmp_path / "archive"
    _ = write_zip(archive, FILES) if kind == "zip" else write_tar(archive, FILES, kind)
    unpack(archive, tmp_path / "out", limit_bytes=100_000)
    found = {p.relative_to(tmp_path / "out").as_posix(): p for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert {name: path.read_bytes() for name, path in found.items()} == FILES
    assert (tmp_path / "out" / "empty").is_dir() == (kind == "zip")


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "C:/out.txt", "..\\out.txt", "\\x"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_no_entry_leads_outside(tmp_path: Path, name: str, kind: str) -> None:
    archive = (write_tar if kind == "tar" else write_zip)(tmp_path / "evil", {"good.txt": b"1", name: b"2"})
    with pytest.raises(DataError, match="leads outside the archive; nothing was unpacked"):
        unpack(archive, tmp_path / "out", limit_bytes=100_000)
    assert [path.name for path in tmp_path.rglob("*")] == ["evil", "out"] or list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "out.txt").exists()


def test_links_are_refused(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "evil", {"good.txt": b"1"}, links={"door": "/etc"})
    with pytest.raises(DataError, match="door is neither a file nor a folder; nothing was unpacked"):
        unpack(archive, tmp_path / "out", limit_bytes=100_000)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize(
    "files", [{"zeros": bytes(5_000_000)}, {f"{i}": b"" for i in range(300)}], ids=["one large", "many empty"]
)
def test_a_bomb_stops_at_the_limit(tmp_path: Path, kind: str, files: dict[str, bytes]) -> None:
    archive = (write_tar if kind == "tar" else write_zip)(tmp_path / "bomb", files)
    with pytest.raises(DataError, match=r"unpacks to more than 100,000 bytes; it is not what it should be"):
        unpack(archive, tmp_path / "out", limit_bytes=100_000)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("keep", [0, 1, 20, 200, -40, -1])
@pytest.mark.parametrize("kind", ["w:gz", "w:xz", "zip"])
def test_a_cut_archive_is_refused_and_leaves_nothing(tmp_path: Path, kind: str, keep: int) -> None:
    archive = tmp_path / "cut"
    noise = {"noise": bytes(range(256)) * 4, **FILES}
    _ = write_zip(archive, noise) if kind == "zip" else write_tar(archive, noise, kind)
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(DataError, match="cut: cannot be unpacked into"):
        unpack(archive, tmp_path / "out", limit_bytes=100_000)
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "archive", FILES)
    (tmp_path / "out" / "set").mkdir(parents=True)
    with pytest.raises(DataError, match=r"set: already there; move it away to unpack archive"):
        unpack(archive, tmp_path / "out", limit_bytes=100_000)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["set"]
