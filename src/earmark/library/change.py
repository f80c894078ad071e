"""One file's genre, as it is and as it shall be: what a plan is made of, and what writing executes."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One file's genre, as it is and as it shall be.

    old: what the file says; () = absent. The file is not written where it no longer says so.
    new: what it shall say, the first first.
    probability: of the first of `new`; None where no classifier gave one.
    classifier: what named it.
    """

    path: Path
    old: tuple[str, ...]
    new: tuple[str, ...]
    probability: float | None
    classifier: str
