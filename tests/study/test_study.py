"""A study's table: what stands in it, and what a recipe that fails leaves of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.cli.app import run
from earmark.errors import DataError, UsageError
from earmark.study import Result, read_results, run_study, study_folder, write_results

RECIPE = """
rationale = "No data."
[data]
name = "tfdata"
path = "nowhere"
[features]
name = "log_mel"
[model]
name = "{model}"
"""


def result(recipe: str, seed: int) -> Result:
    return Result(
        recipe=recipe,
        digest="0123456789ab",
        seed=seed,
        commit="",
        part="valid",
        unit="track",
        n=10,
        accuracy=0.5,
        low=0.25,
        high=0.75,
        macro_f1=0.5,
        majority=0.1,
        parameters=1000,
        epochs=5,
        kept_epoch=3,
        minutes=0.1,
        run="a,run",
    )


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    for model in ("cnn_rnn", "parallel_cnn"):
        (folder / f"{model}.toml").write_text(RECIPE.format(model=model))
    return folder


def test_results_come_back_sorted(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    assert read_results(path) == []
    write_results(path, [result("b", 2), result("b", 1), result("a", 3)])
    assert [(r.recipe, r.seed) for r in read_results(path)] == [("a", 3), ("b", 1), ("b", 2)]
    assert read_results(path)[0] == result("a", 3)


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("recipe,seed\na,one\n")
    with pytest.raises(DataError, match=r"results.csv: cannot be read as results: "):
        read_results(path)


def test_a_study_is_a_folder_of_recipes_or_a_name(recipes: Path, tmp_path: Path) -> None:
    assert study_folder(str(recipes)) == recipes
    assert study_folder("course").name == "course"
    known = "audio_transfer, by_song, cifar100, cifar100_block2, course, honest, images, lyrics, lyrics_others"
    expected = rf"no study 'curse'; did you mean 'course'\?; known: {known}, or a path"
    with pytest.raises(UsageError, match=expected):
        study_folder("curse")
    with pytest.raises(UsageError, match="no study"):
        study_folder(str(tmp_path))  # a folder without recipes


def test_an_unknown_recipe_of_it_is_refused(recipes: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"small: no recipe 'cnn_rn'; did you mean 'cnn_rnn'\?; known: cnn_rnn, parallel"
    ):
        list(run_study(recipes, only=["cnn_rn"], runs=tmp_path))


def test_recipes_that_fail_are_listed_and_the_others_go_on(
    recipes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study", str(recipes), "--seeds", "1", "--runs", str(tmp_path / "runs"), "--device", "cpu"]
    assert run(words) == 1
    said = capsys.readouterr().err
    assert "cnn_rnn" in said
    assert "parallel_cnn" in said
    assert said.count("nowhere: no such folder") == 2
    assert "Traceback" not in said
    assert not (recipes / "results.csv").exists()
