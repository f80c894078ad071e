"""Runs and studies shown: what was measured with what must be said of it, and nothing from elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from made import API, served
from starlette.testclient import TestClient

from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Evaluation
from earmark.experiment.overview import RunOverview, Standing, find, overview, overviews
from earmark.predictions import Predictions
from earmark.run import Run, write_json
from earmark.tracks import Fault
from earmark.training.history import Epoch, write_history
from earmark.web.settings import Settings

RECIPE = '[data]\nname = "synthetic"\n[features]\nname = "log_mel"\n[model]\nname = "{model}"\n[training]\nepochs = 8\n'


def write_run(folder: Path, *, epochs: int, model: str = "parallel_cnn", judged: bool = False) -> Run:
    folder.mkdir(parents=True)
    run = Run(folder)
    run.recipe.write_text(RECIPE.format(model=model))
    if epochs:
        write_history(
            run.history, [Epoch(i, 0.1, 2 / i, 0.4, 2.2 / i, 0.3 + i / 20, 1.5) for i in range(1, epochs + 1)]
        )
    if judged:
        truth = np.arange(40) % 2
        likely = np.where(np.arange(40) % 4 == 0, 0.3, 0.8)
        probabilities = np.stack([np.where(truth == g, likely, 1 - likely) for g in range(2)], axis=1)
        names = tuple(str(i) for i in range(40))
        scores = score(Predictions(("jazz", "pop"), names, names, truth, probabilities), unit="track")
        evaluation = Evaluation(
            data="synthetic", part="valid", split="by track", tracks=40, synthetic=True, chosen_on_it=True,
            by_clip=None, by_track=scores, leak="3 songs stand on both sides",
        )  # fmt: skip
        write_json(run.metrics, {"valid": evaluation})
        run.report.write_text("<!doctype html><script>alert(1)</script><h1>The report</h1>")
    return run


def long_ago(run: Run) -> Run:
    for file in run.folder.iterdir():
        os.utime(file, (time.time() - 86_400,) * 2)
    return run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    root = tmp_path / "runs"
    long_ago(write_run(root / "course" / "2026-01-01T10-00-00-parallel_cnn-s1", epochs=8, judged=True))
    long_ago(write_run(root / "course" / "2026-01-02T10-00-00-vgg-s1", epochs=3, model="vgg"))
    write_run(root / "course" / "2026-01-03T10-00-00-stacked_cnn-s1", epochs=2, model="stacked_cnn")
    (root / "course" / "comparison.html").write_text("<!doctype html><h1>Compared</h1>")
    broken = write_run(root / "odd ü#%2e" / "broken", epochs=0)
    broken.recipe.write_text("[model]\nnam = 3\n")
    return root


@pytest.fixture
def client(runs: Path) -> Iterator[TestClient]:
    with served(Settings(runs=runs)) as client:
        yield client


def test_each_run_stands_where_it_is(runs: Path) -> None:
    folders, comparisons = find(runs)
    assert [path.relative_to(runs).as_posix() for path in comparisons] == ["course/comparison.html"]
    found = list(overviews(folders))
    [fault] = [each for each in found if isinstance(each, Fault)]
    assert Path(fault.where).name == "broken"
    assert [
        (each.model, each.standing, len(each.history), each.epochs) for each in found if isinstance(each, RunOverview)
    ] == [
        ("stacked_cnn", Standing.TRAINING, 2, 8),
        ("vgg", Standing.INTERRUPTED, 3, 8),
        ("parallel_cnn", Standing.FINISHED, 8, 8),
    ]


def test_slow_epochs_are_waited_for(tmp_path: Path) -> None:
    run = write_run(tmp_path / "slow", epochs=1)
    write_history(run.history, [Epoch(1, 0.1, 1.0, 0.5, 1.0, 0.5, 3600.0)])
    for file in run.folder.iterdir():
        os.utime(file, (time.time() - 7200,) * 2)
    assert overview(run.folder).standing is Standing.TRAINING


def test_the_list_says_of_each_score_what_it_is(client: TestClient) -> None:
    text = client.get("/runs").text
    for said in ("parallel_cnn", "75.0\u202f%", "validation, 40 tracks", "leaks", "synthetic", "not judged yet"):
        assert said in text
    assert 'href="/runs/document/course/comparison.html"' in text
    assert 'value="2"' in text  # epochs of the one under way


def test_a_run_shows_its_figures_and_curves(client: TestClient) -> None:
    page = client.get("/runs/of/course/2026-01-01T10-00-00-parallel_cnn-s1")
    assert page.status_code == 200
    for said in (
        "3 songs stand on both sides",
        "it also chose the epoch",
        "<polyline",
        "epochs = 8",
        "The whole report",
    ):
        assert said in page.text
    interrupted = client.get("/runs/of/course/2026-01-02T10-00-00-vgg-s1").text
    assert "earmark train --resume" in interrupted


def test_a_run_on_pictures_speaks_of_pictures(client: TestClient, runs: Path) -> None:
    run = write_run(runs / "small" / "pictures", epochs=1, judged=True)
    run.recipe.write_text(run.recipe.read_text().replace("synthetic", "cifar100"))
    assert "validation, 40 pictures" in client.get("/runs").text
    page = client.get("/runs/of/small/pictures").text
    assert "accuracy on 40 pictures of the validation part" in page
    assert "3 pictures stand on both sides" in page


def test_the_curves_of_a_training_follow_its_history(client: TestClient, runs: Path) -> None:
    name = "course/2026-01-03T10-00-00-stacked_cnn-s1"
    first = client.get(f"/runs/curves/{name}")
    assert (first.headers["x-standing"], first.headers["x-epochs"]) == ("training", "2")
    write_history(Run(runs / name).history, [Epoch(i, 0.1, 2 / i, 0.4, None, None, 1.5) for i in range(1, 6)])
    later = client.get(f"/runs/curves/{name}")
    assert later.headers["x-epochs"] == "5"
    assert later.text != first.text
    history = client.get(f"{API}/runs/history", params={"name": name}).json()
    assert (history["standing"], history["epochs"], len(history["history"])) == ("training", 8, 5)


def test_documents_of_runs_may_run_nothing(client: TestClient) -> None:
    answer = client.get("/runs/document/course/2026-01-01T10-00-00-parallel_cnn-s1/report.html")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/runs/document/course/../../secret/report.html",
        "/runs/document/course/%2e%2e/%2e%2e/secret/report.html",
        "/runs/document/course%2f..%2f..%2fsecret%2freport.html",
        "/runs/document//etc/passwd",
        "/runs/document/%2fetc%2fpasswd",
        "/runs/document/course/2026-01-01T10-00-00-parallel_cnn-s1/recipe.toml",
        "/runs/document/course",
        "/runs/document/out/report.html",
        "/runs/document/course/report.html%00",
        "/runs/of/out",
        "/runs/of/course",
        "/runs/of/%2e%2e/secret",
        "/runs/curves/..%2fsecret",
        f"{API}/runs/history?name=../secret",
        f"{API}/runs/history?name=out",
    ],
)
def test_nothing_outside_and_nothing_but_pages_is_given_out(client: TestClient, runs: Path, path: str) -> None:
    secret = runs.parent / "secret"
    write_run(secret, epochs=2, judged=True)
    (runs / "out").symlink_to(secret)
    answer = client.get(path)
    assert answer.status_code == 404
    assert "The report" not in answer.text


def test_odd_names_are_found_again(client: TestClient, runs: Path) -> None:
    write_run(runs / "odd ü#%2e" / "a?b & <i>", epochs=2)
    listed = client.get(f"{API}/runs").json()
    [name] = [each["name"] for each in listed["runs"] if "odd" in each["name"]]
    assert client.get(f"/runs/of/{name}").status_code == 200
    assert client.get(f"{API}/runs/history", params={"name": name}).status_code == 200
    assert "&lt;i&gt;" in client.get("/runs").text
    [[where, why]] = listed["faults"]
    assert where.endswith("broken")
    assert "recipe.toml" in why


def test_without_runs_the_page_says_how_to_get_some(tmp_path: Path) -> None:
    with served(Settings(runs=tmp_path / "none")) as client:
        assert "earmark train" in client.get("/runs").text
        assert client.get(f"{API}/runs").status_code == 404
