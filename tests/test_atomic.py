"""Files are the old or the new, never half of one."""

from __future__ import annotations

import pytest

from earmark.atomic import replacing, write_bytes, write_text


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "new folder" / "file.bin"
    for content in (b"\0first", b"second"):
        write_bytes(path, content)
        assert path.read_bytes() == content


def test_text_keeps_its_line_ends(tmp_path):
    write_text(tmp_path / "a.csv", "é\n1\r\n")
    assert (tmp_path / "a.csv").read_bytes() == b"\xc3\xa9\n1\r\n"


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_new_name_appears_only_when_all_is_written(tmp_path):
    path = tmp_path / "file.txt"
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == path.parent
        assert not path.exists()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "new"


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "file.txt"):
        pass
    assert list(tmp_path.iterdir()) == []
