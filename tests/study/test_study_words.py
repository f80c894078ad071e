"""A study of pictures in classes speaks of pictures and classes: on its pages, in its tables, never in its files."""

from __future__ import annotations

import html
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from earmark.cli.app import run as call
from earmark.experiment.overview import overview
from earmark.experiment.train import train
from earmark.recipe import read_recipe
from earmark.study import RESULTS, write_comparison
from earmark.study.results import result_of, write_results
from earmark.wording import PICTURES

RECIPE = """
data = {{ name = "cifar100", path = "{path}", valid_per_class = 4 }}
split = {{ kind = "as_given" }}
features = "pixels"
training = {{ epochs = 1, batch_size = 8, optimiser = {{ name = "sgd", learning_rate = 0.01 }} }}
evaluation = {{ resamples = 20 }}
"""
MODELS = {
    "shallow": 'model = { name = "image_cnn", widths = [4, 4, 4] }\n',
    "flat": 'model = { name = "image_cnn", widths = [2, 2, 2] }\n',
}
DATA = ["data", "cifar100", "--set", "valid_per_class=4"]
MUSICAL = re.compile(r"\b(songs?|tracks?|genres?|music|heard|clips?|artists?|spectrograms?)\b", re.I)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of two recipes on eight pictures to learn from, in four classes: runs, results and comparison."""
    root = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(1)
    for name, each in (("train", 6), ("test", 5)):
        labels = [place for place in range(4) for _ in range(each)]
        data = rng.integers(0, 255, (4 * each, 3072), dtype=np.uint8)
        table = {"data": data, "fine_labels": labels, "coarse_labels": [0] * 4 * each, "filenames": ["a"] * 4 * each}
        (root / name).write_bytes(pickle.dumps(table, 2))
    names = {"fine_label_names": ["crab", "rose", "rocket", "road"], "coarse_label_names": ["things"]}
    (root / "meta").write_bytes(pickle.dumps(names, 2))
    (root / "small").mkdir()
    results = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_CACHE", str(root / "cache"))
        for name, model in MODELS.items():
            path = root / "small" / f"{name}.toml"
            path.write_text(RECIPE.format(path=root.as_posix()) + model)
            run = train(read_recipe(path), runs=root / "runs" / "small", name=name, device="cpu")
            results.append(result_of(run.folder, recipe=name))
    write_results(root / "small" / RESULTS, results)
    write_comparison(root / "small", results, runs=root / "runs")
    return root


def said(page: Path) -> str:
    """The words of a page, those for the ear too, without the recipe and names of code."""
    markup = re.sub(r"<(style|pre|code)\b.*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.S)
    labels = re.findall(r'(?:alt|aria-label|title)="([^"]*)"', markup)
    return html.unescape(" ".join([re.sub(r"<[^>]*>", " ", markup), *labels]))


def test_of_pictures_everything_people_read_says_pictures(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comparison = said(study / "runs" / "small" / "comparison.html")
    assert "over 20 pictures" in comparison
    assert "how far it would move on other pictures" in comparison
    assert "all recipes saw the same pictures" in comparison
    assert "Rows: the true class." in comparison
    run = next(study.glob("runs/small/*-flat-s1"))
    report = said(run / "report.html")
    assert "Calibrated on 16 pictures of the validation part" in report
    assert "Picture of test/" in report
    assert "True class" in report
    assert overview(run).wording == PICTURES
    capsys.readouterr()
    assert call(["evaluate", str(run), "--part", "test", "--device", "cpu"]) == 0
    table, notes = capsys.readouterr()
    assert table.split("\t")[:3] == ["test", "picture", "20"]
    assert call([*DATA, "--path", str(study), "--html", str(study / "card.html")]) == 0
    counts, _ = capsys.readouterr()
    assert "pictures\t44\n" in counts
    card = said(study / "card.html")
    assert "44 pictures in 4 classes" in card
    for words in (comparison, report, table, notes, counts, card):
        assert MUSICAL.findall(words) == []


def test_files_and_what_programs_read_stay_as_they_are(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (study / "small" / RESULTS).read_text().count(",test,track,20,") == len(MODELS)
    run = next(study.glob("runs/small/*-flat-s1"))
    assert json.loads((run / "metrics.json").read_bytes())["test"]["by_track"]["unit"] == "track"
    assert call([*DATA, "--path", str(study), "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert (card["tracks"], card["songs"], card["artists"]) == (44, 44, 0)
    assert call(["evaluate", str(run), "--part", "test", "--csv", "--device", "cpu"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("test,track,20,")
