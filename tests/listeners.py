"""A small classifier in a folder, songs for it, and one that sees what it is asked."""

from __future__ import annotations

from pathlib import Path

import mutagen.flac
import numpy as np
import soundfile
import torch
from safetensors.torch import save_file

from earmark.classifier import ClassifierCard, build_model, write_card
from earmark.features.log_mel import LogMel
from earmark.features.standardise import Standardiser
from earmark.recipe import Choice

RATE = 8000
GENRES = ("jazz", "pop", "rock")


def write_classifier(folder: Path, *, seed: int = 1) -> Path:
    """An untrained network: its answers mean nothing, and are always the same."""
    card = ClassifierCard(
        genres=GENRES,
        model=Choice("cnn_rnn", {"dropout": 0.1}),
        shape=(16, 32),
        features=LogMel(sample_rate=RATE, n_fft=512, hop_length=256, n_mels=16, clip_seconds=1.0),
        standardiser=Standardiser((-40.0,), (20.0,)),
        trained_on="songs",
        synthetic=False,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build_model(card.model, card.shape, len(card.genres))
    folder.mkdir(parents=True, exist_ok=True)
    write_card(folder, card)
    save_file(model.state_dict(), folder / "weights.safetensors")
    return folder


def write_song(path: Path, *, seed: int = 0, genres: tuple[str, ...] = (), seconds: float = 1.2) -> Path:
    """Noise that swells, as FLAC whatever the name; another seed is another song."""
    rng = np.random.default_rng(seed)
    swelling = np.linspace(0.01, 0.2, round(seconds * RATE)) ** rng.uniform(0.2, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        soundfile.write(file, swelling * rng.standard_normal(len(swelling)), RATE, format="FLAC")
    if genres:
        song = mutagen.flac.FLAC(path)
        song["genre"] = list(genres)
        song.save()
    return path
