"""Make anew what tells music from speech, noise, calls and signals: from GTZAN's log-mel arrays, and sounds by rule.

    python benchmarks/make_musicality.py MEL.npz ARTISTS.csv [OUT]

Needs espeak-ng (Debian's package of that name) for the voices; the other sounds are made in `sounds/`. The same
versions of all give the same numbers. Prints how often music that it had not heard is taken for something else, and
something else for music: folds keep artists, instruments, styles, voices and kinds of sound together. Writes the
classifier to OUT, the folder from which the package ships it where none is given.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import logsumexp
from sounds.calls import CALLERS, INSECTS, calls
from sounds.channels import rerecorded
from sounds.noises import NOISES
from sounds.recording import SAMPLE_RATE, SECONDS
from sounds.signals import SIGNALS
from sounds.solos import drumming, solo
from sounds.speech import VOICES, speech

from earmark.audio.synthesis import SONGS_PER_BAND, song
from earmark.audio.synthesis.drums import KITS
from earmark.audio.synthesis.instruments import INSTRUMENTS
from earmark.audio.synthesis.styles import STYLES
from earmark.audio.waveform import Waveform
from earmark.classifier.card import WEIGHTS, ClassifierCard, write_card
from earmark.classifier.kinds import KINDS, MUSIC
from earmark.classifier.musicality import SHIPPED
from earmark.datasets.mel_arrays import mel_arrays
from earmark.features.log_mel import log_mel_features
from earmark.features.standardise import fit_standardiser
from earmark.models.estimator import Fitted
from earmark.models.feature_discriminant import FeatureDiscriminant
from earmark.recipe import Choice
from earmark.training.checkpoint import save_weights

Array = NDArray[np.float32]
FEATURES = log_mel_features(like="gtzan_mel128", standardise="none")
OPTIONS = {"shrinkage": 0.7, "halves": False}
RERECORDINGS = 2  # of each sound
FALSE_ALARMS = 0.005  # of the tracks of real music: where the border lies
SEED = 20261121


@dataclass(frozen=True)
class Sound:
    """One piece: its kind, what it is more exactly, what must not be on both sides of a fold, its log-mel."""

    kind: str
    name: str
    group: str
    x: Array


def real_music(mel: Path, artists: Path) -> Iterator[Sound]:
    data = mel_arrays(path=mel, artists=artists)
    for track in data.tracks:
        yield Sound("music", f"gtzan {track.genres[0]}", f"artist {track.artist or track.id}", data.read(track))


def made_sounds() -> Iterator[Sound]:
    """Sounds by rule; each is drawn from a generator of its own."""

    def several(kind: str, name: str, make, count: int) -> Iterator[Sound]:
        for number in range(count):
            rng = np.random.default_rng([SEED, *map(ord, f"{kind} {name}"), number])
            yield Sound(kind, name, f"{kind} {name}", log_mel(make(rng)))

    for voice in VOICES:
        yield from several("speech", voice, lambda rng, voice=voice: speech(voice, rng), 5)
    for name, make in NOISES.items():
        yield from several("noise", name, make, 12)
    for caller in (*CALLERS, INSECTS):
        yield from several("calls", caller, lambda rng, caller=caller: calls(caller, rng), 12)
    for name, make in SIGNALS.items():
        yield from several("signals", name, make, 8)
    for instrument in INSTRUMENTS:
        yield from several("solo", instrument, lambda rng, name=instrument: solo(name, rng), 8)
    for kit in KITS:
        yield from several("drums", kit, lambda rng, kit=kit: drumming(kit, rng), 8)
    for style in STYLES:
        for number in range(4):
            x = song(style, number * SONGS_PER_BAND, seconds=SECONDS).samples
            yield Sound("music", f"song {style}", f"song {style}", log_mel(x))


def log_mel(samples: NDArray[np.floating]) -> Array:
    half = (samples / np.abs(samples).max() / 2).astype(np.float32)
    return FEATURES.clips(Waveform(half, SAMPLE_RATE), "made")[0][0]


def learn(sounds: list[Sound]) -> tuple[FeatureDiscriminant, NDArray[np.float64]]:
    """What tells the kinds apart, and how far on music's side of the border each sound is, held out in turn.

    The distances are (1 + RERECORDINGS, sounds): of each as it is, and recorded anew.
    The border is moved from where all kinds are equally likely to where `FALSE_ALARMS` of the real music lie beyond it:
    made sounds are farther from music than those of the world.
    """
    rng = np.random.default_rng(SEED)
    x = np.stack([s.x for s in sounds] + [rerecorded(s.x, rng) for _ in range(RERECORDINGS) for s in sounds])
    y = np.array([KINDS.index(s.kind) for s in sounds])
    groups = np.unique([s.group for s in sounds], return_inverse=True)[1]
    copies = 1 + RERECORDINGS
    estimator = FeatureDiscriminant(x.shape[1:], len(KINDS), **OPTIONS)
    estimator.fit(x, np.tile(y, copies), np.tile(groups, copies))
    musical = np.isin(KINDS, MUSIC)
    said = estimator.held_out
    margin = (logsumexp(said[:, musical], axis=1) - logsumexp(said[:, ~musical], axis=1)).reshape(copies, -1)
    real = np.array([s.name.startswith("gtzan") for s in sounds])
    border = float(np.quantile(margin[0, real], FALSE_ALARMS))
    state = estimator.state()
    state["bias"] = state["bias"] - musical * border / state["sharpness"]
    estimator.load_state(state)
    return estimator, margin - border


def show(sounds: list[Sound], margin: NDArray[np.float64]) -> None:
    """Of each kind, and of what in it was mistaken as it is: how many are taken for music, or for something else."""
    for kind in (*KINDS, "gtzan"):
        here = np.array([s.kind == kind or s.name.startswith(f"{kind} ") for s in sounds])
        wrong = (margin[:, here] < 0) == (kind in (*MUSIC, "gtzan"))
        print(
            f"{kind}: {here.sum()} sounds, mistaken {wrong[0].sum()} = {wrong[0].mean():.1%}; "
            f"recorded anew {wrong[1:].sum()} of {wrong[1:].size} = {wrong[1:].mean():.1%}"
        )
        names = np.array([s.name for s in sounds])[here]
        for name in np.unique(names[wrong[0]]):
            print(f"  {name}: {wrong[0, names == name].sum()} of {(names == name).sum()}")


def write(folder: Path, estimator: FeatureDiscriminant, x: Array) -> None:
    card = ClassifierCard(
        genres=KINDS,
        model=Choice("feature_discriminant", OPTIONS),
        shape=x.shape[1:],
        features=FEATURES,
        standardiser=fit_standardiser(x, "none"),
        trained_on="GTZAN's log-mel arrays, and sounds by rule",
        synthetic=False,
        calibrated_on="training sounds that it held out in turn",
    )
    folder.mkdir(parents=True, exist_ok=True)
    model = Fitted(estimator)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in estimator.state().items()})
    write_card(folder, card)
    save_weights(folder / WEIGHTS, model)


def main(mel: Path, artists: Path, out: Path) -> None:
    sounds = [*real_music(mel, artists), *made_sounds()]
    estimator, margin = learn(sounds)
    show(sounds, margin)
    write(out, estimator, sounds[0].x[None])
    print(out)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: make_musicality.py MEL.npz ARTISTS.csv [OUT]")
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) == 4 else SHIPPED)
