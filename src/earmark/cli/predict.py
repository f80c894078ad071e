"""`earmark predict`: genre with probabilities, per track and over time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from earmark.cli.show import AsCsv, AsJson, Form, bar, form, note, on_terminal, print_csv, print_json, print_table
from earmark.cli.threads import wait_asleep
from earmark.errors import DataError, UsageError

if TYPE_CHECKING:
    from earmark.classifier import Answer, Classifier, Verdict

LEAST_SHOWN = 0.005  # what would read 0 %
SECONDS = 3600.0  # for one file, all of which is heard: a day of sound takes less


def command(
    files: Annotated[
        list[str],
        typer.Argument(help="Files and folders of them; a classifier may come first: a run, a pack, an ONNX file."),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="The classifier: a run's folder, a pack, an ONNX file or a name; without one the default answers."
        ),
    ] = None,
    over_time: Annotated[bool, typer.Option("--over-time", help="Also the genre along each track.")] = False,
    top: Annotated[int, typer.Option(min=1, help="How many genres of each track the table shows.")] = 3,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="Say unsure where no genre is at least this probable.")
    ] = 0.0,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Classify what can be read of truncated files.")
    ] = False,
    column: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a CSV or Parquet file: the column that holds the song texts.")
    ] = None,
    artist_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of such a file: the column that names the artists.")
    ] = None,
    artist: Annotated[str | None, typer.Option(help="Who sings the other song texts.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes that listen; by default one a core, for several files on the CPU."),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> int:
    """Name the genre of audio files with the default classifier, or of what a run was trained on with that.

    A run that was trained on song texts takes .txt files, - for standard input, and rows of CSV or Parquet files.

    Those that cannot be read are listed at the end, and the exit code is then 1.
    """
    wait_asleep()
    from earmark.batches.mapping import Place, usable_cores
    from earmark.classifier import DEFAULT, Judging, is_classifier, load, located, predict_at, predict_files
    from earmark.classifier.opening import is_exported, wording_at
    from earmark.cli.progress import bars, list_faults

    shape = form(as_json, as_csv)
    if model is None and is_classifier(files[0]):
        model, files = files[0], files[1:]
    if not files:
        raise UsageError("no files given: earmark predict [CLASSIFIER] FILE…")
    model = located(model or DEFAULT)
    where = "cpu" if is_exported(model) else _device(device)
    classifier = load(model, device=where)
    if classifier.note is not None:
        note(classifier.note)
    if not classifier.reads_text and (column, artist_column, artist) != (None, None, None):
        raise UsageError("--column, --artist-column and --artist are for a classifier that was trained on song texts")
    judged, missing = classifier.files(map(Path, files))
    if workers is None:
        workers = usable_cores() if where == "cpu" and len(judged) > 1 else 0
    with bars(f"judging {len(judged)} files") as watcher:
        if classifier.reads_text:
            from earmark.classifier import predict_texts

            answers, unreadable = predict_texts(
                cast("Classifier", classifier),  # no other reads texts
                judged,
                column=column,
                artist_column=artist_column,
                artist=artist,
                min_confidence=min_confidence,
                progress=watcher.step,
            )
        elif workers:
            judging = Judging(model, device=where, allow_partial=allow_partial)
            place = Place(workers=workers, seconds=SECONDS)
            answers, unreadable = predict_at(
                place, judging, judged, min_confidence=min_confidence, progress=watcher.step
            )
        else:
            answers, unreadable = predict_files(
                classifier, judged, allow_partial=allow_partial, min_confidence=min_confidence, progress=watcher.step
            )
    faults = [*missing, *unreadable]
    if shape is Form.JSON:
        print_json([_plain(answer, over_time) for answer in answers])
    elif shape is Form.CSV:
        _print_csv(answers, classifier.genres, over_time)
    else:
        _print_table(answers, top, over_time, wording_at(model).genre)
    if unsure := sum(answer.verdict == "unsure" for answer in answers):
        note(f"unsure: {unsure} of {len(answers)}, where no {wording_at(model).genre} reaches {min_confidence:g}")
    list_faults(faults)
    if faults and not answers:
        raise DataError("nothing given could be classified")
    return 1 if faults else 0


def _device(name: str) -> str:
    from earmark.training.checkpoint import to_device

    return str(to_device(name))


def _plain(answer: Answer, over_time: bool) -> dict[str, Any]:
    out: dict[str, Any] = {
        "file": answer.source,
        "verdict": answer.verdict,
        "genre": answer.genre,
        **({} if answer.strange is None else {"reason": answer.strange}),
        "probability": round(answer.probability, 6),
        "probabilities": {genre: round(p, 6) for genre, p in answer.ranked()},
    }
    if over_time:
        out["over_time"] = [
            {
                "start": float(start),
                "verdict": verdict,
                "probabilities": dict(zip(answer.genres, row.round(6).tolist(), strict=True)),
            }
            for start, verdict, row in zip(answer.starts, answer.verdicts_over_time, answer.over_time, strict=True)
        ]
    return out


def _print_csv(answers: list[Answer], genres: tuple[str, ...], over_time: bool) -> None:
    rows = []
    for answer in answers:
        clips = zip(answer.starts, answer.verdicts_over_time, answer.over_time, strict=True)
        for start, verdict, row in clips if over_time else [("", answer.verdict, answer.probabilities)]:
            place = [start] if over_time else []
            said = _said(verdict, genres[row.argmax()])
            rows.append([answer.source, *place, said, *(f"{p:.6f}" for p in (row.max(), *row))])
    print_csv(["file", *(["start"] if over_time else []), "genre", "probability", *genres], rows)


def _print_table(answers: list[Answer], top: int, over_time: bool, named: str) -> None:
    """A row a file, and with `over_time` one for each clip of it; a terminal is told the common folder once."""
    common = _common_folder([answer.source for answer in answers]) if on_terminal() else ""
    if common:
        print(f"in {common}:")
    rows: list[tuple[str, ...]] = []
    for answer in answers:
        name = answer.source[len(common) :]
        if answer.strange is not None:  # whose genres mean nothing
            rows.append((name, "", answer.verdict, "", answer.strange))
        else:
            others = answer.ranked()[1 if answer.verdict == "music" else 0 : top]
            then = ", ".join(f"{genre} {p:.0%}" for genre, p in others if p >= LEAST_SHOWN)
            rows.append((name, "", _said(answer.verdict, answer.genre), _likely(answer.probability), then))
        if over_time:
            for start, verdict, row in zip(answer.starts, answer.verdicts_over_time, answer.over_time, strict=True):
                minutes, seconds = divmod(float(start), 60)
                at = f"{minutes:.0f}:{seconds:04.1f}"
                said = _said(verdict, answer.genres[row.argmax()])
                rows.append(("" if on_terminal() else name, at, said, _likely(row.max()), ""))
    header = ("file", "at", named, "probability", "then")
    places = [place for place, column in enumerate(header) if over_time or column != "at"]
    print_table(
        [header[place] for place in places],
        [[row[place] for place in places] for row in rows],
        right=("at", "probability"),
        fold=("file", "then"),
    )


def _said(verdict: Verdict, genre: str) -> str:
    """The genre where it may be named, else why not."""
    return genre if verdict == "music" else verdict


def _likely(probability: float) -> str:
    """With a bar for the eye on a terminal; a plain number in a pipe."""
    return f"{bar(probability, 8)} {probability:4.0%}" if on_terminal() else f"{probability:.4f}"


def _common_folder(sources: list[str]) -> str:
    """The folder that several files all lie in, with its last separator; empty where there is none to speak of."""
    try:
        common = os.path.commonpath([Path(source).parent for source in sources])
    except ValueError:  # other drives, or relative beside absolute
        return ""
    return common + os.sep if len(sources) > 1 and common not in ("", ".", os.sep) else ""
