"""Why a classifier gives its answer: what it says along the track, what speaks for it, and what the track is like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.audio.decode import probe, read_audio
from earmark.audio.waveform import Waveform
from earmark.classifier.answer import Answer
from earmark.classifier.fusion import Fusion, HeldOut
from earmark.classifier.neighbours import Neighbour
from earmark.classifier.stretches import listen
from earmark.classifier.trained import Classifier
from earmark.features.musicnn import Musicnn, Taggram
from earmark.features.pixels import Pixels
from earmark.features.settings import OF_TEXT
from earmark.models.estimator import Fitted
from earmark.models.feature_discriminant import FeatureDiscriminant
from earmark.models.musicnn import TAGS
from earmark.models.pooling import LEAST
from earmark.models.probe import Probe
from earmark.models.shares import Shares

NEAREST = 5
ROUNDING = 1e-3  # of a voice's logarithms, which go through float32
MIN_CONFIDENCE = 0.5  # what `earmark tag` asks of a genre


@dataclass(frozen=True)
class Evidence:
    """How one voice speaks for the likeliest genre against the second, in logarithms of odds, which add up.

    hears     what it listens to, in words
    log_odds  what it adds to the odds of the two; as all here the mean over some pieces of the track
    parts     what it hears, and how much of `log_odds` each is, exactly; empty where it is no such sum
    constant  the rest: what the voice adds whatever is heard
    """

    voice: str
    hears: str
    log_odds: float
    parts: dict[str, float]
    constant: float


@dataclass(frozen=True)
class Explanation:
    """What is behind a classifier's answer to a track.

    answer      the probabilities of the track that `predict` gives, and those of each stretch
    spans       (stretches, 2) seconds: the part of the track that each stretch speaks for
    second      the second likeliest genre, against which the evidence speaks
    pieces      in how many pieces of the track the likeliest genre is likelier than the second, and of how many
    evidence    of each voice, over these
    taggram     what musicnn hears along the track, None where no voice listens to it
    nearest     the most similar tracks of those that were learned from
    trained_on  the data's name
    held_out    what the classifier is worth on artists that it never heard, where that was measured
    lacks       what cannot be told, and why
    """

    classifier: str
    note: str | None
    answer: Answer
    spans: NDArray[np.float64]
    second: str
    pieces: tuple[int, int]
    evidence: tuple[Evidence, ...]
    taggram: Taggram | None
    nearest: tuple[Neighbour, ...]
    trained_on: str
    held_out: HeldOut | None
    lacks: tuple[str, ...]

    @property
    def log_odds(self) -> float:
        """Logarithm of the odds of the likeliest genre against the second, mean over the `pieces`; above 0."""
        return sum(evidence.log_odds for evidence in self.evidence)

    @property
    def tags(self) -> dict[str, float]:
        """Mean probability of each of musicnn's tags along the track, the likeliest first."""
        if self.taggram is None:
            return {}
        mean = self.taggram.tags.mean(0)
        return {TAGS[place]: float(mean[place]) for place in np.argsort(-mean, kind="stable")}


def explain(
    classifier: Classifier | Fusion,
    sound: Path | Waveform,
    *,
    min_confidence: float = MIN_CONFIDENCE,
    allow_partial: bool = False,
    source: str | None = None,
) -> Explanation:
    """What is behind the answer of `classifier` to a file or waveform; a genre is named from `min_confidence` on.

    `source` is what the sound is called, in place of its path. Of a classifier that is no fusion the probabilities
    along the track are all that can be told. Raises AudioError, DataError or ModelError as its `predict` does.
    """
    named = source or ("waveform" if isinstance(sound, Waveform) else str(sound))
    explanation = (
        _of_fusion(classifier, sound, named, allow_partial)
        if isinstance(classifier, Fusion)
        else _of_one(classifier, sound, named, allow_partial)
    )
    return replace(explanation, answer=replace(explanation.answer, min_confidence=min_confidence))


def _of_one(classifier: Classifier, sound: Path | Waveform, source: str, allow_partial: bool) -> Explanation:
    answer = replace(classifier.predict(sound, allow_partial=allow_partial), source=source)
    features = classifier.card.features
    if isinstance(features, OF_TEXT | Pixels):
        length, clip = None, np.inf
    else:
        length = sound.seconds if isinstance(sound, Waveform) else probe(sound).seconds
        clip = features.clip_seconds or np.inf
    whole = np.inf if length is None else length
    ends = np.append(answer.starts[1:], answer.starts[-1] + clip)
    return Explanation(
        classifier=classifier.name,
        note=classifier.note,
        answer=answer,
        spans=np.column_stack([answer.starts, np.minimum(ends, whole)]),
        second=answer.ranked()[1][0],
        pieces=(0, 0),
        evidence=(),
        taggram=None,
        nearest=(),
        trained_on=classifier.card.trained_on,
        held_out=None,
        lacks=(
            "this classifier is one model, not a fusion of voices that add up: neither what speaks for its answer nor "
            "the nearest of its training tracks can be told",
        ),
    )


