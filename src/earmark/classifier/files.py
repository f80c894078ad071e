"""Many files judged by one classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from earmark.classifier.answer import Answer
from earmark.classifier.fusion import Fusion
from earmark.classifier.trained import Classifier
from earmark.errors import AudioError, DataError
from earmark.tracks import Fault


def predict_files(
    classifier: Classifier | Fusion,
    paths: Sequence[Path],
    *,
    allow_partial: bool = False,
    min_confidence: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Answer], list[Fault]]:
    """Judge each file; those that cannot be read are listed with their reason instead of being answered.

    Of what is less likely than `min_confidence` the verdict is "unsure". `progress` hears how many of how many files
    are done.
    """
    answers, faults = [], []
    for done, path in enumerate(paths, start=1):
        try:
            answer = classifier.predict(path, allow_partial=allow_partial)
            answers.append(replace(answer, min_confidence=min_confidence))
        except (AudioError, DataError) as error:
            faults.append(Fault(str(path), str(error)))
        if progress is not None:
            progress(done, len(paths))
    return answers, faults
