"""What is known of each epoch of a training, and the CSV it stands in."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import msgspec

from earmark.atomic import write_text
from earmark.errors import DataError


class Epoch(msgspec.Struct, frozen=True):
    """One epoch, counted from 1.

    Train figures are means over its steps as they went, validation figures are from its end (None without a valid
    part). Losses of classifiers are in nats; an autoencoder's are squared errors, and it has no accuracy.
    `learning_rate` is that of the last step.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float | None
    valid_loss: float | None
    valid_accuracy: float | None
    seconds: float


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """Write one row an epoch, replacing the file at once."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Epoch.__struct_fields__)
    for epoch in history:
        writer.writerow(["" if value is None else value for value in msgspec.structs.astuple(epoch)])
    write_text(path, out.getvalue())


def read_history(path: Path) -> list[Epoch]:
    """Read what `write_history` wrote. Raises DataError naming the file."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]
        return msgspec.convert(rows, list[Epoch], strict=False)
    except (OSError, csv.Error, msgspec.ValidationError) as error:
        raise DataError(f"{path}: cannot be read as a history: {error}") from error
