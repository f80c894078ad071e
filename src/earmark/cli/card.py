"""`earmark card`: what a classifier is, for those who get it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    model: Annotated[str, typer.Argument(metavar="RUN", help="The run's folder, a pack, or a classifier's name.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there instead of printing it.")] = None,
    licence: Annotated[
        str | None, typer.Option(help="Under which you give the weights, such as mit or cc-by-nc-4.0.")
    ] = None,
) -> None:
    """Print a classifier's model card: Markdown with the header that Hugging Face reads.

    What it is, its genres, its data with their split and leaks, scores with intervals, calibration, limits, and how to
    use it.
    """
    from earmark.atomic import write_text
    from earmark.publish.card import card_of

    text = card_of(model, licence=licence)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
        typer.echo(out)
