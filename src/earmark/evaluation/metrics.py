"""From predictions to scores.

Conventions are scikit-learn's with `zero_division=0`: precision is 0 for a genre never guessed, recall for one that
never occurs. The macro-F1 is the plain mean over the genres that occur in truth or guess; a genre that does neither
says nothing about the classifier and is passed over (scikit-learn's default where no labels are named). Among equal
probabilities the earlier genre comes first, for the guess and for the top k alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError, UsageError
from earmark.evaluation.calibration import calibration
from earmark.evaluation.intervals import bootstrap, percentiles
from earmark.evaluation.scores import GenreScore, Score, Scores, Unit
from earmark.predictions import Predictions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = Floats | Ints

SMALLEST = float(np.finfo(np.float64).eps)  # probabilities below count as this, so that one certain mistake is not ∞


def score(
    predictions: Predictions,
    *,
    unit: Unit,
    level: float = 0.95,
    resamples: int = 2000,
    top_k: int = 3,
    seed: int = 0,
    temperature: float = 1.0,
) -> Scores:
    """All figures of those predictions whose truth is known, over clips or (`unit="track"`) over songs.

    A song's probabilities are the mean of its clips'. Intervals resample songs for both units, all by one artist
    together where artists are named; where the data do not name the songs, each clip counts as one and the intervals
    are narrower than they should be. The majority baseline always guesses the commonest true genre. `temperature`
    divides the logits of what is judged.

    Raises DataError where no truth is known, UsageError where `level`, `resamples` or `top_k` is out of range.
    """
    if top_k < 1:
        raise UsageError(f"evaluation.top_k={top_k}: it takes at least 1")
    judged = predictions.known()
    if not len(judged):
        raise DataError(f"none of {len(predictions)} predictions has a known true genre: there is nothing to score")
    before = judged.by_song() if unit == "track" else judged
    judged = before.tempered(temperature)
    tallies = cluster_tallies(judged, top_k)
    value = figures(tallies.sum(0))
    low, high = percentiles(bootstrap(tallies, figures, resamples=resamples, seed=seed), level)
    accuracy, macro_f1, log_loss, top_k_accuracy = (
        Score(*(float(x) for x in bounds)) for bounds in zip(value, low, high, strict=True)
    )
    confusion = confusion_matrix(judged.truth, judged.guesses, len(judged.genres))
    support = confusion.sum(1)
    commonest = int(support.argmax())
    per_genre = np.stack(precision_recall_f1(np.diagonal(confusion), support, confusion.sum(0)), axis=1)
    return Scores(
        unit=unit,
        n=len(judged),
        songs=len(set(judged.songs)),
        artists=len(tallies) if judged.artists else None,
        level=level,
        resamples=resamples,
        accuracy=accuracy,
        macro_f1=macro_f1,
        log_loss=log_loss,
        top_k_accuracy=top_k_accuracy,
        top_k=top_k,
        majority_genre=judged.genres[commonest],
        majority_accuracy=float(support[commonest] / support.sum()),
        genres=tuple(
            GenreScore(genre, precision=p, recall=r, f1=f1, support=n)
            for genre, (p, r, f1), n in zip(judged.genres, per_genre.tolist(), support.tolist(), strict=True)
        ),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        calibration=calibration(before, temperature=temperature, level=level),
    )


def confusion_matrix(truth: Ints, guesses: Ints, classes: int) -> Ints:
    """How often which true genre (rows) was taken for which (columns), shape (classes, classes)."""
    return np.bincount(truth * classes + guesses, minlength=classes**2).reshape(classes, classes)


def precision_recall_f1(hits: Counts, support: Counts, guessed: Counts) -> tuple[Floats, Floats, Floats]:
    """Per genre, over any leading axes: right guesses, true occurrences, guesses → precision, recall, F1; 0 for 0/0."""
    return _ratio(hits, guessed), _ratio(hits, support), _ratio(2 * hits, support + guessed)


def losses(probabilities: Floats, truth: Ints) -> Floats:
    """-ln of the probability given to the true genre, in nats, shape (n,)."""
    given = probabilities[np.arange(len(truth)), truth]
    return -np.log(np.maximum(given, SMALLEST))


def ranks(probabilities: Floats, truth: Ints) -> Ints:
    """How many genres stand before the true one when sorted from the likeliest, shape (n,)."""
    given = probabilities[np.arange(len(truth)), truth][:, None]
    earlier = np.arange(probabilities.shape[1]) < truth[:, None]
    before = (probabilities > given) | ((probabilities == given) & earlier)
    return np.asarray(before.sum(1), dtype=np.int64)


def cluster_tallies(predictions: Predictions, top_k: int) -> Floats:
    """What each artist, or song, adds to the sums that all figures are made from, shape (clusters, 3 * genres + 3).

    Columns: right guesses, occurrences and guesses of each genre; then judged things, losses, and hits of the top k.
    """
    classes = len(predictions.genres)
    truth, guesses = predictions.truth, predictions.guesses
    _, cluster = np.unique(np.array(predictions.clusters), return_inverse=True)
    tallies = np.zeros((cluster.max() + 1, 3 * classes + 3))
    right = truth == guesses
    np.add.at(tallies, (cluster[right], truth[right]), 1)
    np.add.at(tallies, (cluster, classes + truth), 1)
    np.add.at(tallies, (cluster, 2 * classes + guesses), 1)
    np.add.at(tallies[:, -3], cluster, 1)
    np.add.at(tallies[:, -2], cluster, losses(predictions.probabilities, truth))
    np.add.at(tallies[:, -1], cluster, ranks(predictions.probabilities, truth) < top_k)
    return tallies


def figures(sums: Floats) -> Floats:
    """Summed tallies (…, 3 * genres + 3) → accuracy, macro-F1, log-loss, top-k accuracy (…, 4)."""
    hits, support, guessed = np.split(sums[..., :-3], 3, axis=-1)
    n, loss, top = np.moveaxis(sums[..., -3:], -1, 0)
    _, _, f1 = precision_recall_f1(hits, support, guessed)
    occurring = ((support + guessed) > 0).sum(-1)
    return np.stack([hits.sum(-1) / n, f1.sum(-1) / occurring, loss / n, top / n], axis=-1)


def _ratio(part: Counts, whole: Counts) -> Floats:
    ratio = np.zeros(whole.shape)
    np.divide(part, whole, out=ratio, where=whole != 0)
    return ratio
