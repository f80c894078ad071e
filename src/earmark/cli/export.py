"""`earmark export`: a classifier as an ONNX file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.threads import wait_asleep


class Format(StrEnum):
    """What a classifier can be written as."""

    ONNX = "onnx"


def command(
    model: Annotated[str, typer.Argument(metavar="RUN", help="The run's folder, a pack, or a classifier's name.")],
    sounds: Annotated[
        list[Path] | None,
        typer.Argument(help="Sound files, and folders of them, to check it on; the built-in songs without them."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The file; NAME.onnx here without it.")] = None,
    format: Annotated[Format, typer.Option(help="Of the file.")] = Format.ONNX,  # noqa: ARG001 - there is one so far
    quantise: Annotated[
        bool, typer.Option("--quantise", help="Also write NAME.int8.onnx, whose weights are integers of 8 bits.")
    ] = False,
) -> None:
    """Write a classifier of sound as one ONNX file: waveform in, probabilities out, and nothing of it left outside. One
    of several voices, such as the default, takes pieces of a waveform at each voice's rate.

    The file is kept only where no probability differs from the classifier's by more than 0.0001. Of a quantised one the
    largest difference is printed. earmark predict FILE.onnx runs it without torch. Sound that is shorter than a clip it
    does not take.
    """
    wait_asleep()
    from earmark.publish.export import export

    for made in export(model, out, sounds=sounds or (), quantise=quantise):
        changed = f"{made.changed} of {made.sounds} sounds named otherwise"
        typer.echo(f"{made.path}\t{made.size:,} bytes\tlargest difference {made.loss:.2g}\t{changed}")
