"""`earmark fetch`: public data sets, downloaded and verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.show import print_table


def command(
    name: Annotated[
        str | None, typer.Argument(help="What to fetch; without it, what can be fetched is listed.")
    ] = None,
    to: Annotated[Path, typer.Option(help="The folder to put it into.")] = Path("data"),
) -> None:
    """Download from public mirrors, going on where an earlier try broke off, verify the checksum, and unpack."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from earmark.download import FETCHABLE, fetch_named

    if name is None:
        print_table(("name", "what"), [(known, source.what) for known, source in FETCHABLE.items()], fold=("what",))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_interactive) as progress:
        task = progress.add_task(name, total=None)
        folder = fetch_named(name, to, progress=lambda done, of: progress.update(task, completed=done, total=of))
    typer.echo(folder)
