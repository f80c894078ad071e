"""Digests of files."""

from __future__ import annotations

import hashlib

import pytest

from earmark.checksums import file_digest


def test_it_is_blake2b_of_the_content(tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(b"abc" * 500_000)
    assert file_digest(path) == hashlib.blake2b(b"abc" * 500_000, digest_size=16).hexdigest()
    again = tmp_path / "other name.mp3"
    again.write_bytes(path.read_bytes())
    assert file_digest(again) == file_digest(path)
    with pytest.raises(FileNotFoundError):
        file_digest(tmp_path / "missing.wav")
