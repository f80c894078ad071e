"""Tables for people, plain lines for pipes, JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


class Form(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


def form(as_json: bool, as_csv: bool) -> Form:
    """The form that the two options ask for."""
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    return Form.JSON if as_json else Form.CSV if as_csv else Form.TABLE


def note(text: str) -> None:
    """Say something to the person, on standard error, where it does not mix with results."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def print_json(content: Any) -> None:
    """Print `content` as indented JSON."""
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def print_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as CSV with a header."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)


def on_terminal() -> bool:
    """Whether results go to a person's terminal, not to a pipe or file."""
    return sys.stdout.isatty()


def print_table(
    header: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = (), fold: Sequence[str] = ()
) -> None:
    """Print a table to a terminal, tab-separated lines without a header to a pipe.

    `right` names columns of numbers, `fold` those that go over several lines where the terminal is narrow. A column
    without a name is a picture, left out of a pipe.
    """
    if not on_terminal():
        named = [place for place, column in enumerate(header) if column]
        for row in rows:
            sys.stdout.write("\t".join(str(row[place]) for place in named) + "\n")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in header:
        table.add_column(
            column, justify="right" if column in right else "left", no_wrap=column not in fold, overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console(highlight=False).print(table)


def bar(share: float, width: int = 12) -> str:
    """A share from 0 to 1 as a bar of block characters."""
    eighths = round(share * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(width)
