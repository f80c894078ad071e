"""What a listener says of a file: first of its middle, then of all; and what it refuses, by the name a person knows."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from earmark.audio.waveform import Waveform
from earmark.errors import AudioError, ModelError, UsageError
from earmark.web.hearing import BANDS, COLUMNS, Listener, Listening, picture_of
from earmark.web.paths import Sound
from listeners import GENRES, RATE, write_classifier, write_song


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Listener:
    model = write_classifier(tmp_path_factory.mktemp("model") / "small")
    return Listening(str(model), min_confidence=0.0, longest=5.0)()


def test_the_middle_comes_first_and_then_all_of_it(listener: Listener, tmp_path: Path) -> None:
    parts = listener(Sound(str(write_song(tmp_path / "x1y2.flac")), "my <song>.flac"))
    glance = next(parts)
    with pytest.raises(StopIteration) as end:
        next(parts)
    heard = end.value.value
    assert set(glance.probabilities) == set(heard.told.probabilities) == set(GENRES)
    assert glance.picture == heard.picture
    assert heard.told.file == "my <song>.flac"
    assert heard.told.stretches[-1].end == pytest.approx(1.0)
    assert sum(heard.told.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert "<h2>The classifier</h2>" in heard.why
    assert "x1y2" not in heard.why


def hostile(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files by what they are, each with what is said of it."""
    rng = np.random.default_rng(1)
    noise = 0.1 * rng.standard_normal(2 * RATE)

    def wav(name: str, *, channels: int = 1, announced: int | None = None, rate: int = RATE) -> Path:
        data = np.zeros(2 * RATE, "<i2").tobytes()
        size = len(data) if announced is None else announced
        bytes_a_second, bytes_a_frame = (rate * channels * 2) & 0xFFFFFFFF, (2 * channels) & 0xFFFF
        kind = struct.pack("<HHIIHH", 1, channels, rate, bytes_a_second, bytes_a_frame, 16)
        head = struct.pack("<4sI8sI", b"RIFF", (36 + size) & 0xFFFFFFFF, b"WAVEfmt ", 16)
        head += kind + struct.pack("<4sI", b"data", size)
        (folder / name).write_bytes(head + data)
        return folder / name

    def flac(name: str, samples: np.ndarray) -> Path:
        soundfile.write(folder / name, samples, RATE, format="FLAC")
        return folder / name

    bomb = flac("bomb", np.zeros(3600 * RATE, np.int16))  # an hour of silence in some kilobytes
    assert bomb.stat().st_size < 300_000
    whole = flac("whole", noise).read_bytes()
    (folder / "cut").write_bytes(whole[: len(whole) // 2])
    (folder / "empty").write_bytes(b"")
    (folder / "text").write_text("#!/bin/sh\nrm -rf /\n")
    (folder / "zip").write_bytes(b"PK\x03\x04" + bytes(1000))
    soundfile.write(folder / "nan.wav", np.full(2 * RATE, np.nan), RATE, subtype="FLOAT")
    (folder / "playlist").write_text("#EXTM3U\n/etc/passwd\nfile:///etc/passwd\nhttp://127.0.0.1:1/x\n")
    (folder / "concat").write_text("ffconcat version 1.0\nfile '/etc/passwd'\n")
    (folder / "sdp").write_text("v=0\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n")
    return {
        "an hour packed small": (bomb, "song: longer than 5 s, which is the most this server listens to"),
        "a header that promises hours": (wav("hours", announced=2**31 - 100), "song: "),
        "a thousand channels": (wav("channels", channels=1024), "song: "),
        "a rate of 4 GHz": (wav("rate", rate=2**32 - 1), "song: "),
        "silence": (wav("silence"), "song: silent: every sample is below -80 dBFS"),
        "cut in the middle": (folder / "cut", "song: "),
        "nothing": (folder / "empty", "song: empty: the file has 0 bytes"),
        "a script": (folder / "text", "song: cannot be read as sound"),
        "an archive": (folder / "zip", "song: cannot be read as sound"),
        "no numbers": (folder / "nan.wav", "song: sample 0 "),
        "a list of other files": (folder / "playlist", "song: cannot be read as sound"),
        "a list for FFmpeg": (folder / "concat", "song: cannot be read as sound"),
        "a stream's address": (folder / "sdp", "song: cannot be read as sound"),
    }


def test_hostile_files_are_refused_by_the_name_that_a_person_knows(listener: Listener, tmp_path: Path) -> None:
    for what, (path, said) in hostile(tmp_path).items():
        with pytest.raises(AudioError) as refused:
            list(listener(Sound(str(path), "song")))
        assert str(refused.value).startswith(said), what
        assert str(tmp_path) not in str(refused.value), what
        assert "\n" not in str(refused.value), what


def test_a_track_with_a_silent_middle_is_heard_all_the_same(listener: Listener, tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(RATE)
    soundfile.write(tmp_path / "gap.wav", np.concatenate([noise, np.zeros(2 * RATE), noise]), RATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("earmark.web.hearing.MIDDLE", 1.0)
        *glances, _ = [*_parts(listener(Sound(str(tmp_path / "gap.wav"), "gap")))]
    assert glances == []


def _parts(generator: Any) -> Iterator[Any]:
    yield (yield from generator)


def test_what_hears_no_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing here: neither "):
        Listening("nothing here", 0.5, 60)()
    (tmp_path / "a.onnx").write_bytes(b"x")
    with pytest.raises((ModelError, UsageError)):
        Listening(str(tmp_path / "a.onnx"), 0.5, 60)()


@given(st.integers(1, 200_000), st.sampled_from([8000, 22_050, 48_000]))
def test_a_picture_has_as_many_columns_as_a_screen_can_show(samples: int, rate: int) -> None:
    sound = np.cos(np.arange(samples, dtype=np.float32) * 0.3) * np.linspace(1, 0.1, samples, dtype=np.float32)
    picture = picture_of(Waveform(sound, rate))
    spectrogram = np.frombuffer(base64.b64decode(picture.spectrogram), np.uint8).reshape(picture.bands, -1)
    assert picture.bands == BANDS
    assert 1 <= spectrogram.shape[1] <= COLUMNS + 1
    assert 1 <= len(picture.peaks) <= COLUMNS
    assert max(picture.peaks) == 255
    assert spectrogram.max() == 255 or samples < 2048, "less than a frame is mostly padding"
    assert picture.seconds == pytest.approx(samples / rate, abs=1e-3)
