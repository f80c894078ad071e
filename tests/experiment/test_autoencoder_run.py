"""An autoencoder from recipe to page, and a classifier that starts from it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from earmark.classifier import load
from earmark.cli.app import run as call
from earmark.errors import DataError, ModelError, UsageError
from earmark.experiment.reconstruct import evaluate_autoencoder, read_reconstructions
from earmark.experiment.report import write_report
from earmark.experiment.train import resume, train
from earmark.recipe import Recipe, parse_recipe
from earmark.run import Run
from earmark.study import Restored, run_study
from earmark.training.history import read_history

RECIPE = """
augment = ["flip"]
[data]
name = "image_folder"
path = "{path}"
trim = false
height = 24
width = 24
[split]
valid = 0.25
test = 0.25
[features]
name = "pixels"
[model]
name = "autoencoder"
widths = [8, 8]
[training]
epochs = 4
batch_size = 8
keep = "best_valid_loss"
optimiser = {{ name = "adam", learning_rate = 0.01 }}
"""


@pytest.fixture
def text(tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe over two kinds of smooth pictures."""
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    for kind, strong in (("red", 0), ("green", 1)):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for number in range(16):
            rough = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            rough[..., strong] |= 128
            smooth = Image.fromarray(rough).resize((24, 24), Image.Resampling.BICUBIC)
            smooth.save(tmp_path / "pictures" / kind / f"{kind}{number:04d}.png")
    return RECIPE.format(path=(tmp_path / "pictures").as_posix())


@pytest.fixture
def recipe(text: str) -> Recipe:
    return parse_recipe(text, where="test")


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Run:
    return train(recipe, runs=tmp_path / "runs", device="cpu")


def test_it_learns_to_give_pictures_back_and_has_no_accuracy(run: Run) -> None:
    history = read_history(run.history)
    assert history[-1].train_loss < 0.7 * history[0].train_loss
    assert {(row.train_accuracy, row.valid_accuracy) for row in history} == {(None, None)}
    figures = read_reconstructions(run)
    assert list(figures) == ["valid", "test"]
    assert figures["test"].psnr.value > 12
    assert figures["test"].n == 8
    for file in (run.classifier, run.metrics):
        assert not file.exists()
    assert "Side by side" in run.report.read_text(encoding="utf-8")
    with pytest.raises(ModelError, match="neither a classifier's folder nor the name of one"):
        load(run.folder)


def test_judged_again_it_gives_the_same_digits(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    before, page = run.reconstruction.read_bytes(), run.report.read_bytes()
    run.reconstruction.unlink()
    evaluate_autoencoder(run.folder, device="cpu")
    assert run.reconstruction.read_bytes() == before
    run.report.unlink()
    assert write_report(run.folder).read_bytes() == page
    assert call(["evaluate", str(run.folder), "--part", "test", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"test": json.loads(before)["test"]}
    assert call(["evaluate", str(run.folder), "--csv"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header == "part,n,PSNR in dB,low,high,MSE,SSIM"
    assert [row.partition(",")[0] for row in rows] == ["valid", "test"]


def test_the_best_epoch_by_loss_is_kept_and_a_stopped_one_goes_on(run: Run) -> None:
    losses = [row.valid_loss for row in read_history(run.history)]
    kept = int(np.argmin(losses)) + 1
    assert f"kept: epoch {kept} of 4" in run.report.read_text(encoding="utf-8")
    longer = resume(run.folder, more_epochs=1, device="cpu")
    assert len(read_history(longer.history)) == 5


def test_its_encoder_starts_a_classifier(text: str, run: Run, tmp_path: Path) -> None:
    classifying = text.replace('"autoencoder"\nwidths = [8, 8]', '"image_cnn"\nwidths = [8, 8, 8]').replace(
        'keep = "best_valid_loss"', "seed = 3"
    )
    init = f'init = {{ run = "{run.folder.as_posix()}", parts = ["encoder"], frozen_epochs = "all" }}\n'
    started = train(parse_recipe(init + classifying, where="test"), runs=tmp_path / "runs", device="cpu")
    ours, theirs = load_file(run.weights), load_file(started.weights)
    assert all(torch.equal(theirs[name], ours[name]) for name in ours if name.startswith("encoder."))
    assert "started from" in started.report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.keep=best_valid_accuracy", "has no accuracy to choose an epoch by; set training.keep"),
        ("training.loss=focal", "learns by mean squared error; leave training.loss out"),
        ("features=log_mel", "gives pictures back; set features.name = 'pixels'"),
        ("model.depth=3", "autoencoder 'autoencoder' has no option 'depth'"),
    ],
)
def test_what_only_a_classifier_can_be_asked_for_is_refused(text: str, override: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        train(parse_recipe(text, where="test", overrides=[override]), device="cpu")


def test_a_study_trains_it_once_and_says_what_its_pictures_lost(tmp_path: Path, text: str) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "squeeze.toml").write_text(text.replace("epochs = 4", "epochs = 1"))
    first, again = (list(run_study(tmp_path / "study", seeds=[1], runs=tmp_path / "runs")) for _ in range(2))
    (folder,) = (tmp_path / "runs" / "study").glob("*-squeeze-s1")
    psnr = round(read_reconstructions(Run(folder))["test"].psnr.value, 3)
    assert first == [Restored(recipe="squeeze", seed=1, part="test", psnr=psnr)]
    assert again == []
    assert not (tmp_path / "study" / "results.csv").exists()


def test_what_is_not_there_is_said(run: Run) -> None:
    kept = [line for line in run.split.read_text().splitlines() if ",test" not in line and not line.startswith("#")]
    run.split.write_text("\n".join(kept) + "\n")
    with pytest.raises(DataError, match=r"its split \(.*\) has no test part"):
        evaluate_autoencoder(run.folder, part="test", device="cpu")
    run.weights.write_bytes(b"none")
    with pytest.raises(ModelError, match="the autoencoder cannot be read"):
        evaluate_autoencoder(run.folder, device="cpu")
