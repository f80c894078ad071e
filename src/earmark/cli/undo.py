"""`earmark undo`: genres that were written into files, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.show import AsJson, note, print_json, print_table


def command(
    tagging: Annotated[str | None, typer.Argument(help="Which tagging; without it, list them.")] = None,
    library: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where its files lie now, where the library has moved.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Undo a tagging: each file gets back what it said, where it still says what was written; the rest is listed."""
    import contextlib

    from earmark.cli.progress import bars, list_faults
    from earmark.library.undo import journal_of, undo

    if tagging is None:
        _print_taggings(as_json)
        return 0
    with contextlib.closing(journal_of(tagging, library)) as journal, bars("undoing") as watcher:
        undoing = undo(journal, tagging, progress=watcher.step)
    rows = [(str(change.path), " + ".join(change.old), " + ".join(change.new)) for change in undoing.restored]
    if as_json:
        restored = [
            {"file": str(change.path), "written": change.old, "restored": change.new} for change in undoing.restored
        ]
        kept = [{"file": fault.where, "why": fault.what} for fault in undoing.kept]
        print_json({"tagging": undoing.tagging, "restored": restored, "kept": kept})
    else:
        print_table(("file", "was written", "is again"), rows, fold=("file", "was written", "is again"))
    list_faults(list(undoing.kept))
    note(f"{len(undoing.restored):,} taken back, {len(undoing.kept):,} left alone")
    return 1 if undoing.kept else 0


def _print_taggings(as_json: bool) -> None:
    from earmark.library.undo import all_taggings

    found = all_taggings()
    if as_json:
        print_json(
            [
                {
                    "tagging": one.tagging,
                    "at": one.at,
                    "library": str(one.library),
                    "written": one.written,
                    "undone": one.undone,
                }
                for one in found
            ]
        )
        return
    rows = [(one.tagging, one.at, one.written, one.undone, str(one.library)) for one in found]
    print_table(("tagging", "at", "written", "undone", "library"), rows, right=("written", "undone"), fold=("library",))
    if not found:
        note("nothing has been tagged yet")
