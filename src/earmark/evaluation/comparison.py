"""Which of several classifiers is the better one, read from what they said of the same things.

A classifier trained with several seeds counts as right on each thing by the share of its seeds that are: the mean of
that is the seeds' mean accuracy, so that what is compared is what is quoted. The seeds are held fixed and whole songs
resampled, all by one artist together where artists are known: a difference that holds would hold on other music,
trained as these were.

All pairs are tested, so that picking the best afterwards is paid for by Holm's correction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr

from earmark.errors import DataError
from earmark.evaluation.intervals import bootstrap, percentiles
from earmark.evaluation.scores import Score
from earmark.predictions import Predictions

Floats = NDArray[np.float64]

RESAMPLES = 20_000  # the smallest p is 1e-4, which stays below 0.05 when corrected for the pairs of 30 classifiers


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """How `first` stands against `second`.

    difference    accuracy of `first` less that of `second`, with its interval
    p             two-sided, of the paired bootstrap; p_holm: corrected for all pairs
    only_first    things on which only the pooled answer of `first` is right: its seeds' mean probabilities
    mcnemar       two-sided p of McNemar's exact test of `only_first` against `only_second`; mcnemar_holm: corrected
    """

    first: str
    second: str
    difference: Score
    p: float
    p_holm: float
    only_first: int
    only_second: int
    mcnemar: float
    mcnemar_holm: float

    def turned(self) -> Pair:
        """The same seen from `second`."""
        gap = self.difference
        return msgspec.structs.replace(
            self,
            first=self.second,
            second=self.first,
            difference=Score(-gap.value, -gap.high, -gap.low),
            only_first=self.only_second,
            only_second=self.only_first,
        )


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy of each classifier as its seeds' mean, with its interval, and each pair once.

    `drawn` counts what the bootstrap drew: artists, or songs where not all predictions name artists.
    """

    n: int
    drawn: int
    by_artist: bool
    level: float
    resamples: int
    accuracy: dict[str, Score]
    pairs: tuple[Pair, ...]

    def between(self, first: str, second: str) -> Pair:
        """The pair, seen from `first`."""
        pair = next(pair for pair in self.pairs if {pair.first, pair.second} == {first, second})
        return pair if pair.first == first else pair.turned()


