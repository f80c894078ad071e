"""`earmark tag`: genres suggested for a library and, with `--write`, written into its files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.cli.show import AsCsv, AsJson, Form, bar, form, note, on_terminal, print_csv, print_json, print_table

if TYPE_CHECKING:
    from earmark.library.plan import Decision, Plan


def command(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FOLDER", help="Folders of music, which are walked, or files.")
    ],
    model: Annotated[
        str | None, typer.Option(help="The classifier: a run's folder or a name; without one the default answers.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write what is shown into the files.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace genres that are there.")] = False,
    append: Annotated[bool, typer.Option("--append", help="Add to genres that are there.")] = False,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="Leave a file alone where no genre is this probable.")
    ] = 0.5,
    top: Annotated[int, typer.Option(min=1, help="Most genres a file, each of them this probable.")] = 1,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own names for the genres, as TOML.")
    ] = None,
    keep_mtime: Annotated[bool, typer.Option("--keep-mtime", help="Keep the files' time of last change.")] = False,
    separator: Annotated[
        str | None, typer.Option(help="Join several genres by this where a tag holds only one text.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that listen; by default as many as there are cores.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Listen on the Dask cluster of this scheduler instead.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the plan as a page.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> int:
    """Suggest genres for music files and show them beside what the files say. Nothing is written without --write."""
    from earmark.atomic import write_text
    from earmark.batches.mapping import Place, usable_cores
    from earmark.classifier import DEFAULT
    from earmark.cli.progress import bars, list_faults
    from earmark.errors import DataError
    from earmark.library.page import render_plan
    from earmark.library.plan import Existing
    from earmark.library.tagging import suggest, write_plan

    shape = form(as_json, as_csv)
    if replace and append:
        raise typer.BadParameter("--replace and --append exclude each other")
    with bars() as watcher:
        plan = suggest(
            paths,
            model or DEFAULT,
            mapping=mapping,
            existing=Existing.REPLACE if replace else Existing.APPEND if append else Existing.KEEP,
            min_confidence=min_confidence,
            top=top,
            place=Place(workers=usable_cores() if workers is None else workers, cluster=cluster),
            watcher=watcher,
        )
    taggings: tuple[str, ...] = ()
    if write:
        with bars("writing") as watcher:
            written = write_plan(plan, keep_mtime=keep_mtime, separator=separator, progress=watcher.step)
        plan, taggings = written.plan, written.taggings
    if html is not None:
        write_text(html, render_plan(plan))
    if shape is Form.JSON:
        print_json(_plain(plan, taggings))
    elif shape is Form.CSV:
        _print_csv(plan)
    else:
        _print_table(plan)
    list_faults(plan.faults)
    if len(plan.faults) == len(plan.decisions):
        raise DataError("nothing given could be tagged")
    _print_summary(plan, taggings, write=write)
    return 1 if plan.faults else 0


def _print_summary(plan: Plan, taggings: tuple[str, ...], *, write: bool) -> None:
    counts = {outcome.value: n for outcome, n in plan.counts.items()}
    done = f"{counts['changed']:,} changed" if write else f"{counts['planned']:,} to change"
    others = ", ".join(f"{counts[name]:,} {name}" for name in ("kept", "unsure", "not music", "failed"))
    files = "1 file" if len(plan.decisions) == 1 else f"{len(plan.decisions):,} files"
    note(f"{files}: {done}, {others}")
    for tagging in taggings:
        note(f"take it back with: earmark undo {tagging}")
    if counts["planned"]:
        note("nothing was written; --write writes what is shown")


def _plain(plan: Plan, taggings: tuple[str, ...]) -> dict[str, Any]:
    return {
        "classifier": plan.classifier,
        "note": plan.note,
        "taggings": taggings,
        "counts": {outcome.value: n for outcome, n in plan.counts.items()},
        "files": [
            {
                "file": str(decision.path),
                "outcome": decision.outcome.value,
                "why": decision.why,
                "genres": decision.old,
                "becomes": decision.change.new if decision.change else None,
                "suggested": [{"genre": genre, "probability": round(p, 6)} for genre, p in decision.suggested],
            }
            for decision in plan.decisions
        ],
    }


def _print_csv(plan: Plan) -> None:
    """Several genres in one cell are joined by a semicolon."""
    header = ["file", "outcome", "genres", "becomes", "suggested", "probability", "why"]
    rows = []
    for decision in plan.decisions:
        genre, probability = decision.suggested[0] if decision.suggested else ("", None)
        becomes = "; ".join(decision.change.new) if decision.change else ""
        likely = "" if probability is None else f"{probability:.6f}"
        said = "; ".join(decision.old)
        rows.append([decision.path, decision.outcome.value, said, becomes, genre, likely, decision.why])
    print_csv(header, rows)


def _print_table(plan: Plan) -> None:
    """A row a file; those that failed are listed elsewhere, and a terminal is told the common folder once."""
    from earmark.library.plan import Outcome

    decisions = [decision for decision in plan.decisions if decision.outcome is not Outcome.FAILED]
    common = _common_folder(decisions) if on_terminal() else ""
    if common:
        print(f"in {common}:")
    rows = []
    for decision in decisions:
        genre, probability = decision.suggested[0] if decision.suggested else ("", None)
        likely = "" if probability is None else _likely(probability)
        becomes = " + ".join(decision.change.new) if decision.change else ""
        name = str(decision.path)[len(common) :]
        rows.append((name, " + ".join(decision.old), genre, likely, decision.outcome.value, becomes))
    header = ("file", "says", "suggested", "probability", "outcome", "becomes")
    print_table(header, rows, right=("probability",), fold=("file", "says", "becomes"))


def _likely(probability: float) -> str:
    """With a bar for the eye on a terminal; a plain number in a pipe."""
    return f"{bar(probability, 8)} {probability:4.0%}" if on_terminal() else f"{probability:.4f}"


def _common_folder(decisions: list[Decision]) -> str:
    """The folder that all files lie in, with its last separator; empty where there is none to speak of."""
    try:
        common = os.path.commonpath([decision.path.parent for decision in decisions])
    except ValueError:  # no files, or other drives
        return ""
    return "" if common == os.sep else common + os.sep
