"""A run's page is made from what lies in its folder, and made again it is the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from earmark.errors import DataError
from earmark.experiment.report import write_report
from earmark.experiment.train import train
from earmark.recipe import Recipe
from earmark.run import Run


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Run:
    return train(recipe, runs=tmp_path / "runs", device="cpu")


def test_made_again_it_is_the_same_page(run: Run) -> None:
    first = {path: path.read_bytes() for path in (write_report(run.folder), run.curves("svg"), run.curves("png"))}
    for path in first:
        path.unlink()
    write_report(run.folder)
    assert {path: path.read_bytes() for path in first} == first


def test_a_moved_run_gives_the_page_of_its_new_name(run: Run, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "my-run"
    shutil.move(run.folder, moved)
    page = write_report(moved)
    assert page == moved / "report.html"
    said = page.read_text(encoding="utf-8")
    assert "my-run" in said
    assert run.name not in said
    assert "validation" in said


def test_without_figures_it_says_what_to_do(run: Run) -> None:
    run.metrics.unlink()
    with pytest.raises(DataError, match=f"{run.name}: not evaluated yet; earmark evaluate .*, or train it to its end"):
        write_report(run.folder)


def test_the_data_must_still_be_there(run: Run, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "clips")
    with pytest.raises(DataError, match="clips"):
        write_report(run.folder)
