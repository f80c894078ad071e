"""`earmark pack`: a classifier in one file that can be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.show import note


def command(
    model: Annotated[str, typer.Argument(metavar="RUN", help="The run's folder, or a classifier's name.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The file; NAME.earmark here without it.")] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="Under which you give the weights, such as mit or cc-by-nc-4.0; it stands in the pack."),
    ] = None,
) -> None:
    """Write a classifier into one .earmark file: weights, settings, model card, licence and checksums.

    predict, tag, explain and evaluate --on take it, from a path or an https or s3 address, once it has been verified.
    Prints the file and its SHA-256; an address with #sha256=DIGEST after it stands for this very pack. A pack names the
    tracks that were learned from: those of the split, or of your library where it was taught.
    """
    from earmark.publish.pack import pack

    packed = pack(model, out, licence=licence)
    typer.echo(f"{packed.path}\t{packed.size:,} bytes\tsha256={packed.sha256}")
    if licence is None:
        note("no licence was named: --licence tells others what they may do with it")
