"""Voices that learn from different sides of the same tracks, and are weighed by what they say of tracks held out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.atomic import write_bytes
from earmark.catalog import MODELS
from earmark.classifier.card import WEIGHTS, ClassifierCard, write_card
from earmark.classifier.fusion import CARD, FusionCard, HeldOut, Voice
from earmark.classifier.neighbours import Neighbours, neighbours_of, write_neighbours
from earmark.errors import DataError
from earmark.evaluation.calibration import answers, calibration_error, reliability
from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Scores
from earmark.features.log_mel import LogMel
from earmark.features.musicnn import Musicnn
from earmark.features.standardise import fit_standardiser
from earmark.models.estimator import Fitted
from earmark.models.pooling import fit_pool, pooled
from earmark.predictions import Predictions
from earmark.recipe import Choice
from earmark.training.checkpoint import save_weights

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Side:
    """What one voice learns from: the features, the estimator, and the examples (n, …) of all n pieces."""

    features: LogMel | Musicnn
    model: Choice
    x: NDArray[np.float32]


@dataclass(frozen=True)
class Fused:
    """Voices that have learned, with their exponents, and what they say together of each piece held out.

    `neighbours` are the pieces as the first voice heard them that makes a row of numbers of each; None without one.
    """

    cards: Mapping[str, ClassifierCard]
    models: Mapping[str, Fitted]
    exponents: Mapping[str, float]
    held_out: Predictions
    scores: Scores
    neighbours: Neighbours | None


def fuse(
    sides: Mapping[str, Side], y: Ints, groups: Sequence[str], ids: Sequence[str], *, genres: tuple[str, ...], name: str
) -> Fused:
    """Let one voice learn from each of `sides`, and weigh them by their log-probabilities of pieces held out.

    y       (n,) places of the pieces' genres
    groups  (n,) what belongs together and is held out together: an artist, or a track where none is known
    ids     (n,) names of the pieces, by which a person knows them
    name    of the data, for the cards

    The exponents are chosen on the held-out answers that are then scored: so many numbers as voices, of hundreds of
    answers. Intervals resample groups. Raises ModelError where there is too little to learn from.
    """
    if not sides or any(len(side.x) != len(y) for side in sides.values()):
        raise DataError(f"{name}: every voice needs the same {len(y)} pieces, and there must be a voice")
    places = np.unique(np.array(groups), return_inverse=True)[1]
    cards, models, said = {}, {}, []
    for voice, side in sides.items():
        shape = tuple(side.x.shape[1:])
        estimator = MODELS.build(side.model.name, shape, len(genres), options=side.model.options)
        models[voice] = Fitted(estimator).fit(side.x, y, places)
        cards[voice] = ClassifierCard(
            genres=genres,
            model=side.model,
            shape=shape,
            features=side.features,
            standardiser=fit_standardiser(side.x, "none"),
            trained_on=name,
            synthetic=False,
            calibrated_on="training tracks that it held out in turn",
        )
        said.append(estimator.held_out)
    exponents = fit_pool(np.stack(said), y)
    held_out = Predictions(genres, tuple(ids), tuple(groups), y, np.exp(pooled(np.stack(said), exponents)))
    named = dict(zip(sides, exponents.tolist(), strict=True))
    rows = [voice for voice, side in sides.items() if side.x.ndim == 2]
    carried = [genres[place] for place in y]
    neighbours = neighbours_of(rows[0], ids, carried, sides[rows[0]].x) if rows else None
    return Fused(cards, models, named, held_out, score(held_out, unit="clip"), neighbours)


def write_fusion(folder: Path, fused: Fused, *, piece_seconds: float) -> Path:
    """Write the fusion as a classifier's folder, in place of an earlier one; gives the folder."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for voice, card in fused.cards.items():
        (fresh / voice).mkdir(parents=True)
        write_card(fresh / voice, card)
        save_weights(fresh / voice / WEIGHTS, fused.models[voice])
    if fused.neighbours is not None:
        write_neighbours(fresh, fused.neighbours)
    scores = fused.scores
    card_of_all = FusionCard(
        genres=fused.held_out.genres,
        voices=tuple(Voice(folder=voice, exponent=round(e, 4)) for voice, e in fused.exponents.items()),
        piece_seconds=piece_seconds,
        trained_on=next(iter(fused.cards.values())).trained_on,
        held_out=HeldOut(
            tracks=scores.n,
            artists=len(set(fused.held_out.songs)),
            accuracy=scores.accuracy.value,
            low=scores.accuracy.low,
            high=scores.accuracy.high,
            macro_f1=scores.macro_f1.value,
            ece=calibration_error(reliability(*answers(fused.held_out))),
        ),
    )
    write_bytes(fresh / CARD, msgspec.json.format(msgspec.json.encode(card_of_all), indent=2) + b"\n")
    if folder.exists():
        shutil.rmtree(folder)
    fresh.rename(folder)
    return folder
