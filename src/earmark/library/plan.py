"""What shall become of each file's genre, and why: the plan that is shown, and that writing executes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from earmark.errors import UsageError
from earmark.genre_names import normal_form
from earmark.library.answers import Found, Heard
from earmark.library.change import Change
from earmark.library.mapping import GenreMapping
from earmark.tracks import Fault

MIN_CONFIDENCE = 0.5  # rather right than wrong, where probabilities mean what they say
SHOWN = 3  # suggestions kept for a person to see


class Existing(StrEnum):
    """What becomes of the genres that a file has already."""

    KEEP = "keep"
    REPLACE = "replace"
    APPEND = "append"


class Outcome(StrEnum):
    """What becomes of a file; `PLANNED` is `CHANGED` once it has been written."""

    PLANNED = "planned"
    CHANGED = "changed"
    KEPT = "kept"
    UNSURE = "unsure"
    NOT_MUSIC = "not music"
    FAILED = "failed"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How answers become genres.

    Written are the `top` likeliest genres of those that are at least as likely as `min_confidence`; parents come beside
    them and are not counted. Raises UsageError for values out of range.
    """

    mapping: GenreMapping
    existing: Existing = Existing.KEEP
    min_confidence: float = MIN_CONFIDENCE
    top: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.min_confidence <= 1 or self.top < 1:
            raise UsageError(
                f"min_confidence={self.min_confidence}, top={self.top}: the first lies between 0 and 1, "
                "the second is 1 or more"
            )


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One file. old: what it says. suggested: the likeliest genres with their probabilities, none of what is no music.

    why: of the outcome.

    change: what shall be written, or was; None where it is left alone. library: the folder whose journal it belongs to.
    """

    path: Path
    library: Path
    outcome: Outcome
    why: str
    old: tuple[str, ...] = ()
    suggested: tuple[tuple[str, float], ...] = ()
    change: Change | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The decisions of one classifier on all files that were found, in the order of their paths.

    note: what a person should know of the classifier before trusting it.
    """

    classifier: str
    note: str | None
    settings: Settings
    decisions: tuple[Decision, ...]

    @property
    def changes(self) -> dict[Path, list[Change]]:
        """What writing would do, by library."""
        found: dict[Path, list[Change]] = {}
        for decision in self.decisions:
            if decision.outcome is Outcome.PLANNED and decision.change is not None:
                found.setdefault(decision.library, []).append(decision.change)
        return found

    @property
    def faults(self) -> list[Fault]:
        """Files that could not be used or written."""
        return [Fault(str(d.path), d.why) for d in self.decisions if d.outcome is Outcome.FAILED]

    @property
    def counts(self) -> dict[Outcome, int]:
        """Files by outcome, all outcomes named."""
        counted = Counter(decision.outcome for decision in self.decisions)
        return {outcome: counted[outcome] for outcome in Outcome}


def plan(
    files: Iterable[Found], genres: Sequence[str], *, classifier: str, settings: Settings, note: str | None = None
) -> Plan:
    """Decide on each file; nothing is read or written. `genres`: the classifier's, as its probabilities are ordered."""
    decisions = tuple(_decide(file, genres, classifier, settings) for file in files)
    return Plan(classifier=classifier, note=note, settings=settings, decisions=decisions)


def _decide(file: Found, genres: Sequence[str], classifier: str, settings: Settings) -> Decision:
    if file.heard is None:
        return Decision(
            path=file.path, library=file.library, outcome=Outcome.FAILED, why=file.fault or "", old=file.genres
        )
    ranked = settings.mapping.ranked(genres, file.heard.probabilities)
    names = _names(ranked, settings)
    new = joined(file.genres, names, settings.existing)
    outcome, why = _outcome(file.genres, file.heard, ranked, new, settings)
    change = None
    if outcome is Outcome.PLANNED:
        change = Change(path=file.path, old=file.genres, new=new, probability=ranked[0][1], classifier=classifier)
    return Decision(
        path=file.path,
        library=file.library,
        outcome=outcome,
        why=why,
        old=file.genres,
        suggested=() if file.heard.verdict == "not music" else tuple(ranked[:SHOWN]),
        change=change,
    )


def _names(ranked: Sequence[tuple[str, float]], settings: Settings) -> tuple[str, ...]:
    """What is sure enough to be written, with parents; () = nothing."""
    sure = [name for name, probability in ranked[: settings.top] if probability >= settings.min_confidence]
    return tuple(dict.fromkeys(part for name in sure for part in settings.mapping.with_parents(name)))


def joined(old: tuple[str, ...], names: tuple[str, ...], existing: Existing) -> tuple[str, ...]:
    """What a file's tag then says, of what it said and new names."""
    if not old or existing is Existing.REPLACE:
        return names
    if existing is Existing.KEEP:
        return old
    said = {_spelling(name) for name in old}
    return (*old, *(name for name in names if _spelling(name) not in said))


def _spelling(name: str) -> str:
    """Hip-Hop beside hiphop would be the same genre twice."""
    return normal_form(name) or name


def _outcome(
    old: tuple[str, ...],
    heard: Heard,
    ranked: Sequence[tuple[str, float]],
    new: tuple[str, ...],
    settings: Settings,
) -> tuple[Outcome, str]:
    if old and settings.existing is Existing.KEEP:
        return Outcome.KEPT, "it has a genre"
    if heard.verdict == "not music":
        return Outcome.NOT_MUSIC, "it does not sound like music"
    if heard.verdict == "unsure":
        return Outcome.UNSURE, "the classifier is unsure of it"
    name, probability = ranked[0]
    if probability < settings.min_confidence:
        return Outcome.UNSURE, f"{name} at {probability:.0%} is below {settings.min_confidence:.0%}"
    if new == old:
        return Outcome.KEPT, "it says so already"
    return Outcome.PLANNED, f"{name} at {probability:.0%}"
