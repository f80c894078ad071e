"""An ensemble as a recipe: its run is a run like any other."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from earmark.classifier import load
from earmark.errors import DataError, ModelError, UsageError
from earmark.experiment.ensemble import gather
from earmark.experiment.evaluate import evaluate, read_evaluations
from earmark.experiment.report import write_report
from earmark.experiment.train import resume, train
from earmark.predictions import tempered
from earmark.recipe import parse_recipe, read_recipe
from earmark.run import Run
from earmark.study import result_of

OTHER_SCALE = ["model=parallel_cnn", "features.standardise=global", "training.optimiser.learning_rate=0.01"]
Make = Callable[..., Run]


@pytest.fixture
def make(recipe_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Train the small recipe with overrides, into a folder named."""
    monkeypatch.chdir(tmp_path)

    def made(folder: str, *overrides: str) -> Run:
        settings = ["training.epochs=2", *overrides]
        return train(parse_recipe(recipe_text, where="r", overrides=settings), runs=Path(folder), device="cpu")

    return made


def ensemble(recipe_text: str, *overrides: str) -> msgspec.Struct:
    """The small recipe's data and split, with the runs of the folder named `members` in place of a training."""
    text = recipe_text.partition("[model]")[0] + '[model]\nname = "ensemble"\nruns = ["members/*"]\n'
    return parse_recipe(text, where="ensemble.toml", overrides=overrides)


def test_it_is_judged_reported_and_loaded_like_any_run(make: Make, recipe_text: str, tmp_path: Path) -> None:
    members = [make("members"), make("members", *OTHER_SCALE)]
    run = train(ensemble(recipe_text), runs=Path("runs"), device="cpu")
    names = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    assert names == {
        "recipe.toml",
        "split.csv",
        "environment.json",
        "classifier.json",
        "weights.safetensors",
        "predictions/valid.csv",
        "metrics.json",
        "report.html",
    }
    card = load(run.folder).card
    assert [member["run"] for member in card.model.options["members"]] == sorted(member.name for member in members)
    assert read_recipe(run.recipe) == ensemble(recipe_text)

    listed = result_of(run.folder, recipe="mean")
    assert (listed.digest, listed.epochs, listed.kept_epoch) == (ensemble(recipe_text).digest, 0, 0)
    assert listed.parameters == sum(result_of(member.folder, recipe="member").parameters for member in members)

    moved = run.folder.rename(tmp_path / "elsewhere")
    for member in members:
        member.folder.rename(tmp_path / f"gone-{member.name}")
    x = np.random.default_rng(1).normal(-50, 8, (5, 16, 20)).astype(np.float32)
    each = [load(tmp_path / f"gone-{member.name}").probabilities(x) for member in members]
    assert card.calibrated_on == "40 clips of the validation part"
    mean = tempered(np.mean(each, axis=0), card.temperature)
    np.testing.assert_allclose(load(moved).probabilities(x), mean, atol=1e-6)

    before = read_evaluations(Run(moved))
    assert before["valid"].chosen_on_it
    assert evaluate(moved, device="cpu") == before
    page = Run(moved).report
    page.unlink()
    assert "ensemble" in write_report(moved).read_text()
    with pytest.raises(UsageError, match="an ensemble is made of finished runs, by earmark train"):
        resume(moved, more_epochs=1, device="cpu")


def test_members_that_do_not_fit_are_refused_naming_both(make: Make, recipe_text: str) -> None:
    make("members")
    with pytest.raises(UsageError, match=r"two runs or more, each once; model.runs gives members/\S+$"):
        gather(ensemble(recipe_text))
    with pytest.raises(ModelError, match="nowhere: neither a run nor a folder of runs"):
        gather(ensemble(recipe_text, 'model.runs=["nowhere"]'))
    make("members", "model=parallel_cnn", "features.hop_length=256")
    with pytest.raises(ModelError, match=r"the ensemble's recipe: features differ .*: hop_length=512 instead of 256"):
        gather(ensemble(recipe_text))


def test_other_genres_are_refused_naming_both(make: Make, recipe_text: str) -> None:
    make("members")
    make("members", 'data.genres=["high", "middle", "low"]')
    with pytest.raises(ModelError, match=r"knows the genres high, middle, low; clips has low, middle, high"):
        train(ensemble(recipe_text), runs=Path("runs"), device="cpu")
    assert not Path("runs").exists()


def test_tracks_that_a_member_was_trained_on_do_not_judge(make: Make, recipe_text: str) -> None:
    make("members", "split.kind=by_clip")
    run = make("members", "split.kind=by_clip", "training.seed=2")
    with pytest.raises(DataError, match=r"trained on \d+ of the \d+ tracks .*: split.kind = 'file', split.path"):
        train(ensemble(recipe_text, "split.kind=by_clip", "split.seed=2"), runs=Path("runs"), device="cpu")
    listed = ["split.kind=file", f"split.path={run.split}"]
    assert "valid" in read_evaluations(train(ensemble(recipe_text, *listed), runs=Path("runs"), device="cpu"))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("training.epochs=3", "an ensemble is not trained: leave out augment, and of training all but seed"),
        ('augment=["shift"]', "an ensemble is not trained"),
        ("model.depth=3", r"takes runs, a list of folders or patterns: .*`depth`"),
        ("model.runs=3", "takes runs, a list of folders or patterns: Expected `array`"),
        ("features.n_mel=16", "did you mean 'n_mels'"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(recipe_text: str, override: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        gather(ensemble(recipe_text, override))
