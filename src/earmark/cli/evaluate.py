"""`earmark evaluate`: a run is judged again, or on another data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli.show import AsCsv, AsJson, Form, form, note, print_csv, print_json, print_table
from earmark.cli.threads import wait_asleep

if TYPE_CHECKING:
    from earmark.evaluation.reconstruction import Reconstruction
    from earmark.evaluation.scores import Evaluation, Scores, Slice
    from earmark.wording import Wording


def command(
    run: Annotated[
        str, typer.Argument(help="The run's folder; with --on also a pack, or a classifier's name, such as default.")
    ],
    on: Annotated[str | None, typer.Option(help="Another data set: a name, folder, CSV or .npz.")] = None,
    path: Annotated[str | None, typer.Option(help="Where the data set named by --on lies.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="An option of the data set named by --on.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="A file that maps genre names to the run's.")] = None,
    part: Annotated[str | None, typer.Option(help="Only this part: train, valid or test.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Predict and score: the run's own validation and test parts, or --on another data set by matching genre names."""
    wait_asleep()
    import msgspec

    from earmark.cli.progress import bars
    from earmark.datasets.reference import open_dataset, read_options
    from earmark.errors import UsageError
    from earmark.experiment.evaluate import evaluate, evaluate_on
    from earmark.experiment.reconstruct import evaluate_autoencoder, holds_autoencoder
    from earmark.genre_names import read_mapping
    from earmark.recipe import read_recipe
    from earmark.run import open_run
    from earmark.tracks import PARTS
    from earmark.wording import wording_of

    if part is not None and part not in PARTS:
        raise UsageError(f"--part {part!r} is not one of {', '.join(PARTS)}")
    shape = form(as_json, as_csv)
    if on is None and holds_autoencoder(run):
        with bars() as watcher:
            figures = evaluate_autoencoder(Path(run), part=part, device=device, watcher=watcher)
        if shape is Form.JSON:
            print_json(msgspec.to_builtins(figures))
        else:
            print_reconstructions(figures, csv=shape is Form.CSV)
        return
    with bars() as watcher:
        if on is None:
            evaluations = evaluate(run, part=part, device=device, watcher=watcher)
            wording = wording_of(read_recipe(open_run(Path(run)).recipe).data.name)
        else:
            dataset = open_dataset(on, read_options(settings or [], path=path))
            names = read_mapping(mapping) if mapping is not None else None
            judged = evaluate_on(run, dataset, part=part, mapping=names, device=device, watcher=watcher)
            evaluations, wording = {f"on-{dataset.name}": judged}, dataset.wording
    if shape is Form.JSON:
        print_json(msgspec.to_builtins(evaluations))
    else:
        print_evaluations(evaluations, wording, csv=shape is Form.CSV)


def print_reconstructions(figures: dict[str, Reconstruction], *, csv: bool = False) -> None:
    """What pictures lost in an autoencoder, a row a part."""
    header = ("part", "n", "PSNR in dB", "low", "high", "MSE", "SSIM")
    rows = [
        (
            part,
            f.n,
            *(f"{x:.2f}" for x in (f.psnr.value, f.psnr.low, f.psnr.high)),
            f"{f.mse.value:.5f}",
            f"{f.ssim.value:.3f}",
        )
        for part, f in figures.items()
    ]
    if csv:
        print_csv(header, rows)
    else:
        print_table(header, rows, right=header[1:])


def print_evaluations(evaluations: dict[str, Evaluation], wording: Wording, *, csv: bool = False) -> None:
    """The headline figures of each evaluation, with what they were measured on; in CSV units keep their own names."""
    header = ("part", "unit", "n", "accuracy", "low", "high", "macro F1", "majority")

    def row(name: str, unit: str, scores: Scores | Slice) -> tuple[object, ...]:
        accuracy = scores.accuracy
        shown = (accuracy.value, accuracy.low, accuracy.high, scores.macro_f1.value, scores.majority_accuracy)
        return name, unit if csv else wording.of(unit), scores.n, *(f"{figure:.3f}" for figure in shown)

    rows = []
    for name, evaluation in evaluations.items():
        rows += [row(name, s.unit, s) for s in (evaluation.by_track, evaluation.by_clip) if s is not None]
        rows += [row(f"{name}, {s.by} {s.value}", evaluation.headline.unit, s) for s in evaluation.slices]
    if csv:
        print_csv(header, rows)
    else:
        print_table(header, rows, right=header[2:])
    for name, evaluation in evaluations.items():
        for remark in evaluation.remarks:
            note(f"{name}: {wording.of(remark)}")
