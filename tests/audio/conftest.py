"""Sound to decode: a synthetic song always, a real one where the real data are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

RATE = 22_050
SOUNDFILE_FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "wav24": ("WAV", "PCM_24"),
    "wavfloat": ("WAV", "FLOAT"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "au": ("AU", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
}
AV_FORMATS = {  # muxer, encoder, muxer's options
    "m4a": ("ipod", "aac", {"movflags": "faststart"}),
    "alac": ("ipod", "alac", {"movflags": "faststart"}),
    "aac": ("adts", "aac", {}),
    "wma": ("asf", "wmav2", {}),
    "mka": ("matroska", "aac", {}),
    "oga": ("ogg", "flac", {}),
    "untagged": ("mp3", "libmp3lame", {"write_xing": "0"}),
}


@pytest.fixture(scope="session")
def song() -> np.ndarray:
    """Four seconds at 22,050 Hz: a chord under a beat, with a little noise."""
    time = np.arange(4 * RATE) / RATE
    noise = np.random.default_rng(7).standard_normal(len(time))
    chord = sum(np.sin(2 * np.pi * f * time) for f in (220, 277.2, 329.6, 1318.5))
    return (0.08 * chord + 0.1 * np.exp(-8 * (time % 0.5)) * noise + 0.001 * noise).astype(np.float32)


@pytest.fixture(scope="session")
def encode(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write samples, (n,) or (n, channels), in a format by its name above; the path."""

    def write(samples: np.ndarray, kind: str, sample_rate: int = RATE) -> Path:
        path = tmp_path_factory.mktemp(kind) / f"song.{kind}"
        if kind in SOUNDFILE_FORMATS:
            container, encoding = SOUNDFILE_FORMATS[kind]
            channels = 1 if samples.ndim == 1 else samples.shape[1]
            with soundfile.SoundFile(path, "w", sample_rate, channels, encoding, format=container) as sound:
                for first in range(0, len(samples), RATE):  # libsndfile crashes on a minute of Vorbis at once
                    sound.write(samples[first : first + RATE])
        else:
            _write_with_av(path, samples, sample_rate, *AV_FORMATS[kind])
        return path

    return write


def _write_with_av(path: Path, samples: np.ndarray, rate: int, muxer: str, encoder: str, options: dict) -> None:
    layout = {1: "mono", 2: "stereo", 8: "7.1"}[1 if samples.ndim == 1 else samples.shape[1]]
    with av.open(str(path), "w", format=muxer, options=options) as container:
        stream = container.add_stream(encoder, rate=rate, layout=layout)
        codec = stream.codec_context
        if "write_xing" in options:
            codec.qscale, codec.global_quality = True, 2 * 118  # variable bit rate
        else:
            codec.bit_rate = 96_000
            codec.options = {"aac_pns": "0"} if encoder == "aac" else {}  # noise that each decoding would draw anew
        fit = av.AudioResampler(format=codec.format.name, layout=layout, rate=rate, frame_size=codec.frame_size or 1024)
        interleaved = np.ascontiguousarray(samples, dtype=np.float32).reshape(1, -1)
        whole = av.AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
        whole.sample_rate, whole.pts = rate, 0
        for frame in [*fit.resample(whole), *fit.resample(None), None]:
            container.mux(stream.encode(frame))
