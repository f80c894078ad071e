"""`earmark fuse`: what several classifiers say of the same tracks, made into one answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.show import AsCsv, AsJson, Form, form, note, print_csv, print_json, print_table


def command(
    predictions: Annotated[list[Path], typer.Argument(help="Runs, or files of test predictions, of the same tracks.")],
    valid: Annotated[
        list[Path] | None,
        typer.Option(help="Validation predictions of each, in the same order; else those of the run, or beside."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for the fused predictions and the weights.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Combine probabilities late: weights are fitted on validation predictions, and judged on the test's.

    So sound and lyrics of the same tracks answer together. Tracks and genres must be the same; what is not is told.
    """
    import msgspec

    from earmark.experiment.late_fusion import fuse_predictions

    shape = form(as_json, as_csv)
    found = fuse_predictions(predictions, valid=valid or (), out=out)
    if shape is Form.JSON:
        print_json(msgspec.to_builtins(found))
        return
    header = ("voice", "weight", "n", "accuracy", "low", "high", "macro F1", "majority")
    rows = []
    for name, scores in found.scores.items():
        weight = f"{found.weights[name]:.3f}" if name in found.weights else ""
        told = (scores.accuracy.value, scores.accuracy.low, scores.accuracy.high)
        figures = (*told, scores.macro_f1.value, scores.majority_accuracy)
        rows.append((name, weight, scores.n, *(f"{figure:.3f}" for figure in figures)))
    if shape is Form.CSV:
        print_csv(header, rows)
    else:
        print_table(header, rows, right=header[1:])
    gain = found.gain
    note(
        f"fused less {found.best}, the best in validation: {100 * gain.value:+.1f} points "
        f"({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
    )
    note(f"weights fitted on {found.fitted_on} validation tracks")
    for remark in found.remarks:
        note(remark)
