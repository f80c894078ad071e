"""How fast the default classifier names four-minute MP3s, stage by stage, against librosa and the plain network.

    python benchmarks/tagging_speed.py [--tracks 24] [--workers 2]

Makes stereo MP3s of 44,100 Hz of built-in songs, each another, four minutes long, and scans them as `earmark tag` does
with a cache of its own: tracks a second with all workers, the start of the workers included. Then, in one
thread: the share of decoding, features and network in one track, and the peer: librosa decodes and resamples the same
half minute and makes the network's log-mel, and the network runs as it is defined. Memory is the peak of this process.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

MINUTES = 4
RATE = 44_100


def make_library(folder: Path, tracks: int) -> list[Path]:
    """So many MP3s, each another mixture of tones and noise with a beat."""
    t = np.arange(MINUTES * 60 * RATE) / RATE
    paths = []
    for place in range(tracks):
        rng = np.random.default_rng(place)
        beat = 1 + np.sign(np.sin(2 * np.pi * rng.uniform(1, 3) * t))
        tone = sum(np.sin(2 * np.pi * rng.uniform(80, 2000) * t) for _ in range(3))
        mono = 0.05 * beat * tone + rng.normal(0, 0.02, len(t))
        paths.append(folder / f"{place:03d}.mp3")
        soundfile.write(paths[-1], np.stack([mono, 0.9 * mono], 1).astype(np.float32), RATE, format="MP3")
    return paths


def seconds_of(work: Callable[[], object], repeats: int = 5) -> float:
    """The middle of so many runs."""
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return float(np.median(took))


def scan_speed(folder: Path, tracks: int, workers: int) -> None:
    """Tracks a second as a person has them."""
    from earmark.batches.mapping import Place
    from earmark.classifier import DEFAULT
    from earmark.library.answers import Answers
    from earmark.library.listen import listening
    from earmark.library.scan import scan

    start = time.perf_counter()
    make, _ = listening(DEFAULT)
    answers = Answers(make.digest, folder.parent / "answers.sqlite")
    scan([folder], answers, make, place=Place(workers=workers))
    took = time.perf_counter() - start
    heard = sum(found.fault is None for found in answers.found())
    print(f"tracks {heard} workers {workers} seconds {took:.2f} tracks_per_second {heard / took:.2f}")
    print(f"times_real_time {tracks * MINUTES * 60 / took:.0f}")


def stages(path: Path) -> None:
    """One track in one thread, piece by piece, and the peer."""
    import torch

    torch.set_num_threads(1)
    from earmark.audio.musicnn_mel import musicnn_mel
    from earmark.classifier.loading import load_default
    from earmark.classifier.pieces import cut, read_excerpt
    from earmark.models.musicnn import PATCH_FRAMES
    from earmark.pretrained.musicnn import load_musicnn

    fusion = load_default()
    seconds = fusion.card.piece_seconds
    waveform, offset = read_excerpt(path, seconds)
    pieces = cut(waveform, seconds, where=str(path), offset=offset)
    (low,) = pieces.at(16_000)
    (high,) = pieces.at(22_050)
    frames = torch.from_numpy(musicnn_mel(low.samples))
    columns = fusion.features[1].clips(high, "track")[0]
    tags = fusion.features[0].clips(low, "track")[0]
    parts = {
        "decode": seconds_of(lambda: read_excerpt(path, seconds)),
        "resample": seconds_of(lambda: (pieces.at(16_000), pieces.at(22_050))),
        "log_mels": seconds_of(lambda: (musicnn_mel(low.samples), fusion.features[1].clips(high, "track"))),
        "network": seconds_of(lambda: load_musicnn()(frames, PATCH_FRAMES)),
        "statistics_and_discriminants": seconds_of(lambda: fusion.probabilities([tags, columns])),
    }
    whole = seconds_of(lambda: fusion.predict(path, whole=False))
    for name, took in parts.items():
        print(f"{name} {took * 1000:.0f} ms share {took / whole:.2f}")
    print(f"one track, one thread {whole * 1000:.0f} ms")

    import librosa

    @torch.inference_mode()
    def peer() -> None:
        start = max(0.0, librosa.get_duration(path=path) / 2 - seconds / 2)
        samples, _ = librosa.load(path, sr=16_000, offset=start, duration=seconds)
        power = librosa.feature.melspectrogram(y=samples, sr=16_000, n_fft=512, hop_length=256, n_mels=96)
        x = torch.from_numpy(np.log10(10_000 * power.T + 1).astype(np.float32))
        load_musicnn().network(x.unfold(0, PATCH_FRAMES, PATCH_FRAMES).transpose(1, 2))

    peer()  # librosa compiles at its first call
    took = seconds_of(peer)
    print(f"peer: librosa and the plain network {took * 1000:.0f} ms, {took / whole:.2f} times ours")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=24)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        music = Path(folder) / "music"
        music.mkdir()
        paths = make_library(music, asked.tracks)
        scan_speed(music, asked.tracks, asked.workers)
        stages(paths[0])
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
