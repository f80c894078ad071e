"""The study of spectrogram pictures at reduced size, end to end: what it takes, and its table.

    python benchmarks/images.py MEL.npz [--artists artists.csv] [--folder runs/images-reduced] [--jobs 1]

MEL.npz holds log-mel arrays as `mel_arrays` reads them, such as GTZAN's mel128.npz. Draws 25 pictures of each of 8
genres with axes, 80:10:10 by track (by artist where they are given), and trains all recipes of `recipes/images` on them
at 96 pixels, in bfloat16, with seed 1, and without stopping early, so that all curves show 40 and 16 epochs. Prints the
seconds and the peak memory of both commands. Stopped, it goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

GENRES = '["blues", "classical", "country", "disco", "hiphop", "metal", "pop", "reggae"]'
LISTED = '["train", "valid"]'  # and not the repetitions and faults among GTZAN's tracks
REDUCED = ("data.height=96", "data.width=96", "training.precision=bfloat16", "training.patience=56")
LIMIT = 3600  # seconds for the study on two cores


def timed(*arguments: str | Path) -> float:
    """Run that command of earmark; gives its seconds."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "earmark.cli", *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"earmark {shlex.join(map(str, arguments))}: exit code {os.waitstatus_to_exitcode(status)}")
    print(f"{seconds:6.0f} s  {usage.ru_maxrss / 1024:6.0f} MB  earmark {arguments[0]}", flush=True)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mel", type=Path)
    parser.add_argument("--artists", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("runs/images-reduced"))
    parser.add_argument("--jobs", default="1")
    arguments = parser.parse_args()
    pictures = arguments.folder / "pictures"
    if not pictures.exists():
        known = ["--by-artist", "--set", f"artists={arguments.artists}"] if arguments.artists else []
        settings = ["--set", f"genres={GENRES}", "--set", f"parts={LISTED}", *known]
        timed("render", arguments.mel, pictures, "--axes", "--per-genre", "25", *settings)
    settings = [word for setting in (f"data.path={pictures}", *REDUCED) for word in ("--set", setting)]
    where = ["--runs", arguments.folder, "--results", arguments.folder / "results.csv"]
    seconds = timed("study", "images", "--seeds", "1", "--jobs", arguments.jobs, *where, *settings)
    print(f"ratio_to_limit {seconds / LIMIT:.2f}")


if __name__ == "__main__":
    main()
