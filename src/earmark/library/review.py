"""A plan as a person goes through it: only those of its changes that are accepted are written."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from earmark.errors import TagError, UsageError
from earmark.library.change import Change
from earmark.library.plan import Decision, Existing, Outcome, Plan, joined
from earmark.library.tagging import Written, write_plan
from earmark.library.tags import read_genres
from earmark.library.tags.genre import check_texts
from earmark.library.undo import Undoing


class Choice(StrEnum):
    """What a person says of a file's change."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Order(StrEnum):
    """What rows are sorted by."""

    FILE = "file"
    GENRE = "genre"
    PROBABILITY = "probability"


class Sieve(msgspec.Struct, frozen=True, kw_only=True):
    """Which files are meant: all that fit everything that is said.

    outcome: None = any. choice: None = any; only files that have something to be chosen have one. album: its folder
    below the library. text: stands in the file's path below the library, or in a genre that it says or would.
    """

    outcome: Outcome | None = None
    choice: Choice | None = None
    album: str | None = None
    text: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a review.

    place: in the plan. album: its folder below the library, "" = the library itself. choice: None where there is
    nothing to choose, since it would not be written. becomes: what was written or would be; () = nothing.
    """

    place: int
    name: str
    album: str
    outcome: Outcome
    choice: Choice | None
    why: str
    old: tuple[str, ...]
    becomes: tuple[str, ...]
    suggested: tuple[tuple[str, float], ...]


class Album(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one folder that a sieve lets through, and how many of these are chosen how."""

    name: str
    files: int
    open: int
    accepted: int
    rejected: int


