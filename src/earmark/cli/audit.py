"""`earmark audit`: what is wrong with a collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli.show import AsCsv, AsJson, Form, form, note, print_csv, print_json, print_table

if TYPE_CHECKING:
    from earmark.library.audit import Audit


def command(
    what: Annotated[str, typer.Argument(help="A folder of audio, a file, a CSV or .npz, or a data set's name.")],
    split: Annotated[
        Path | None, typer.Option(help="A split's CSV (id,part), to find what stands on both of its sides.")
    ] = None,
    min_seconds: Annotated[float, typer.Option(min=0, help="Shorter sounds are listed.")] = 1.0,
    max_clipped: Annotated[
        float, typer.Option(min=0, max=1, help="The share of samples at full scale above which sounds are listed.")
    ] = 0.01,
    min_agreement: Annotated[
        float,
        typer.Option(
            min=0.2,
            max=1,
            help="Of two fingerprints, for a repetition; 0.85 leaves out other mixes and cuts of a song.",
        ),
    ] = 0.3,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that read; by default as many as there are cores.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Read on the Dask cluster of this scheduler instead.")
    ] = None,
    path: Annotated[str | None, typer.Option(help="Where the named data set lies.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="An option of the data set.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> int:
    """Find files that are unreadable, silent, clipped, too short or the same as another, and what a split lets leak.

    Nothing is changed or deleted. The exit code is 1 where some files could not be read.
    """
    from earmark.batches.mapping import Place, usable_cores
    from earmark.cli.progress import bars
    from earmark.datasets.faults import Limits
    from earmark.datasets.reference import read_options
    from earmark.library.audit import audit, open_audited
    from earmark.splits import read_split

    shape = form(as_json, as_csv)
    data = open_audited(what, read_options(settings or [], path=path))
    parts = read_split(split) if split is not None else None
    with bars(f"reading {len(data)} tracks of {data.name}") as watcher:
        result = audit(
            data,
            split=parts,
            limits=Limits(min_seconds=min_seconds, max_clipped=max_clipped),
            least_agreement=min_agreement,
            place=Place(workers=usable_cores() if workers is None else workers, cluster=cluster),
            progress=watcher.step,
        )
        watcher.skipped(data.faults)
    if shape is Form.JSON:
        import msgspec

        print_json(msgspec.to_builtins(result))
    elif shape is Form.CSV:
        header = ("kind", "where", "other", "parts", "agreement", "offset", "what", "to_do")
        print_csv(header, [[_cell(getattr(finding, column)) for column in header] for finding in result.findings])
    else:
        rows = [
            (finding.kind.replace("_", " "), finding.where, finding.what, finding.to_do) for finding in result.findings
        ]
        print_table(("found", "where", "what", "to do"), rows, fold=("where", "what", "to do"))
    _summarise(result)
    return 1 if "unreadable" in result.counts else 0


def _cell(value: object) -> object:
    return "" if value is None else " ".join(value) if isinstance(value, tuple) else value


def _summarise(result: Audit) -> None:
    found = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in result.counts.items()) or "nothing"
    note(f"{result.dataset}: {result.tracks} tracks; found: {found}")
    if result.fingerprinted:
        note(f"{result.fingerprinted:,} compared with each other")
    else:
        note("compared for equality alone: there is no sound in them, or in fewer than 33 bands")
    if result.leak is not None:
        note(result.leak)
    if result.artists_unknown:
        note(f"{result.artists_unknown} tracks of the split name no artist, so that theirs may stand on both sides")
