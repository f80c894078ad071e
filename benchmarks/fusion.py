"""Does late fusion add up what sound and lyrics know? On songs made up in pairs, where the answer is known.

    python benchmarks/fusion.py [--songs 960] [--folder FOLDER]

Each synthetic song gets a text of twelve words: three of its own genre's vocabulary, the rest of all genres'. A share
of the texts, the noise, belongs to a song of another genre. One classifier learns the sound, heard for a second, one
the texts, from the same split by band; `earmark fuse` weighs both on validation and judges the test part. With more
noise they should add less, and with texts of any genre but the song's nothing. A weight is an exponent: texts that say
hardly anything may have a large one and change no answer. Nothing here is a recording.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np

from earmark.datasets.synthetic import synthetic
from earmark.experiment.late_fusion import TOGETHER, LateFusion, fuse_predictions
from earmark.experiment.train import train
from earmark.recipe import parse_recipe
from earmark.splits import draw
from earmark.tracks import Track

NOISES = (0.0, 0.25, 0.5, 0.75, 1.0)
WORDS, OWN = 12, 3  # words of a text, and how many are of its genre
SECONDS = 1
RECIPE = """
data = {{ {data} }}
split = {{ kind = "file", path = "{split}" }}
features = {{ {features} }}
model = {{ {model} }}
training = {{ keep = "last" }}
"""


def text(track: Track, genres: tuple[str, ...], rng: np.random.Generator, noise: float) -> str:
    """Twelve words, some of which only the song's genre says as often, or another's that stands in for it."""
    about = rng.choice([g for g in genres if g != track.genre]) if rng.random() < noise else track.genre
    words = [f"{about}word{rng.integers(8)}" for _ in range(OWN)]
    words += [f"{rng.choice(genres)}word{rng.integers(8)}" for _ in range(WORDS - OWN)]
    return " ".join(rng.permutation(words))


def run(folder: Path, songs: int) -> dict[float, LateFusion]:
    """Noise → what both say together."""
    sound = synthetic(songs=songs, seconds=SECONDS)
    split = draw(sound, kind="by_artist", valid=0.25, test=0.35)
    split.write(folder / "split.csv")

    def trained(name: str, **words: str) -> Path:
        recipe = parse_recipe(RECIPE.format(split=(folder / "split.csv").as_posix(), **words), where=name)
        return train(recipe, runs=folder / "runs", name=name).folder

    heard = trained(
        "sound",
        data=f'name = "synthetic", songs = {songs}, seconds = {SECONDS}',
        features='name = "log_mel"',
        model='name = "feature_discriminant"',
    )
    found = {}
    for noise in NOISES:
        rng = np.random.default_rng(1)
        path = folder / f"texts-{noise:.2f}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["Id", "Artist", "Genre", "Lyrics"])
            for track in sound.tracks:
                table.writerow([track.id, track.artist, track.genre, text(track, sound.genres, rng, noise)])
        read = trained(
            f"texts-{noise:.2f}",
            data=f'name = "lyrics", path = "{path.as_posix()}", id_column = "Id"',
            features='name = "texts"',
            model='name = "tfidf_logistic"',
        )
        found[noise] = fuse_predictions([heard, read])
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--songs", type=int, default=960)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = run(given.folder or Path(scratch), given.songs)
    first = next(iter(found.values()))
    print(f"{first.scores[TOGETHER].n} test songs, weights from {first.fitted_on}; synthetic songs and texts")
    print("noise  sound  texts  fused  gain over the better (95 %)  weights")
    for noise, fusion in found.items():
        sound, texts, together = (scores.accuracy.value for scores in fusion.scores.values())
        gain, weights = fusion.gain, fusion.weights.values()
        span = f"{100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
        weighed = ", ".join(f"{weight:.2f}" for weight in weights)
        print(f"{noise:5.2f}  {sound:.3f}  {texts:.3f}  {together:.3f}  {span:>27}  {weighed}")


if __name__ == "__main__":
    main()
