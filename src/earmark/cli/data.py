"""`earmark data`: what there is to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from earmark.cli.show import AsJson, bar, note, print_json, print_table

if TYPE_CHECKING:
    from earmark.tracks import Dataset, Fault


CourseFormat = Literal["tfdata", "arrays"]


def command(
    name: Annotated[str | None, typer.Argument(help="A data set's name, or a folder, CSV or .npz.")] = None,
    path: Annotated[str | None, typer.Option(help="Where the named data set lies.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="An option of the data set.")
    ] = None,
    validate: Annotated[bool, typer.Option("--validate", help="Read every track and list what is wrong.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the card as a page, with pictures.")] = None,
    course: Annotated[Path | None, typer.Option(help="From GTZAN's audio, make the course's clips there.")] = None,
    course_format: Annotated[CourseFormat, typer.Option(help="How --course writes them.")] = "tfdata",
    write_audio: Annotated[
        Path | None, typer.Option("--write-audio", metavar="FOLDER", help="Write the tracks as FLAC, a folder a genre.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show a data set's card: counts, licence, faults. Without a name, list the data sets."""
    import inspect

    from earmark.catalog import DATASETS
    from earmark.datasets.reference import open_dataset, read_options

    if name is None:
        rows = [(known, (inspect.getdoc(DATASETS.find(known)) or "").partition("\n")[0]) for known in DATASETS.names()]
        if as_json:
            print_json([{"name": known, "what": what} for known, what in rows])
        else:
            print_table(("data set", "what"), rows, fold=("what",))
        return 0
    dataset = open_dataset(name, read_options(settings or [], path=path))
    if course is not None:
        return _write_course(dataset, course, course_format)
    if write_audio is not None:
        return _write_audio(dataset, write_audio)
    found = _validate(dataset) if validate else []
    if html is not None:
        from earmark.experiment.card import write_card_page

        note(f"card: {write_card_page(html, dataset, found)}")
    _print_card(dataset, found, as_json=as_json)
    return 1 if found else 0


def _validate(dataset: Dataset) -> list[Fault]:
    from earmark.cli.progress import bars
    from earmark.datasets.faults import find_faults
    from earmark.wording import plural

    with bars() as watcher:
        watcher.stage(f"reading all {len(dataset)} {plural(dataset.wording.track)} of {dataset.name}")
        return find_faults(dataset, progress=watcher.step)


def _write_course(dataset: Dataset, out: Path, course_format: CourseFormat) -> int:
    from earmark.cli.progress import bars
    from earmark.datasets.course import write_course

    with bars() as watcher:
        watcher.stage("cutting clips")
        faults = write_course(dataset, out, format=course_format, progress=watcher.step)
        watcher.skipped(tuple(faults))
    typer.echo(out)
    return 1 if faults else 0


def _write_audio(dataset: Dataset, out: Path) -> int:
    from earmark.cli.progress import bars
    from earmark.datasets.write_audio import write_audio

    with bars(f"writing {len(dataset)} tracks") as watcher:
        faults = write_audio(dataset, out, progress=watcher.step)
        watcher.skipped(tuple(faults))
    typer.echo(out)
    return 1 if faults else 0


def _print_card(dataset: Dataset, found: list[Fault], *, as_json: bool) -> None:
    import msgspec

    from earmark.wording import plural

    counts = dataset.counts()
    facts = {
        "name": dataset.name,
        "medium": dataset.medium,
        "tracks": len(dataset),
        "songs": len({track.song for track in dataset.tracks}) if dataset.songs_known else None,
        "artists": len({track.artist for track in dataset.tracks if track.artist}),
        "synthetic": dataset.synthetic,
        "source": dataset.source,
        "licence": dataset.licence,
        "citation": dataset.citation,
    }
    if as_json:
        listed = {"known": dataset.faults, "found": found}
        print_json({**facts, "genres": counts, "faults": msgspec.to_builtins(listed)})
        return
    if dataset.synthetic:
        note("synthetic: composed by rule, not recordings")
    wording = dataset.wording
    beside = ("songs", "artists") if wording.whole else ()
    said = [(wording.of(key), it) for key, it in facts.items() if it not in ("", None) and key not in beside]
    print_table(("about", "it"), said, fold=("it",))
    number = plural(wording.track)
    print_table(
        (wording.genre, number, ""),
        [(genre, n, bar(n / max(counts.values()))) for genre, n in counts.items()],
        right=(number,),
    )
    for fault in dataset.faults:
        note(f"known fault: {fault.where}: {fault.what}")
    for fault in found:
        note(f"fault found: {fault.where}: {fault.what}")
