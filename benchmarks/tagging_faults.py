"""A tagger killed at random points over hundreds of files of every format: how many files were damaged?

    python benchmarks/tagging_faults.py [--copies 25] [--kills 300] [--seed 1]

A library of songs in every format that the tests make. A process writes a genre into all of them, or undoes all
taggings, and is killed (SIGKILL) at a random moment; then each file is compared with what it was before any tagging and
with what an undisturbed tagging makes of it, packets of sound and all. The journal is opened, as the next start would,
and left-over copies are counted. Every tenth round undoing is let through to its end, and all files must be the old
ones to the last bit.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "library"))
import songs
import tagger

from earmark.library.journal import open_journal

GENRES = ("Jazz", "A genre that is rather longer than its padding " * 4)


def main() -> None:
    """Print the counts; exit code 1 where a single file was damaged or not undone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=25, help="songs of each format")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EARMARK_DATA"] = str(Path(folder) / "data")
        library = Path(folder) / "library"
        _fill(library, asked.copies)
        old = _digests(library)
        allowed, whole = _undisturbed(library, old)
        print(f"{len(old)} files of {len(songs.FORMATS)} formats; undisturbed, all are written in {whole:.1f} s")
        found = Counter[str]()
        for kill in range(asked.kills):
            _kill(library, chance.choice((*GENRES, "--undo")), chance.uniform(0, whole))
            now = _digests(library)
            found["left-over copies"] += len(now.keys() - old.keys())
            found["damaged"] += sum(now.get(name) not in allowed[name] for name in old)
            found["old"] += sum(now.get(name) == old[name] for name in old)
            found["new"] += sum(now.get(name) in allowed[name] - {old[name]} for name in old)
            with contextlib.closing(open_journal(library)) as journal, journal.turn():
                found["copies not removed"] += len(_digests(library).keys() - old.keys())
            if kill % 10 == 9 or kill == asked.kills - 1:
                found["left alone by undoing"] += int(_start(library, "--undo").communicate("\n")[0])
                now = _digests(library)
                found["undone to the last bit"] += sum(now.get(name) == old[name] for name in old)
                found["not undone"] += sum(now.get(name) != old[name] for name in old)
    print(f"{asked.kills} kills, seed {asked.seed}")
    for what in ("damaged", "old", "new", "left-over copies", "copies not removed"):
        print(f"after a kill, {what}: {found[what]}")
    for what in ("undone to the last bit", "not undone", "left alone by undoing"):
        print(f"when undoing was let through, {what}: {found[what]}")
    sys.exit(1 if found["damaged"] + found["copies not removed"] + found["not undone"] else 0)


def _fill(library: Path, copies: int) -> None:
    for copy in range(copies):
        for name in songs.FORMATS:
            path = songs.make(library, name, genres=("Rock",) if copy % 3 else (), tags=copy % 3 != 1)
            path.rename(path.with_stem(f"{name}-{copy}"))


def _digests(library: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in library.iterdir()}


def _undisturbed(library: Path, old: dict[str, str]) -> tuple[dict[str, set[str]], float]:
    """What each file may be: old, or written with one genre, or with one after the other. And the seconds one takes."""
    allowed = {name: {digest} for name, digest in old.items()}
    sound = {name: songs.packets(library / name) for name in old}
    slowest = 0.0
    for order in ((GENRES[0], GENRES[1], GENRES[0]), (GENRES[1], GENRES[0], GENRES[1])):
        for genre in order:
            process = _start(library, genre)
            begun = time.monotonic()
            process.communicate("\n")
            slowest = max(slowest, time.monotonic() - begun)
            for name, digest in _digests(library).items():
                allowed[name].add(digest)
                if songs.packets(library / name) != sound[name]:
                    sys.exit(f"{name}: writing changed the sound")
        _start(library, "--undo").communicate("\n")
        if _digests(library) != old:
            sys.exit("undisturbed undoing did not give the old files back")
    return allowed, slowest


def _start(library: Path, genre: str) -> subprocess.Popen[str]:
    words = [sys.executable, tagger.__file__, str(library), genre]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if process.stdout is None or process.stdout.readline() != "begun\n":
        sys.exit("the tagger did not begin")
    return process


def _kill(library: Path, genre: str, after: float) -> None:
    process = _start(library, genre)
    if process.stdin is not None:
        process.stdin.write("\n")
        process.stdin.flush()
    time.sleep(after)
    process.kill()
    process.communicate()


if __name__ == "__main__":
    main()
