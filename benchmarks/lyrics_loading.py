"""How long the largest public set of song texts takes to load, and how much memory.

    python benchmarks/lyrics_loading.py [--rows 290183] [--folder FOLDER]

Writes a CSV file of so many made-up songs of about 1.3 kB (Kaggle's "Multi-Lingual Lyrics for Genre Classification" has
290,183 in its train.csv), packed and unpacked, and loads each in a process of its own. Prints seconds, and the peak
memory of that process (Linux alone tells it), beside what its imports take; then the same for one language.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LETTERS = 1300  # of a song, on average
LIMIT_SECONDS, LIMIT_BYTES = 60, 3 * 10**9
GENRES = ("Rock", "Pop", "Metal", "Jazz", "Indie", "Folk", "Electronic", "R&B", "Hip-Hop", "Country")
LANGUAGES = ("en", "es", "pt", "fr", "de")


def write(path: Path, rows: int) -> None:
    """Songs of words as frequent as words are (Zipf), with accents and typographic quotes here and there."""
    rng = np.random.default_rng(0)
    syllables = np.array(["la", "ma", "ré", "no", "ti", "so", "ça", "lu", "vem", "sky", "don’t", "é", "el", "ba"])
    vocabulary = np.array(["".join(rng.choice(syllables, rng.integers(1, 4))) for _ in range(50_000)])
    with gzip.open(path, "wt", newline="", encoding="utf-8", compresslevel=1) as file:
        table = csv.writer(file)
        table.writerow(["Artist", "Song", "Genre", "Language", "Lyrics"])
        for row in range(rows):
            words = vocabulary[np.minimum(rng.zipf(1.3, int(rng.gamma(4, LETTERS / 26))), 50_000) - 1]
            lines = "\n".join(" ".join(words[start : start + 6]) for start in range(0, len(words), 6))
            artist, genre = rng.integers(rows // 25 + 1), GENRES[row % len(GENRES)]
            table.writerow([f"Artist {artist}", f"Song {row}", genre, LANGUAGES[row % 5], lines])


def load(path: Path, language: str) -> None:
    """Load it here, and print seconds, bytes at the peak, bytes before, and songs."""
    from earmark.datasets.lyrics import lyrics

    before = peak()
    started, used = time.perf_counter(), time.process_time()
    songs = lyrics(path=path, language=language or None)
    print(time.perf_counter() - started, time.process_time() - used, peak(), before, len(songs))


def peak() -> int:
    """Most bytes that this process has held; unlike getrusage's, without those of the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def measured(path: Path, language: str = "") -> None:
    command = [sys.executable, __file__, "--load", str(path), "--language", language]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, used, most, before, songs = map(float, done.stdout.split())
    kept = "kept" if seconds < LIMIT_SECONDS and most < LIMIT_BYTES else "MISSED"
    size = path.stat().st_size / 1e6
    what = f"{path.name} ({size:,.0f} MB){f', language {language}' if language else ''}"
    print(f"{what}: {songs:,.0f} songs in {seconds:.1f} s, {used:.1f} s of them on the processor")
    print(f"  {most / 1e6:,.0f} MB at the peak, {before / 1e6:,.0f} MB after the imports")
    print(f"  limits of {LIMIT_SECONDS} s and {LIMIT_BYTES / 1e9:g} GB {kept}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=290_183)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--load", type=Path)
    parser.add_argument("--language", default="")
    asked = parser.parse_args()
    if asked.load is not None:
        load(asked.load, asked.language)
        return
    with tempfile.TemporaryDirectory() as scratch:
        packed = (asked.folder or Path(scratch)) / "songs.csv.gz"
        plain = packed.with_suffix("")
        if not packed.is_file():
            write(packed, asked.rows)
        with gzip.open(packed) as source, plain.open("wb") as target:
            shutil.copyfileobj(source, target)
        measured(plain)
        measured(packed)
        measured(plain, language="pt")


if __name__ == "__main__":
    main()