def _of_fusion(fusion: Fusion, sound: Path | Waveform, source: str, allow_partial: bool) -> Explanation:
    waveform = sound if isinstance(sound, Waveform) else read_audio(sound, allow_partial=allow_partial)
    stretches = listen(fusion, waveform, where=source)
    answer = fusion.answer(source, stretches.starts, stretches.inputs, judged=stretches.judged)
    judged = [x[stretches.judged] for x in stretches.inputs]
    # What speaks for a genre is heard where it is: a track that changes has other pieces too.
    second = answer.ranked()[1][0]
    places = [fusion.genres.index(genre) for genre in (answer.genre, second)]
    ahead = np.greater_equal(*answer.over_time[stretches.judged][:, places].T)
    lacks = []
    if stretches.taggram is None:
        lacks.append("no voice listens to the pretrained network, so that there are no tags to tell")
    voices = [voice.folder for voice in fusion.card.voices]
    nearest: tuple[Neighbour, ...] = ()
    if fusion.neighbours is None:
        lacks.append("the tracks that it learned from were not kept, so that the nearest cannot be told")
    elif fusion.neighbours.voice not in voices:
        lacks.append(
            f"the nearest training tracks are found by the voice {fusion.neighbours.voice!r}, which is missing"
        )
    else:
        example = judged[voices.index(fusion.neighbours.voice)].mean(0)
        nearest = fusion.neighbours.nearest(example, NEAREST)
    return Explanation(
        classifier=fusion.name,
        note=fusion.note,
        answer=answer,
        spans=stretches.spans,
        second=second,
        pieces=(int(ahead.sum()), len(ahead)),
        evidence=evidence(fusion, [x[ahead] for x in judged], answer.genre, second),
        taggram=stretches.taggram,
        nearest=nearest,
        trained_on=fusion.card.trained_on,
        held_out=fusion.card.held_out,
        lacks=tuple(lacks),
    )


def evidence(fusion: Fusion, inputs: list[NDArray[np.float32]], genre: str, other: str) -> tuple[Evidence, ...]:
    """How each voice speaks for `genre` against `other`, given its examples (n, …) of the same n pieces.

    The voices' `log_odds` add up to the mean over the pieces of log p(genre) / p(other), as `fusion.probabilities` has
    them: the pool adds the voices' log-probabilities, each times its exponent, and a linear discriminant's are sums.
    Where a voice is surer than the pool lets it be, its parts are smaller in proportion.
    """
    first, second = fusion.genres.index(genre), fusion.genres.index(other)
    out = []
    for voice, card, x, exponent in zip(fusion.voices, fusion.card.voices, inputs, fusion.exponents, strict=True):
        with np.errstate(divide="ignore"):
            said = np.maximum(np.log(voice.probabilities(x)), LEAST)
        bounded = exponent * (said[:, first] - said[:, second])
        log_odds = float(bounded.mean())
        shares = _shares(voice, x)
        parts = {}
        if shares is not None:
            factor = exponent / voice.card.temperature
            each = factor * (shares.parts[:, :, first] - shares.parts[:, :, second])
            whole = each.sum(1) + factor * (shares.constant[first] - shares.constant[second])
            surer = np.abs(whole) > np.abs(bounded) + ROUNDING
            each[surer] *= (bounded[surer] / whole[surer])[:, None]
            parts = dict(zip(shares.names, each.mean(0).tolist(), strict=True))
        pretrained = isinstance(voice.card.features, Musicnn)
        hears = "what a pretrained network hears" if pretrained else "statistics of the spectrogram"
        out.append(Evidence(card.folder, hears, log_odds, parts, log_odds - sum(parts.values())))
    return tuple(out)


def _shares(voice: Classifier, x: NDArray[np.float32]) -> Shares | None:
    """What a voice's logits are sums of, by names that a person knows; None where they are no such sums."""
    estimator = voice.model.estimator if isinstance(voice.model, Fitted) else None
    features = voice.card.features
    if isinstance(estimator, FeatureDiscriminant):
        return estimator.shares(x)
    named = isinstance(features, Musicnn) and features.layer in ("tags", "logits") and features.statistics == "mean"
    shares = estimator.shares(x) if isinstance(estimator, Probe) and named else None
    return None if shares is None else replace(shares, names=TAGS)
