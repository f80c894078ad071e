"""The history as CSV."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import DataError
from earmark.training.history import Epoch, read_history, write_history

figures = st.floats(0, 1e6)
epochs = st.builds(
    Epoch, st.integers(1, 999), figures, figures, figures, st.none() | figures, st.none() | figures, figures
)


@given(rows=st.lists(epochs, max_size=5))
def test_reading_gives_what_was_written(tmp_path_factory: pytest.TempPathFactory, rows: list[Epoch]) -> None:
    path = tmp_path_factory.mktemp("history") / "history.csv"
    write_history(path, rows)
    assert read_history(path) == rows


def test_a_file_that_is_no_history_is_named(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("epoch,train_loss\n1,x\n")
    with pytest.raises(DataError, match=r"history.csv: cannot be read as a history"):
        read_history(tmp_path / "history.csv")
