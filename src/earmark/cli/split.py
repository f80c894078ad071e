"""`earmark split`: who is learned from and who is judged, as a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.show import note
from earmark.errors import UsageError


def command(
    dataset: Annotated[str, typer.Argument(help="A data set's name, or a folder, CSV or .npz.")],
    out: Annotated[Path, typer.Argument(help="Where to write the CSV.")],
    kind: Annotated[str, typer.Option(help="by_clip, by_track, by_artist, or as_given.")] = "by_track",
    valid: Annotated[float, typer.Option(help="Share of the validation part.")] = 0.2,
    test: Annotated[float, typer.Option(help="Share of the test part.")] = 0.0,
    folds: Annotated[int | None, typer.Option(help="Write a fold of so many instead.")] = None,
    fold: Annotated[
        int | None, typer.Option(help="Which fold is judged, counted from 0; the first unless named.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 1,
    path: Annotated[str | None, typer.Option(help="Where the data set lies.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="An option of the data set.")
    ] = None,
) -> None:
    """Draw a split, write it with its checksum, and say what leaks."""
    import msgspec

    from earmark.datasets.reference import open_dataset, read_options
    from earmark.recipe import SplitSettings
    from earmark.splits import draw

    wanted = {"kind": kind, "valid": valid, "test": test, "folds": folds, "fold": fold, "seed": seed}
    try:
        drawn_as = msgspec.convert(wanted, SplitSettings)
    except msgspec.ValidationError as error:
        raise UsageError(f"earmark split: {error}") from error
    data = open_dataset(dataset, read_options(settings or [], path=path))
    split = draw(data, **msgspec.structs.asdict(drawn_as))
    split.write(out)
    typer.echo(f"{out}\t{split.describe()}\t{split.checksum[:16]}")
    leak = split.leaks(data).sentence
    if leak is not None:
        note(leak)
