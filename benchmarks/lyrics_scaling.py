"""How long each model of the lyrics study would train on the largest public set of song texts, and in how much memory.

    python benchmarks/lyrics_scaling.py [--songs 1000,2000,4000] [--only RECIPE …] [--rows 290183]

Kaggle's "Multi-Lingual Lyrics for Genre Classification" has 290,183 rows. Each Portuguese recipe on artists apart,
but those that only tell another one who sings, and each English one without a Portuguese counterpart, is trained on
made-up songs, as many as named, each training in a process of its own; a network for one epoch, whose time counts once
for each that the recipe asks for. Through the two largest sizes a power of the number of songs is laid, and a straight
line for memory, and followed to all rows. Seconds are those of the processor, on one thread; the judging that ends a
training is part of them.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from earmark.folders import cache_folder
from earmark.recipe import read_recipe, shipped_recipes

GENRES = tuple(f"genre {number}" for number in range(10))
WORDS = 250  # of a song, on average
VOCABULARY, OWN = 50_000, 400  # words in all, and how many each genre likes
SHARE = 0.15  # of a song's words that are of its genre's own


def write(path: Path, rows: int) -> None:
    """Songs of words as frequent as words are (Zipf), some of them their genre's, by artists of five songs each."""
    rng = np.random.default_rng(0)
    letters = np.array([*"aeiou"])
    words = np.array(["".join(rng.choice(letters, 2)) + f"{number:x}" for number in range(VOCABULARY)])
    own = {genre: rng.choice(words, OWN) for genre in GENRES}
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["Artist", "Song", "Genre", "Language", "Lyrics"])
        for row in range(rows):
            genre = GENRES[row % len(GENRES)]
            said = words[np.minimum(rng.zipf(1.3, max(20, int(rng.gamma(4, WORDS / 4)))), VOCABULARY) - 1]
            said = np.where(rng.random(len(said)) < SHARE, rng.choice(own[genre], len(said)), said)
            lines = "\n".join(" ".join(said[start : start + 6]) for start in range(0, len(said), 6))
            table.writerow([f"{genre} artist {row // (5 * len(GENRES))}", row, genre, "", lines])


def train_here(recipe: Path, table: Path) -> None:
    """Train in this process, and print seconds without the epoch, seconds of the epoch, and bytes at the peak."""
    import torch

    from earmark.experiment.train import train
    from earmark.training.history import read_history

    torch.set_num_threads(1)
    settings = [f"data.path={table.as_posix()}", "training.epochs=1", "split.fold=0"]
    asked = read_recipe(recipe, overrides=settings)
    started, used = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as runs:
        run = train(asked, runs=Path(runs), device="cpu")
        epoch = sum(row.seconds for row in read_history(run.history)) if run.history.is_file() else 0.0
    wall, busy = time.perf_counter() - started, time.process_time() - used
    status = Path("/proc/self/status").read_text()
    most = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    print(busy * (1 - epoch / wall), busy * epoch / wall, most)


def measured(recipe: Path, table: Path, epochs: int) -> tuple[float, int]:
    """Seconds of a whole training, and bytes at its peak."""
    command = [sys.executable, __file__, "--train", str(recipe), "--table", str(table)]
    alone = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")}
    with tempfile.TemporaryDirectory() as cache:  # of its own: what a training keeps would spare the next one work
        Path(cache, "pretrained").symlink_to(cache_folder() / "pretrained")
        alone["EARMARK_CACHE"] = cache
        done = subprocess.run(command, capture_output=True, text=True, env=alone, check=False)
    if done.returncode:
        raise SystemExit(f"{recipe.stem}: {done.stderr.strip().splitlines()[-1]}")
    rest, epoch, most = map(float, done.stdout.split())
    return rest + epochs * epoch, int(most)


def one_of_each(paths: list[Path]) -> dict[str, Path]:
    """Recipes on artists apart by name, in one language each, but those that only add the artist or the marks."""
    alone = {path.stem: path for path in paths if not path.stem.endswith(("_random", "_artist", "_marks"))}
    return {
        name: path
        for name, path in alone.items()
        if name.startswith("portuguese_") or name.replace("english2_", "portuguese_") not in alone
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--songs", default="1000,2000,4000")
    parser.add_argument("--rows", type=int, default=290_183)
    parser.add_argument("--only", action="append")
    parser.add_argument("--train", type=Path)
    parser.add_argument("--table", type=Path)
    asked = parser.parse_args()
    if asked.train is not None:
        train_here(asked.train, asked.table)
        return
    sizes = sorted(int(size) for size in asked.songs.split(","))
    recipes = one_of_each(sorted((shipped_recipes() / "lyrics").glob("*.toml")))
    with tempfile.TemporaryDirectory() as scratch:
        tables = {size: Path(scratch) / f"{size}.csv" for size in sizes}
        for size, table in tables.items():
            write(table, size)
        print(f"{'recipe':36}{''.join(f'{size:>9,}' for size in sizes)}  seconds; exponent; {asked.rows:,} songs")
        for name in asked.only or recipes:
            recipe = read_recipe(recipes[name])
            found = [measured(recipes[name], table, recipe.training.epochs) for table in tables.values()]
            (near, near_bytes), (far, far_bytes) = found[-2:]
            power = math.log(far / near) / math.log(sizes[-1] / sizes[-2])
            hours = far * (asked.rows / sizes[-1]) ** power / 3600
            slope = max(0, far_bytes - near_bytes) / (sizes[-1] - sizes[-2])
            gigabytes = (far_bytes + slope * (asked.rows - sizes[-1])) / 1e9
            seconds = "".join(f"{each:9.1f}" for each, _ in found)
            print(f"{name:36}{seconds}  {power:.2f}  {hours:.1f} hours, {gigabytes:.1f} GB", flush=True)


if __name__ == "__main__":
    main()