def compare(
    judged: Mapping[str, Sequence[Predictions]],
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare classifiers by name, each with the predictions of its seeds. All must be of the same things.

    The p of a difference is the smallest level at which its percentile interval leaves out 0 (Davison & Hinkley,
    Bootstrap Methods and their Application, 1997, section 5.4). Of clips whose songs the data name, give the
    predictions by song: McNemar's test takes the things as independent, whoever made them.

    Raises DataError naming the first thing that differs, UsageError where `level` or `resamples` is out of range.
    """
    known = {name: [_by_id(predictions.known()) for predictions in seeds] for name, seeds in judged.items()}
    names = list(known)
    reference = known[names[0]][0]
    for name, seeds in known.items():
        for predictions in seeds:
            _require_same_things(reference, predictions, names[0], name)
    right = np.stack([np.mean([p.guesses == p.truth for p in seeds], axis=0) for seeds in known.values()], axis=1)
    by_artist = all(predictions.artists for seeds in known.values() for predictions in seeds)
    _, cluster = np.unique(np.array(reference.clusters if by_artist else reference.songs), return_inverse=True)
    tallies = np.zeros((cluster.max() + 1, len(names) + 1))
    np.add.at(tallies, cluster, np.column_stack([right, np.ones(len(right))]))
    resampled = bootstrap(tallies, lambda sums: sums[:, :-1] / sums[:, -1:], resamples=resamples, seed=seed)

    low, high = percentiles(resampled, level)
    pooled = np.stack([_pooled_right(seeds) for seeds in known.values()], axis=1)
    places = list(combinations(range(len(names)), 2))
    first, second = np.array(places, dtype=np.int64).reshape(-1, 2).T
    gaps = np.round(resampled[:, first] - resampled[:, second], 12)  # equal ones are 0, whatever the sums' last bits
    values = right.mean(0)[first] - right.mean(0)[second]
    lows, highs = percentiles(gaps, level)
    p = np.minimum(1, 2 * (1 + np.minimum((gaps <= 0).sum(0), (gaps >= 0).sum(0))) / (resamples + 1))
    only_first = (pooled[:, first] & ~pooled[:, second]).sum(0)
    only_second = (pooled[:, second] & ~pooled[:, first]).sum(0)
    exact = mcnemar(only_first, only_second)
    columns = (values, lows, highs, p, holm(p), only_first, only_second, exact, holm(exact))
    return Comparison(
        n=len(reference),
        drawn=len(tallies),
        by_artist=by_artist,
        level=level,
        resamples=resamples,
        accuracy={
            name: Score(*row)
            for name, row in zip(names, np.column_stack([right.mean(0), low, high]).tolist(), strict=True)
        },
        pairs=tuple(
            Pair(
                first=names[i],
                second=names[j],
                difference=Score(value, bottom, top),
                p=p_one,
                p_holm=p_all,
                only_first=ours,
                only_second=theirs,
                mcnemar=m_one,
                mcnemar_holm=m_all,
            )
            for (i, j), value, bottom, top, p_one, p_all, ours, theirs, m_one, m_all in zip(
                places, *(column.tolist() for column in columns), strict=True
            )
        ),
    )


def mcnemar(only_first: ArrayLike, only_second: ArrayLike) -> Floats:
    """Two-sided exact p that two classifiers are right equally often, from the things that only one has right.

    only_first, only_second: counts, of one shape, which the p has too; 1 where neither is ever alone in being right.
    Source: McNemar, Psychometrika 12 (1947), 153–157, with the binomial in place of the normal distribution.
    """
    ours, theirs = np.asarray(only_first), np.asarray(only_second)
    return np.asarray(np.minimum(1, 2 * bdtr(np.minimum(ours, theirs), ours + theirs, 0.5)), dtype=np.float64)


def holm(p: ArrayLike) -> Floats:
    """The p values (m,) corrected so that a false finding among all m is no likelier than the level; never above 1.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979), 65–70.
    """
    raw = np.asarray(p, dtype=np.float64)
    order = np.argsort(raw, kind="stable")
    corrected = np.empty_like(raw)
    corrected[order] = np.minimum(1, np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1)))
    return corrected


def _by_id(predictions: Predictions) -> Predictions:
    return predictions.rows(sorted(range(len(predictions)), key=predictions.ids.__getitem__))


def _require_same_things(first: Predictions, second: Predictions, name: str, other: str) -> None:
    if not len(first):
        raise DataError(f"{name}: none of its predictions has a known true genre: there is nothing to compare")
    odd = sorted(set(first.ids) ^ set(second.ids))
    if odd:
        holder, lacking = (name, other) if odd[0] in set(first.ids) else (other, name)
        raise DataError(
            f"{name} and {other} were not judged on the same things: {odd[0]} is among those of {holder}, "
            f"not of {lacking}; compare classifiers of one split"
        )
    for i, thing in enumerate(first.ids):
        ours, theirs = ((p.genres[p.truth[i]], p.songs[i]) for p in (first, second))
        if ours != theirs:
            raise DataError(
                f"{thing}: {ours[0]}, of song {ours[1]}, to {name}; {theirs[0]}, of song {theirs[1]}, to {other}; "
                "compare classifiers of one data set"
            )


def _pooled_right(seeds: Sequence[Predictions]) -> NDArray[np.bool_]:
    """Whether the mean of the seeds' probabilities names the true genre, shape (n,)."""
    pooled = np.mean([p.probabilities for p in seeds], axis=0)
    return np.asarray(pooled.argmax(1) == seeds[0].truth)
