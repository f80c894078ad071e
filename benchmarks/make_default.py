"""Make the default classifier anew from GTZAN's training list: published outputs of musicnn, and log-mel arrays.

    python benchmarks/make_default.py TAGGRAMS.npz MEL.npz ARTISTS.csv [OUT]

Tracks of the training list alone are used. Folds are by artist; unknown artists stand each for themselves. Prints what
each voice and the fusion say of tracks whose artists they had not heard, and writes the classifier to OUT, the folder
from which the package ships it where none is given.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from judge_default import read_taggrams

from earmark.atomic import write_text
from earmark.classifier.loading import DEFAULT, SHIPPED
from earmark.datasets.mel_arrays import mel_arrays
from earmark.evaluation.calibration import answers, reliability, risk_coverage
from earmark.evaluation.metrics import score
from earmark.experiment.fusing import Side, fuse, write_fusion
from earmark.features.log_mel import log_mel_features
from earmark.features.musicnn import Musicnn
from earmark.predictions import Predictions
from earmark.recipe import Choice
from earmark.tracks import Track

PIECE_SECONDS = 30.0


def main(taggrams: Path, mel: Path, artists: Path, out: Path) -> None:
    tags = read_taggrams(taggrams)
    data = mel_arrays(path=mel, artists=artists, parts=["train"])
    tracks = [track for track in data.tracks if track.id in tags]
    y = data.labels(tracks)
    groups = [track.artist or track.id for track in tracks]
    print(f"tracks {len(tracks)}\nartists {len(set(groups))}")
    musicnn = Musicnn(layer="logits", clip_seconds=PIECE_SECONDS)
    columns = log_mel_features(like="gtzan_mel128", standardise="none")
    sides = {
        "tags": Side(musicnn, Choice("probe", {}), np.stack([tags[track.id] for track in tracks])),
        "sound": Side(columns, Choice("feature_discriminant", {}), np.stack([data.read(track) for track in tracks])),
    }
    fused = fuse(sides, y, groups, list(map(name_of, tracks)), genres=data.genres, name="GTZAN's training list")
    for voice, model in fused.models.items():
        said = Predictions(data.genres, fused.held_out.ids, tuple(groups), y, np.exp(model.estimator.held_out))
        show(voice, score(said, unit="clip"))
    show("fusion", fused.scores)
    show_confidence(fused.held_out)
    print("exponents", {voice: round(exponent, 3) for voice, exponent in fused.exponents.items()})
    card = out / "README.md"
    said = card.read_text(encoding="utf-8") if card.is_file() else None
    print(write_fusion(out, fused, piece_seconds=PIECE_SECONDS))
    if said is not None:  # by people, who should look whether its figures still hold
        write_text(card, said)


def name_of(track: Track) -> str:
    """What a person knows a track by, and its id."""
    known = ": ".join(word for word in (track.artist, track.title) if word)
    return f"{known} ({track.id})" if known else track.id


def show(name: str, scores) -> None:
    accuracy = scores.accuracy
    print(
        f"{name} accuracy {accuracy.value:.4f} [{accuracy.low:.4f}, {accuracy.high:.4f}] "
        f"macro_f1 {scores.macro_f1.value:.4f} ece {scores.calibration.ece:.4f} log_loss {scores.log_loss.value:.4f}"
    )


def show_confidence(held_out: Predictions) -> None:
    """The rows of a reliability diagram, and what is left where an answer must be so sure."""
    sureness, right = answers(held_out)
    for each in reliability(sureness, right):
        print(f"said {each.probability:.2f} right {each.right:.2f} tracks {each.n}")
    curve = risk_coverage(sureness, right)
    for least in (0.5, 0.6, 0.7, 0.8, 0.9):
        kept = curve.kept(least)
        print(f"at_least {least:.1f} answered {kept.share:.3f} right {kept.accuracy:.3f}")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: make_default.py TAGGRAMS.npz MEL.npz ARTISTS.csv [OUT]")
    main(*map(Path, sys.argv[1:4]), Path(sys.argv[4]) if len(sys.argv) == 5 else SHIPPED / DEFAULT)
