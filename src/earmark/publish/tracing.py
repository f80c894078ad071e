"""What a classifier's graph is traced with, what its ends are called, and what the file says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import torch
from torch import Tensor, nn

from earmark.audio.synthesis import song
from earmark.audio.synthesis.styles import STYLES
from earmark.audio.waveform import Waveform
from earmark.classifier import Classifier, Fusion
from earmark.classifier.exported import MUSICALITY, OVER_TIME, PROBABILITIES, WAVEFORM, ExportedCard, at_rate
from earmark.publish.fusion_graph import FusionGraph
from earmark.publish.graph import ClassifierGraph

CLIPS = 3  # that a graph for any length is traced with


@dataclass(frozen=True)
class Traced:
    """A graph with all that is needed to write it.

    inputs   by name, what it is traced with
    lengths  which of them may have which length, as torch.export takes it; None: they have one
    card     of the file, whose loss is not known yet
    songs    built-in ones on which it is compared, where a person names no sounds
    """

    graph: nn.Module
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]
    lengths: Any
    card: ExportedCard
    songs: tuple[Waveform, ...]


def traced(classifier: Classifier | Fusion) -> Traced:
    """How it is written. Raises ModelError where it cannot be written as a graph."""
    return _of_fusion(classifier) if isinstance(classifier, Fusion) else _of_one(classifier)


def _of_one(classifier: Classifier) -> Traced:
    graph = ClassifierGraph(classifier).eval()
    card = ExportedCard(
        genres=classifier.genres,
        sample_rate=graph.sample_rate,
        clip=graph.clip,
        least=graph.least,
        hop=graph.hop,
        classifier=classifier.name,
        digest=_digest([classifier.model]),
        trained_on=classifier.card.trained_on,
    )
    # Of one to four clips: a graph that takes only what it was traced with is found out.
    songs = tuple(_song(number, card, 1 + number % 4) for number in range(len(STYLES)))
    return Traced(
        graph,
        {WAVEFORM: torch.from_numpy(_song(0, card, CLIPS).samples)},
        (PROBABILITIES, OVER_TIME),
        {"waveform": {0: torch.export.Dim("samples", min=graph.least)}},
        card,
        songs,
    )


def _of_fusion(fusion: Fusion) -> Traced:
    graph = FusionGraph(fusion).eval()
    sample_rate, clip = graph.sample_rates[-1], graph.samples[-1]
    card = ExportedCard(
        genres=fusion.genres,
        sample_rate=sample_rate,
        clip=clip,
        least=sample_rate,
        hop=clip,
        classifier=fusion.name,
        digest=_digest([voice.model for voice in fusion.voices]),
        trained_on=fusion.card.trained_on,
        sample_rates=graph.sample_rates,
    )
    # A piece and a little, of which it is the middle, and two pieces; one that is shorter is repeated.
    songs = tuple(_song(number, card, 1 + number % 2) for number in range(len(STYLES)))
    piece = Waveform(songs[0].samples[:clip], sample_rate)
    inputs = {at_rate(rate): torch.from_numpy(piece.at(rate).samples) for rate in graph.sample_rates}
    return Traced(
        graph,
        inputs,
        (PROBABILITIES,) if graph.detector is None else (PROBABILITIES, MUSICALITY),
        None,
        card,
        (Waveform(songs[0].samples[: sample_rate + clip // 3], sample_rate), *songs[1:]),
    )


def _digest(models: Iterable[nn.Module]) -> str:
    weights = blake2b(digest_size=16)
    for model in models:
        for name, tensor in sorted(model.state_dict().items()):
            weights.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    return weights.hexdigest()


def _song(number: int, card: ExportedCard, clips: int) -> Waveform:
    """One of the built-in songs at the graph's rate, so many clips long and a little."""
    samples = card.clip + (clips - 1) * card.hop + card.hop // (2 + number)
    made = song(list(STYLES)[number], 0, seed=1, seconds=samples / card.sample_rate + 0.5).at(card.sample_rate)
    return Waveform(made.samples[:samples], card.sample_rate)
