"""`earmark report`: the page of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(run: Annotated[Path, typer.Argument(help="The run's folder.")]) -> None:
    """Write the run's report again, and say where it is."""
    from earmark.experiment.report import write_report

    typer.echo(write_report(run))
