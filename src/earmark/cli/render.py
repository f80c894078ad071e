"""`earmark render`: spectrogram pictures from audio or log-mel arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.errors import UsageError

if TYPE_CHECKING:
    from earmark.splits import Kind, Split
    from earmark.tracks import Dataset


def command(
    dataset: Annotated[
        str,
        typer.Argument(
            help="A folder with one folder of audio per genre, an .npz file of log-mel arrays, or a data set's name."
        ),
    ],
    out: Annotated[Path, typer.Argument(help="The folder to draw into; it must be new or empty.")],
    axes: Annotated[bool, typer.Option("--axes", help="With title, ticks and colour bar.")] = False,
    seconds: Annotated[float, typer.Option(help="Length of a piece; longer files give several pictures.")] = 30.0,
    split: Annotated[
        str, typer.Option(help="Shares of train, valid and test, drawn by track; or as_given; or none.")
    ] = "80:10:10",
    by_artist: Annotated[
        bool, typer.Option("--by-artist", help="Draw by artist instead, where the data set names them.")
    ] = False,
    per_genre: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Draw at most N tracks of each genre.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of both draws.")] = 1,
    size: Annotated[
        str | None, typer.Option(metavar="WIDTHxHEIGHT", help="In pixels; without it one a frame and band.")
    ] = None,
    colour_map: Annotated[str, typer.Option(help="Matplotlib's name.")] = "magma",
    path: Annotated[str | None, typer.Option(help="Where the named data set lies.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="An option of the data set.")
    ] = None,
) -> int:
    """Draw each track's log-mel into a folder of pictures per genre. What cannot be read is listed at the end.

    With axes the title is the same on all pictures: a track's name would tell its genre.
    """
    from earmark.cli.progress import bars
    from earmark.datasets.reference import open_dataset, read_options
    from earmark.publish.render import Style, render
    from earmark.splits import sample

    style = Style(seconds=seconds, size=_size(size), axes=axes, colour_map=colour_map)
    data = open_dataset(dataset, read_options(settings or [], path=path))
    if per_genre is not None:
        data = sample(data, per_genre=per_genre, seed=seed)
    drawn = _split(data, split, "by_artist" if by_artist else "by_track", seed)
    with bars() as watcher:
        watcher.stage(f"drawing {data.name}")
        pictures, faults = render(data, out, style, split=drawn, progress=watcher.step)
        watcher.skipped(tuple(faults))
    typer.echo(f"{out}\t{pictures} pictures" + (f"\t{drawn.describe()}" if drawn is not None else ""))
    return 1 if faults else 0


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise UsageError(f"--size {text}: write it as WIDTHxHEIGHT, as in --size 224x224")
    return int(width), int(height)


def _split(dataset: Dataset, text: str, kind: Kind, seed: int) -> Split | None:
    from earmark.splits import draw

    if text == "none":
        return None
    if text == "as_given":
        return draw(dataset, kind="as_given")
    shares = text.split(":")
    if len(shares) != 3 or not all(share.isdecimal() for share in shares) or not int(shares[0]):
        raise UsageError(f"--split {text}: write it as TRAIN:VALID:TEST, as in --split 80:10:10, or as_given, or none")
    train, valid, test = map(int, shares)
    whole = train + valid + test
    return draw(dataset, kind=kind, valid=valid / whole, test=test / whole, seed=seed)
