"""earmark audit: what it finds among known repetitions and copies, and what it costs in a library of 10,000 tracks.

    python benchmarks/audit.py [known] [copies] [search]

known   GTZAN's mel128.npz: the listed repetitions, what else is reported, and, by comparing each track with each at
        every lag, how the agreement of pairs of one song lies against that of all others
copies  GTZAN's 40 clips copied in several ways: how many copies are found, and what is taken for one that is none
search  time and memory of the search among 700 tracks of 30 s, 10,000 of 30 s, and 5,000 of four minutes, made of the
        fingerprints of the 709: transposed by whole bands, reversed, joined

The data are read from EARMARK_SHARED, default ../shared. Each part is a process of its own with one thread; memory is
its peak.
"""

from __future__ import annotations

import csv
import io
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import soundfile
from scipy.fft import irfft, rfft

from earmark.audio.decode import read_audio
from earmark.audio.fingerprint import BITS, Fingerprint, fingerprint, fingerprint_log_mel
from earmark.audio.waveform import Waveform
from earmark.datasets.mel_arrays import mel_arrays
from earmark.library.repetitions import find_repetitions
from earmark.tracks import Dataset

GTZAN = Path(os.environ.get("EARMARK_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "gtzan"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SHORTEST_OVERLAP = 78  # columns, 6 s: over less, chance decides how well two tracks agree at the best of all lags


def fingerprints() -> tuple[Dataset, list[Fingerprint]]:
    """Of GTZAN's log-mel arrays."""
    dataset = mel_arrays(path=GTZAN / "mel" / "mel128.npz", artists=GTZAN / "artists.csv")
    return dataset, [fingerprint_log_mel(dataset.read(track)) for track in dataset.tracks]


def known() -> None:
    """The listed repetitions, and the agreement of all pairs."""
    dataset, prints = fingerprints()
    ids = [track.id for track in dataset.tracks]
    songs = {track.id: (track.artist, track.title) for track in dataset.tracks}
    with (GTZAN / "repetitions.csv").open(newline="") as file:
        listed = {(row["id_a"], row["id_b"]): row["kind"] for row in csv.DictReader(file)}
    began = time.process_time()
    found = {(ids[r.first], ids[r.second]): r.agreement for r in find_repetitions(prints)}
    looked_up = time.process_time() - began
    for kind in ("exact", "near", "version"):
        pairs = [pair for pair, called in listed.items() if called == kind]
        scores = sorted(found[pair] for pair in pairs if pair in found)
        print(f"listed as {kind}: {len(scores)} of {len(pairs)} found, agreement {scores[0]:.3f} to {scores[-1]:.3f}")
    others = [pair for pair in found if pair not in listed]
    same = [pair for pair in others if songs[pair[0]] == songs[pair[1]]]
    print(f"reported beside these: {len(others)}, of which the same artist and title: {len(same)}")
    began = time.process_time()
    best = agreement_of_all(prints)
    each = time.process_time() - began
    print(f"searched in {looked_up:.2f} s, each with each at every lag in {each:.1f} s: {each / looked_up:.0f} times")
    titles = [songs[name] if all(songs[name]) else name for name in ids]
    upper = [(a, b) for a in range(len(ids)) for b in range(a + 1, len(ids))]
    reported = [best[a, b] for a, b in upper if (ids[a], ids[b]) in found]
    silent = [
        (best[a, b], ids[a], ids[b]) for a, b in upper if titles[a] == titles[b] and (ids[a], ids[b]) not in found
    ]
    false = [best[a, b] for a, b in upper if titles[a] != titles[b] and (ids[a], ids[b]) not in found]
    print("at their best lag, the pairs reported:", *(f"{score:.3f}" for score in sorted(reported)[:5]), "and up")
    print(
        "  one title, not reported:", *(f"{score:.3f} {a} {b}," for score, a, b in sorted(silent)[:-4:-1]), "and down"
    )
    print(f"  the other {len(false)}:", *(f"{score:.3f}" for score in sorted(false)[:-6:-1]), "and down")


def agreement_of_all(prints: list[Fingerprint]) -> np.ndarray:
    """Agreement of each pair at its best lag, upper triangle (n, n), by correlation."""
    bits = np.stack([np.unpackbits(words[:, None].view(np.uint8), axis=1, bitorder="little") for words in prints])
    signs = (2.0 * bits - 1).astype(np.float32) * (np.stack(prints) != 0)[..., None]
    columns = signs.shape[1]
    lags = np.arange(-(columns - SHORTEST_OVERLAP), columns - SHORTEST_OVERLAP + 1)
    spectra = rfft(signs, 1024, axis=1).astype(np.complex64)
    best = np.zeros((len(prints), len(prints)), np.float32)
    for place, spectrum in enumerate(spectra[:-1]):
        product = np.einsum("fb,nfb->nf", spectrum, spectra[place + 1 :].conj())
        sums = irfft(product, 1024, axis=1)[:, lags % 1024]
        best[place, place + 1 :] = (sums / (BITS * (columns - np.abs(lags)))).max(1)
    return best


def mp3(sound: Waveform, kilobits: int, rate: int) -> Waveform:
    """Through an MP3 of that bit rate."""
    whole = io.BytesIO()
    with av.open(whole, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono", options={"compression_level": "9"})
        stream.bit_rate = kilobits * 1000
        frame = av.AudioFrame.from_ndarray(sound.at(rate).samples[None], format="fltp", layout="mono")
        frame.sample_rate = rate
        for piece in av.AudioResampler("fltp", "mono", rate, frame_size=1152).resample(frame):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return _decoded(whole)


def ogg(sound: Waveform) -> Waveform:
    """Through Ogg Vorbis at libsndfile's lowest quality."""
    whole = io.BytesIO()
    soundfile.write(whole, sound.samples, sound.sample_rate, format="OGG", compression_level=1.0)
    return _decoded(whole)


def _decoded(content: io.BytesIO) -> Waveform:
    samples, rate = soundfile.read(io.BytesIO(content.getvalue()), dtype="float32")
    return Waveform(samples, rate)


def part(sound: Waveform, start: float, end: float) -> Waveform:
    """Without so many seconds at its start and end."""
    first, last = round(start * sound.sample_rate), round(end * sound.sample_rate)
    return Waveform(sound.samples[first : len(sound.samples) - last], sound.sample_rate)


def louder(sound: Waveform, decibels: float) -> Waveform:
    """With what goes beyond full scale cut off."""
    return Waveform(np.clip(sound.samples * np.float32(10 ** (decibels / 20)), -1, 1), sound.sample_rate)


COPIES: dict[str, Callable[[Waveform], Waveform]] = {
    "MP3 64 kbit/s": lambda sound: mp3(sound, 64, 44_100),
    "MP3 16 kbit/s at 16 kHz": lambda sound: mp3(sound, 16, 16_000),
    "Ogg Vorbis, lowest": ogg,
    "2 s off the start": lambda sound: part(sound, 2.0, 0),
    "2 s off the end": lambda sound: part(sound, 0, 2.0),
    "3 dB louder": lambda sound: louder(sound, 3),
    "12 dB louder": lambda sound: louder(sound, 12),
    "at 8 kHz": lambda sound: sound.at(8_000),
    "1.2 s off, 3 dB, MP3 32 kbit/s": lambda sound: mp3(louder(part(sound, 1.237, 0.7), 3), 32, 22_050),
    "4 s of it": lambda sound: part(sound, 11.03, sound.seconds - 15.03),
    "1 % faster": lambda sound: Waveform(sound.samples, round(sound.sample_rate * 1.01)),
}


def copies() -> None:
    """The 40 clips, copied."""
    clips = [read_audio(path) for path in sorted((GTZAN / "audio").rglob("*.flac"))]
    prints = [fingerprint(clip) for clip in clips]
    n = len(clips)
    for name, copy in COPIES.items():
        found = find_repetitions([*prints, *(fingerprint(copy(clip)) for clip in clips)])
        right = sorted(r.agreement for r in found if r.second - r.first == n)
        wrong = len(found) - len(right)
        median = right[len(right) // 2]
        print(f"{name:31s} {len(right)} of {n} found, agreement {right[0]:.2f}, median {median:.2f}; {wrong} wrong")


def search() -> None:
    """Libraries made of the fingerprints of 709 tracks."""
    _, real = fingerprints()
    made = [turned(words, bits)[::step] for bits in range(BITS) for step in (1, -1) for words in real]
    long = [np.concatenate(made[place : place + 8]) for place in range(0, 40_000, 8)]
    for name, prints in (("700 × 30 s", real[:700]), ("10,000 × 30 s", made[:10_000]), ("5,000 × 4 min", long)):
        began = time.perf_counter()
        found = find_repetitions(prints)
        seconds = time.perf_counter() - began
        size = sum(words.nbytes for words in prints)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(f"{name}: {seconds:.1f} s, peak memory {peak:.0f} MB; {len(found)} pairs found")
        print(f"  fingerprints: {size / 1e6:.0f} MB, {size / len(prints):.0f} bytes a track")


def turned(words: Fingerprint, bits: int) -> Fingerprint:
    """With the bits moved up by so many, as of music transposed by as many bands."""
    return (words << np.uint32(bits)) | (words >> np.uint32(BITS - bits)) if bits else words


PARTS = {"known": known, "copies": copies, "search": search}

if __name__ == "__main__":
    asked = sys.argv[1:] or list(PARTS)
    if len(asked) == 1:
        PARTS[asked[0]]()
    else:
        for one in asked:
            began = time.perf_counter()
            subprocess.run([sys.executable, __file__, one], check=True, env=os.environ | ONE_THREAD)
            print(f"-- {one}: {time.perf_counter() - began:.0f} s in all\n", flush=True)
