"""What a header announces costs nothing until it is there; what others make of a file does not count as damage."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import mutagen.asf
import numpy as np
import pytest
import soundfile

from earmark.audio.decode import probe, read_audio
from earmark.errors import AudioError

RATE = 22_050
MIB = 1 << 20


@contextmanager
def at_most(mib: int) -> Iterator[None]:
    """No more than that is in use at once, of arrays and Python's own."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < mib * MIB
    finally:
        tracemalloc.stop()


def test_a_thousand_channels_take_no_more_memory_than_two(tmp_path, rng):
    path = tmp_path / "song.wav"
    soundfile.write(path, rng.normal(0, 0.1, (100, 1024)), RATE, subtype="PCM_16")
    with at_most(16):
        assert len(read_audio(path).samples) == 100


@pytest.mark.parametrize(("kind", "place", "order"), [("au", 8, "big"), ("wav", 40, "little"), ("flac", 22, "big")])
def test_hours_that_a_header_announces_are_not_allocated(song, encode, kind, place, order):
    path = encode(song[:RATE], kind)
    content = bytearray(path.read_bytes())
    if kind == "flac":  # 36 bits of samples
        content[place - 1] |= 0x0F
    content[place : place + 4] = (0x7000_0000).to_bytes(4, order)
    path.write_bytes(content)
    assert probe(path).seconds > 3600
    with at_most(16), pytest.raises(AudioError, match=rf"song\.{kind}: 1\.0 of \d{{5,}}\.\d s read"):
        read_audio(path)
    with at_most(16):
        assert len(read_audio(path, allow_partial=True).samples) == RATE


def test_eight_channels(song, encode):
    """Where FFmpeg has a plane for each of them, PyAV 18.1 reads beyond the last and takes the process along."""
    path = encode(np.stack([song] * 8, axis=1), "mka")
    assert probe(path).channels == 8
    heard = read_audio(path).samples
    assert np.abs(heard).max() == pytest.approx(np.abs(song).max(), rel=0.3)


def test_tags_written_into_a_wma_do_not_make_it_longer(song, encode):
    """They do for FFmpeg, which goes by the bit rate once the file is longer than its header says."""
    path = encode(song, "wma")
    told = probe(path).seconds
    tags = mutagen.asf.ASF(path)
    tags["WM/Picture"] = mutagen.asf.ASFByteArrayAttribute(bytes(path.stat().st_size))
    tags.save()
    assert probe(path).seconds == told == pytest.approx(4, abs=0.1)
    assert read_audio(path).seconds == pytest.approx(4, abs=0.1)


def test_a_wma_that_does_not_know_its_length_is_read_to_its_end(song, encode):
    path = encode(song, "wma")
    content = bytearray(path.read_bytes())
    properties = content.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    content[properties + 88] |= 1
    path.write_bytes(content)
    assert read_audio(path).seconds == pytest.approx(4, abs=0.1)