class Review:
    """A plan, and what a person has said of each file: nothing is accepted to begin with.

    Its plan always says what has become of the files. Names that are not text are spelt with escapes, as in
    `song \\udcff.mp3`.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._accepted: dict[int, Change] = {}
        self._rejected: set[int] = set()

    def choice(self, place: int) -> Choice | None:
        """What was said of the file at that place of the plan; None where nothing of it would be written."""
        if place in self._accepted:
            return Choice.ACCEPTED
        if place in self._rejected:
            return Choice.REJECTED
        return Choice.OPEN if self.plan.decisions[place].outcome is Outcome.PLANNED else None

    def choose(self, places: Iterable[int], choice: Choice) -> int:
        """Say the same of many files; gives of how many. Those that would not be written are passed over.

        Raises UsageError for a place that the plan does not have: then nothing is said of any.
        """
        planned = [place for place in self._checked(places) if self.choice(place) is not None]
        for place in planned:
            self._accepted.pop(place, None)
            self._rejected.discard(place)
            change = self.plan.decisions[place].change
            if choice is Choice.ACCEPTED and change is not None:
                self._accepted[place] = change
            elif choice is Choice.REJECTED:
                self._rejected.add(place)
        return len(planned)

    def take(self, place: int, genre: str) -> None:
        """Accept another genre for a file than is planned, or one for a file that would have been left alone.

        Any text that a tag can hold. It stands in place of what the file says, or behind it where the plan appends.
        Raises UsageError for a file that cannot be used or has been written, TagError for what cannot be a genre.
        """
        [place] = self._checked([place])
        decision = self.plan.decisions[place]
        appends = self.plan.settings.existing is Existing.APPEND
        new = joined(decision.old, (genre,), Existing.APPEND if appends else Existing.REPLACE)
        if decision.outcome in (Outcome.FAILED, Outcome.CHANGED) or new == decision.old:
            raise UsageError(f"{decision.path}: there is nothing to be written: it is {decision.outcome.value}")
        check_texts((genre,))
        self._rejected.discard(place)
        self._accepted[place] = Change(
            path=decision.path,
            old=decision.old,
            new=new,
            probability=dict(decision.suggested).get(genre),
            classifier=self.plan.classifier,
        )

    def places(self, sieve: Sieve) -> list[int]:
        """The files that a sieve lets through, in the order of the plan."""
        return [place for place in range(len(self.plan.decisions)) if self._passes(place, sieve)]

    def rows(self, sieve: Sieve, order: Order = Order.FILE, *, descending: bool = False) -> list[Row]:
        """The files that a sieve lets through; those that are the same in `order` stay in the order of their paths."""
        rows = [self._row(place) for place in self.places(sieve)]
        if order is Order.GENRE:
            rows.sort(key=lambda row: (row.becomes or ("",))[0].casefold(), reverse=descending)
        elif order is Order.PROBABILITY:
            rows.sort(key=lambda row: row.suggested[0][1] if row.suggested else 0.0, reverse=descending)
        elif descending:
            rows.reverse()
        return rows

    @property
    def counts(self) -> dict[Choice, int]:
        """Files by choice, all choices named."""
        counted = Counter(map(self.choice, range(len(self.plan.decisions))))
        return {choice: counted[choice] for choice in Choice}

    def accepted(self) -> Plan:
        """The plan with nothing in it but what was accepted."""
        decisions = tuple(
            msgspec.structs.replace(self.plan.decisions[place], outcome=Outcome.PLANNED, change=change)
            for place, change in sorted(self._accepted.items())
        )
        return msgspec.structs.replace(self.plan, decisions=decisions)

    def write(self, progress: Callable[[int, int], None] | None = None) -> Written:
        """Write what was accepted, and nothing else; as `write_plan` says. What was written is no longer to choose.

        Raises DataError where a journal cannot be written, and what `progress` raises to stop it between two files.
        """
        chosen, accepted = sorted(self._accepted), self.accepted()
        try:
            written = write_plan(accepted, progress=progress)
        except BaseException:  # also where `progress` stopped it: some are written, and their files tell which
            self._settle({place: d for place, d in zip(chosen, map(_looked_at, accepted.decisions), strict=True) if d})
            raise
        self._settle(dict(zip(chosen, written.plan.decisions, strict=True)))
        return written

    def undone(self, undoing: Undoing) -> None:
        """Hear that a tagging was undone: its files may be chosen anew, and say what they say again."""
        restored = {change.path: change.new for change in undoing.restored}
        self._settle(
            {
                place: _planned_again(decision, restored[decision.path])
                for place, decision in enumerate(self.plan.decisions)
                if decision.outcome is Outcome.CHANGED and decision.path in restored
            }
        )

    def _settle(self, settled: dict[int, Decision]) -> None:
        decisions = list(self.plan.decisions)
        for place, decision in settled.items():
            decisions[place] = decision
            self._accepted.pop(place, None)
            self._rejected.discard(place)
        self.plan = msgspec.structs.replace(self.plan, decisions=tuple(decisions))

    def _checked(self, places: Iterable[int]) -> list[int]:
        found = list(places)
        for place in found:
            if not 0 <= place < len(self.plan.decisions):
                raise UsageError(f"file {place}: the plan has {len(self.plan.decisions):,} files, counted from 0")
        return found

    def _passes(self, place: int, sieve: Sieve) -> bool:
        decision = self.plan.decisions[place]
        return (
            (sieve.outcome is None or decision.outcome is sieve.outcome)
            and (sieve.choice is None or self.choice(place) is sieve.choice)
            and (sieve.album is None or _album(decision) == sieve.album)
            and (not sieve.text or sieve.text.casefold() in self._words(place))
        )

    def _words(self, place: int) -> str:
        decision = self.plan.decisions[place]
        genres = (*decision.old, *self._becomes(place), *(genre for genre, _ in decision.suggested))
        return "\n".join((_album(decision), _text(decision.path.name), *genres)).casefold()

    def _becomes(self, place: int) -> tuple[str, ...]:
        change = self._accepted.get(place) or self.plan.decisions[place].change
        return () if change is None else change.new

    def _row(self, place: int) -> Row:
        decision = self.plan.decisions[place]
        return Row(
            place=place,
            name=_text(decision.path.name),
            album=_album(decision),
            outcome=decision.outcome,
            choice=self.choice(place),
            why=_text(decision.why),
            old=tuple(map(_text, decision.old)),
            becomes=tuple(map(_text, self._becomes(place))),
            suggested=decision.suggested,
        )


def albums(rows: Sequence[Row]) -> list[Album]:
    """The folders of these files, in the order in which they are met."""
    counted: dict[str, Counter[Choice | None]] = {}
    for row in rows:
        counted.setdefault(row.album, Counter())[row.choice] += 1
    return [
        Album(
            name=name,
            files=chosen.total(),
            open=chosen[Choice.OPEN],
            accepted=chosen[Choice.ACCEPTED],
            rejected=chosen[Choice.REJECTED],
        )
        for name, chosen in counted.items()
    ]


def _looked_at(decision: Decision) -> Decision | None:
    """An accepted decision as changed, where its file says now what it should; else None."""
    with contextlib.suppress(TagError, OSError):
        if decision.change is not None and read_genres(decision.path) == decision.change.new:
            return msgspec.structs.replace(decision, outcome=Outcome.CHANGED)
    return None


def _planned_again(decision: Decision, says: tuple[str, ...]) -> Decision:
    change = decision.change and msgspec.structs.replace(decision.change, old=says)
    return msgspec.structs.replace(decision, outcome=Outcome.PLANNED, old=says, change=change)


def _album(decision: Decision) -> str:
    """Nothing where the library itself is the fault."""
    inside = os.path.relpath(decision.path.parent, decision.library)
    return "" if inside in (".", "..") else _text(Path(inside).as_posix())


def _text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
