"""What the pages are shown: a small classifier, songs, a finished run, and answers to the API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mutagen.flac
import numpy as np
import soundfile
import torch
from safetensors.torch import save_file
from starlette.testclient import TestClient

from earmark.batches.mapping import Place
from earmark.classifier import ClassifierCard, build_model, write_card
from earmark.features.log_mel import LogMel
from earmark.features.standardise import Standardiser
from earmark.library.tagging import suggest
from earmark.recipe import Choice
from earmark.web.app import create_app
from earmark.web.settings import Settings

RATE = 8000
GENRES = ("jazz", "pop", "rock")
API = "/api/v1"


def write_classifier(folder: Path) -> Path:
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
        torch.manual_seed(1)
        model = build_model(card.model, card.shape, len(card.genres))
    folder.mkdir(parents=True)
    write_card(folder, card)
    save_file(model.state_dict(), folder / "weights.safetensors")
    return folder


def write_song(path: Path, *, seed: int = 0, genres: tuple[str, ...] = ()) -> Path:
    """Noise that swells, as FLAC; another seed is another song."""
    rng = np.random.default_rng(seed)
    swelling = np.linspace(0.01, 0.2, round(1.2 * RATE)) ** rng.uniform(0.2, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, swelling * rng.standard_normal(len(swelling)), RATE)
    if genres:
        song = mutagen.flac.FLAC(path)
        song["genre"] = list(genres)
        song.save()
    return path


def write_library(folder: Path, model: Path) -> Path:
    """Two albums of two songs each and one song that says its genre, all heard already: no process need be started."""
    for seed in range(4):
        write_song(folder / "first" / f"{seed}.flac" if seed < 2 else folder / "second" / f"{seed}.flac", seed=seed)
    write_song(folder / "said.flac", seed=4, genres=("Ska",))
    suggest([folder], str(model), place=Place(workers=0))
    return folder


@contextmanager
def served(settings: Settings) -> Iterator[TestClient]:
    """A client of a server that stands nowhere but in this process."""
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        yield client


def done(client: TestClient, answer: Any) -> dict[str, Any]:
    """The job that an answer speaks of, once it has ended."""
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    until = time.monotonic() + 120
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < until, job
        time.sleep(0.02)
        job = client.get(f"{API}/jobs/{job['id']}").json()
    return job
