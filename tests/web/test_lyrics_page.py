"""Song texts read: the answer of the classifier, and the words that decided."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from made import API, done, served
from starlette.testclient import TestClient

from earmark.classifier import load_run
from earmark.experiment.train import train
from earmark.recipe import read_recipe
from earmark.run import Run
from earmark.web.pages.lyrics import LONGEST
from earmark.web.settings import Settings

SAYS = {"gospel": "senhor deus jesus", "samba": "roda viola pandeiro"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that tells two genres by their words and artists, and one that has only begun."""
    root = tmp_path_factory.mktemp("lyrics")
    genres = list(SAYS) * 20
    with (root / "songs.csv").open("w", newline="") as file:
        rows = [[f"{genre} {n % 5}", genre, f"{SAYS[genre]} o que {n}"] for n, genre in enumerate(genres)]
        csv.writer(file).writerows([["Artist", "Genre", "Lyrics"], *rows])
    recipe = root / "recipe.toml"
    recipe.write_text(
        f'[data]\nname = "lyrics"\npath = "{root}/songs.csv"\n[features]\nname = "texts"\nartist = true\n'
        '[model]\nname = "tfidf_svm"\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_CACHE", str(root / "cache"))
        run = train(read_recipe(recipe), runs=root / "runs", device="cpu")
    begun = Run(shutil.copytree(run.folder, root / "runs" / "begun"))
    begun.metrics.unlink()
    return root / "runs"


@pytest.fixture(scope="module")
def client(runs: Path) -> Iterator[TestClient]:
    with served(Settings(runs=runs, workers=1)) as client:
        yield client


@pytest.fixture(scope="module")
def reader(client: TestClient) -> str:
    [found] = client.get(f"{API}/lyrics/classifiers").json()["classifiers"]
    assert (found["model"], found["genres"], found["artist"]) == ("tfidf_svm", ["gospel", "samba"], True)
    return found["name"]


def test_the_words_that_decided_are_told_of_the_answer_that_the_classifier_gives(
    client: TestClient, reader: str, runs: Path
) -> None:
    text = "Senhor,\no pandeiro deus"
    job = done(client, client.post(f"{API}/lyrics", json={"classifier": reader, "text": text}))
    found = job["result"]
    answer = load_run(runs / reader).read(text)
    assert found["genre"] == answer.genre == "gospel"
    assert dict(found["probabilities"]) == pytest.approx(dict(answer.ranked()))
    assert "".join(piece["text"] for piece in found["pieces"]) == text
    against = {piece["text"]: piece["against"] for piece in found["pieces"] if piece["strength"]}
    assert against["Senhor,"] is False
    assert against["pandeiro"] is True
    assert {word["word"] for word in found["words"]} == {"senhor", "o", "pandeiro", "deus"}
    assert (job["done"], job["total"]) == (4, 4)
    assert found["artist"] is None


def test_who_sings_is_told_of_where_somebody_is_named(client: TestClient, reader: str) -> None:
    asked = {"classifier": reader, "text": "Senhor,\no pandeiro deus", "artist": " gospel 1 "}
    found = done(client, client.post(f"{API}/lyrics", json=asked))["result"]
    assert (found["artist"]["word"], found["artist"]["against"]) == ("gospel 1", False)
    assert found["artist"]["said"].startswith("×")


@pytest.mark.parametrize("name", ["begun", "", "../runs/begun", "/etc", "%2e%2e", "missing"])
def test_only_finished_runs_that_read_texts_are_asked(client: TestClient, name: str) -> None:
    answer = client.post(f"{API}/lyrics", json={"classifier": name, "text": "deus"})
    assert answer.status_code == 404


@pytest.mark.parametrize("text", ["", "x" * (LONGEST + 1), None, 3])
def test_texts_that_are_none_or_too_long_are_refused(client: TestClient, reader: str, text: object) -> None:
    assert client.post(f"{API}/lyrics", json={"classifier": reader, "text": text}).status_code == 400


def test_a_text_without_words_fails_in_words(client: TestClient, reader: str) -> None:
    job = done(client, client.post(f"{API}/lyrics", json={"classifier": reader, "text": " ... !"}))
    assert job["state"] == "failed"
    assert job["error"].startswith("the text: ")


def test_the_page_names_the_runs_or_how_to_train_one(client: TestClient, reader: str, tmp_path: Path) -> None:
    assert f'value="{reader}"' in client.get("/lyrics").text
    with served(Settings(runs=tmp_path / "none")) as nothing:
        assert "earmark train lyrics/" in nothing.get("/lyrics").text
