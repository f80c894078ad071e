"""Ogg pages are held to their checksums, since decoders pass over damaged ones without a word."""

from __future__ import annotations

import io

import numpy as np
import pytest

from earmark.audio.decode import read_audio
from earmark.audio.ogg import MARK, is_damaged
from earmark.errors import AudioError

RATE = 24_000
KINDS = pytest.mark.parametrize("kind", ["ogg", "opus", "oga"])


@KINDS
def test_a_damaged_page_is_said_and_the_rest_can_be_had(song, encode, kind):
    path = encode(np.tile(song, 3), kind, RATE)
    whole = path.read_bytes()
    seconds = read_audio(path).seconds
    content = bytearray(whole)
    content[len(whole) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"s read, then the \w+ data cannot be decoded \(.*\): the file is .*damaged"):
        read_audio(path)
    assert 0.5 < read_audio(path, allow_partial=True).seconds <= seconds


@KINDS
def test_whole_files_are_not_damaged_whatever_follows_them(song, encode, kind):
    whole = encode(song, kind, RATE).read_bytes()
    assert not is_damaged(io.BytesIO(whole))
    assert not is_damaged(io.BytesIO(whole + b"TAG" + bytes(125)))
    assert not is_damaged(io.BytesIO(whole + whole))  # one stream behind another


@KINDS
def test_cuts_and_bytes_in_between_are_damage(song, encode, kind, rng):
    whole = encode(song, kind, RATE).read_bytes()
    last = whole.rindex(MARK)
    for end in (last + 4, last + 26, last + 27, len(whole) - 1):
        assert is_damaged(io.BytesIO(whole[:end]))
    assert is_damaged(io.BytesIO(whole[:last] + b"x" + whole[last:]))
    for at in rng.integers(0, last, 20):
        assert is_damaged(io.BytesIO(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]))
