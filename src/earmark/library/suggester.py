"""Genres suggested to a program that keeps a library of its own, such as beets: it says what there is, and writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from earmark.batches.mapping import Place
from earmark.classifier import DEFAULT
from earmark.experiment.watcher import Watcher
from earmark.library.answers import Answers, Found, Heard
from earmark.library.listen import listening, look
from earmark.library.mapping import read_mapping, unchanged
from earmark.library.plan import MIN_CONFIDENCE, Decision, Existing, Outcome, Settings, plan
from earmark.library.scan import scan
from earmark.tracks import Fault


class Holding(msgspec.Struct, frozen=True):
    """A track or an album, as the other program has it.

    files: one, or those of the album's tracks. genres: what it has there, whatever the files say; () = none.
    """

    files: tuple[Path, ...]
    genres: tuple[str, ...]


class Suggester:
    """A classifier, loaded once, and what a person wants of it. `note`: what to know of it before trusting it.

    Options and what is raised are as of `suggest`.
    """

    def __init__(
        self,
        model: Path | str = DEFAULT,
        *,
        mapping: Path | None = None,
        existing: Existing = Existing.KEEP,
        min_confidence: float = MIN_CONFIDENCE,
        top: int = 1,
    ) -> None:
        self._listening, self._classifier = listening(model)
        genres = self._classifier.genres
        names = unchanged(genres) if mapping is None else read_mapping(mapping, genres)
        self._settings = Settings(mapping=names, existing=existing, min_confidence=min_confidence, top=top)
        self.note = self._classifier.note

    def suggest(
        self, holdings: Sequence[Holding], *, place: Place, watcher: Watcher | None = None
    ) -> tuple[list[Decision], list[Fault]]:
        """What shall become of the genres of each, in their order; the files that cannot be used, with their reason.

        Listened to are the files of those that may change, and of these such as are not known yet. An album is judged
        by the mean of its tracks' probabilities, over those that sound like music where any does.
        Raises what `scan` raises.
        """
        files = dict.fromkeys(file for holding in holdings if not self._stays(holding) for file in holding.files)
        heard = self._hear(files, place, watcher)
        decisions = [self._decide(holding, heard) for holding in holdings]
        return decisions, [Fault(str(path), found.fault) for path, found in heard.items() if found.fault is not None]

    def _stays(self, holding: Holding) -> bool:
        return bool(holding.genres) and self._settings.existing is Existing.KEEP

    def _hear(self, files: Iterable[Path], place: Place, watcher: Watcher | None) -> dict[Path, Found]:
        """Each file with its answer, or with why there is none. Found goes by where a link leads."""
        here = place.workers == 0 and place.cluster is None
        make = (lambda: partial(look, self._classifier)) if here else self._listening
        with contextlib.closing(Answers(self._listening.digest)) as answers:
            scan(files, answers, make, place=place, watcher=watcher)
            found = {entry.path: entry for entry in answers.found()}
        return {
            path: found.get(Path(os.path.realpath(path)))
            or found.get(path.absolute())
            or Found(path, path.parent, "a folder, not a file")
            for path in files
        }

    def _decide(self, holding: Holding, heard: Mapping[Path, Found]) -> Decision:
        if self._stays(holding):
            path = holding.files[0]
            return Decision(
                path=path, library=path.parent, outcome=Outcome.KEPT, why="it has a genre", old=holding.genres
            )
        together = _together(holding, heard)
        name = self._classifier.name
        (decision,) = plan([together], self._classifier.genres, classifier=name, settings=self._settings).decisions
        return decision


def _together(holding: Holding, heard: Mapping[Path, Found]) -> Found:
    """What is heard of its files as one; of none that can be used, why the first cannot. An album is its first file."""
    each = [heard[file] for file in holding.files]
    answers = [found.heard for found in each if found.heard is not None]
    if not answers:
        return each[0]
    counted = [answer for answer in answers if answer.verdict == "music"] or answers
    mean = np.mean([answer.probabilities for answer in counted], axis=0)
    return Found(
        each[0].path, each[0].library, genres=holding.genres, heard=Heard(tuple(mean.tolist()), counted[0].verdict)
    )
