"""A small table of song texts, and a run trained on it."""

from __future__ import annotations

import csv
from pathlib import Path

from earmark.cli.app import run
from earmark.run import Run, open_run

SAYS = {"gospel": "senhor deus jesus", "samba": "roda viola pandeiro"}


def train_on_songs(root: Path, model: str) -> Run:
    """A run of `model` in `root` that tells two genres by their words and artists."""
    genres = list(SAYS) * 20
    with (root / "songs.csv").open("w", newline="") as file:
        rows = [[f"{genre} {n % 5}", genre, f"{SAYS[genre]} o que {n}"] for n, genre in enumerate(genres)]
        csv.writer(file).writerows([["Artist", "Genre", "Lyrics"], *rows])
    (root / "recipe.toml").write_text(
        f'[data]\nname = "lyrics"\npath = "{root}/songs.csv"\n[features]\nname = "texts"\nartist = true\n'
        f'[model]\nname = "{model}"\n'
    )
    assert run(["train", str(root / "recipe.toml"), "--runs", str(root / "runs"), "--device", "cpu"]) == 0
    return open_run(root / "runs")
