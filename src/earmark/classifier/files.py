"""Many files judged by one classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.batches.mapping import Place, map_items
from earmark.batches.work import Lost
from earmark.classifier.answer import Answer
from earmark.classifier.exported import Exported
from earmark.classifier.opening import load
from earmark.errors import AudioError, DataError
from earmark.tracks import Fault

if TYPE_CHECKING:
    from earmark.classifier.fusion import Fusion
    from earmark.classifier.trained import Classifier

Outcomes = Iterator[tuple[Path, Answer | Fault | Lost]]


@dataclass(frozen=True)
class Judging:
    """What each process makes: a classifier, by path or by name and loaded once, that judges one file after another."""

    model: str
    device: str = "cpu"
    allow_partial: bool = False

    def __call__(self) -> Callable[[Path], Answer | Fault]:
        """Load it. Raises ModelError where there is none."""
        return partial(_judge, load(self.model, device=self.device), allow_partial=self.allow_partial)


def predict_files(
    classifier: Classifier | Fusion | Exported,
    paths: Sequence[Path],
    *,
    allow_partial: bool = False,
    min_confidence: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Answer], list[Fault]]:
    """Judge each file in this process; those that cannot be read are listed with their reason, not answered.

    Of what is less likely than `min_confidence` the verdict is "unsure". `progress` hears how many of how many files
    are done.
    """
    outcomes = ((path, _judge(classifier, path, allow_partial=allow_partial)) for path in paths)
    return _collected(outcomes, paths, min_confidence, progress)


def predict_at(
    place: Place,
    judging: Judging,
    paths: Sequence[Path],
    *,
    min_confidence: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Answer], list[Fault]]:
    """The same in other processes, one thread in each: a file that crashes or hangs a decoder is listed as well.

    Raises what `map_items` raises.
    """
    return _collected(map_items(judging, paths, place), paths, min_confidence, progress)


def _judge(classifier: Classifier | Fusion | Exported, path: Path, *, allow_partial: bool) -> Answer | Fault:
    try:
        return classifier.predict(path, allow_partial=allow_partial)
    except (AudioError, DataError) as error:
        return Fault(str(path), str(error))


def _collected(
    outcomes: Outcomes, paths: Sequence[Path], min_confidence: float, progress: Callable[[int, int], None] | None
) -> tuple[list[Answer], list[Fault]]:
    """Answers and faults, both in the order of `paths`."""
    heard: dict[Path, Answer | Fault] = {}
    for done, (path, outcome) in enumerate(outcomes, start=1):
        heard[path] = Fault(str(path), outcome.why) if isinstance(outcome, Lost) else outcome
        if progress is not None:
            progress(done, len(paths))
    in_order = [heard[path] for path in paths]
    return (
        [replace(each, min_confidence=min_confidence) for each in in_order if isinstance(each, Answer)],
        [each for each in in_order if isinstance(each, Fault)],
    )
