"""Late fusion of finished runs, or of files of predictions: weighed on validation, judged on test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from earmark.errors import DataError, UsageError
from earmark.evaluation.comparison import compare
from earmark.evaluation.late_fusion import fit_weights, fused
from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Score, Scores
from earmark.experiment.evaluate import read_evaluations, read_headline
from earmark.predictions import Predictions, read_predictions
from earmark.run import Run, open_run, write_json

TOGETHER = "fused"


class LateFusion(msgspec.Struct, frozen=True, kw_only=True):
    """What several classifiers say together of the same tracks.

    weights     of each voice by name: the exponent of its probabilities, fitted on `fitted_on` validation tracks
    scores      of each voice on the test tracks, and of all together under "fused"
    best        the voice that was best in validation
    gain        accuracy of all together less that of `best`, in shares, paired over songs or artists
    remarks     what the voices' own runs say beside their figures
    """

    weights: dict[str, float]
    fitted_on: int
    scores: dict[str, Scores]
    best: str
    gain: Score
    remarks: tuple[str, ...] = ()
    format: int = 1


def fuse_predictions(paths: Sequence[Path], *, valid: Sequence[Path] = (), out: Path | None = None) -> LateFusion:
    """Fuse what several classifiers answered for the same test tracks.

    paths   runs, or files of test predictions
    valid   files of validation predictions in the same order; by default a run's own, or the file beside the test's
            whose name says valid instead
    out     a folder for valid.csv, test.csv and fusion.json; None: nothing is written

    Raises DataError where they are not of the same tracks and genres, or where tracks that are judged were weighed on
    too; UsageError for fewer than two.
    """
    if valid and len(valid) != len(paths):
        raise UsageError(f"--valid names {len(valid)} files, and {len(paths)} are to be fused: name one for each")
    named = {_name(path, paths): path for path in paths}
    if len(named) < len(paths):
        raise UsageError("the same predictions are named twice")
    judged = {name: _read(path, "test") for name, path in named.items()}
    chosen = zip(named, valid, strict=True) if valid else ((name, _valid_of(path)) for name, path in named.items())
    weighed = {name: _read(path, "valid") for name, path in chosen}
    if both := sorted(set(next(iter(weighed.values())).ids) & set(next(iter(judged.values())).ids)):
        raise DataError(
            f"{len(both)} tracks, such as {both[0]}, are both weighed on and judged: give validation predictions of "
            "other tracks than the test's"
        )
    weights = fit_weights(weighed)
    before, after = fused(weighed, weights), fused(judged, weights)
    scores = {name: score(said, unit="track") for name, said in judged.items()} | {TOGETHER: score(after, unit="track")}
    best = max(weighed, key=lambda name: _accuracy(weighed[name]))
    pair = compare({TOGETHER: [after], best: [judged[best]]}).between(TOGETHER, best)
    found = LateFusion(
        weights=weights,
        fitted_on=len(before.known()),
        scores=scores,
        best=best,
        gain=pair.difference,
        remarks=tuple(_remarks(named)),
    )
    if out is not None:
        before.write(out / "valid.csv")
        after.write(out / "test.csv")
        write_json(out / "fusion.json", found)
    return found


def _name(path: Path, paths: Sequence[Path]) -> str:
    """The run's name, or the file's path where several would share one."""

    def short(path: Path) -> str:
        whole = path.resolve()
        return whole.parent.parent.name if path.is_file() and whole.parent.name == "predictions" else whole.name

    name = short(path)
    return name if [short(other) for other in paths].count(name) == 1 else str(path)


def _read(path: Path, part: str) -> Predictions:
    """Of a run that part, of a file all; by song where tracks were cut into clips."""
    if path.is_dir():
        return read_headline(open_run(path), part)
    return read_predictions(path)


def _valid_of(path: Path) -> Path:
    if path.is_dir():
        return path
    beside = path.with_name(path.name.replace("test", "valid"))
    if beside == path or not beside.is_file():
        raise DataError(
            f"{path}: no validation predictions beside it, on which weights could be fitted; name them by --valid"
        )
    return beside


def _accuracy(said: Predictions) -> float:
    known = said.known()
    return float((known.guesses == known.truth).mean())


def _remarks(named: Mapping[str, Path]) -> list[str]:
    """What the runs say beside their own test figures."""
    told = []
    for name, path in named.items():
        run = open_run(path) if path.is_dir() else Run(path.resolve().parent.parent)
        evaluation = read_evaluations(run).get("test")
        told += [f"{name}: {remark}" for remark in evaluation.remarks] if evaluation is not None else []
    return told
