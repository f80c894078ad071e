"""A training's epochs in TensorBoard and MLflow, read back with their own readers."""

from pathlib import Path

import msgspec
import pytest

import earmark.errors
from earmark.errors import ModelError, UsageError
from earmark.experiment.train import resume, train
from earmark.experiment.training_log import check_log
from earmark.recipe import Recipe, parse_recipe
from earmark.run import Run
from earmark.training.history import read_history


def short(recipe_text: str, log: str) -> Recipe:
    """The small recipe, two epochs long."""
    return parse_recipe(recipe_text, where="r", overrides=["training.epochs=2", f"training.log={log}"])


def column(run: Run, name: str) -> list[float]:
    return [getattr(epoch, name) for epoch in read_history(run.history)]


def test_tensorboard_shows_the_history_of_a_continued_run_as_one(recipe_text: str, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run = train(short(recipe_text, "tensorboard"), runs=tmp_path / "runs", device="cpu")
    resume(run.folder, more_epochs=1, device="cpu")
    events = accumulator.EventAccumulator(str(run.folder / "tensorboard")).Reload()
    assert set(events.Tags()["scalars"]) == {
        "loss/train",
        "loss/valid",
        "accuracy/train",
        "accuracy/valid",
        "learning_rate",
        "seconds",
    }
    for tag, name in (("loss/train", "train_loss"), ("accuracy/valid", "valid_accuracy")):
        shown = events.Scalars(tag)
        assert [event.step for event in shown] == [1, 2, 3]
        assert [event.value for event in shown] == pytest.approx(column(run, name), rel=1e-6)


def test_mlflow_keeps_the_history_and_the_recipe_of_a_continued_run(
    recipe_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "store").as_uri())
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "clips")
    run = train(short(recipe_text, "mlflow"), runs=tmp_path / "runs", device="cpu")
    resume(run.folder, more_epochs=1, device="cpu")
    client = mlflow.MlflowClient()
    [found] = client.search_runs([client.get_experiment_by_name("clips").experiment_id])
    assert found.info.run_name == run.name
    assert found.info.status == "FINISHED"
    assert found.data.params["model.name"] == "cnn_rnn"
    assert found.data.params["training.optimiser.learning_rate"] == "0.1"
    for name in ("train_loss", "valid_accuracy", "learning_rate"):
        metrics = sorted(client.get_metric_history(found.info.run_id, name), key=lambda metric: metric.step)
        assert [metric.step for metric in metrics] == [1, 2, 3]
        assert [metric.value for metric in metrics] == pytest.approx(column(run, name))


def test_an_mlflow_that_cannot_be_written_to_is_named(
    recipe_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nowhere://store")
    with pytest.raises(ModelError, match="MLflow at nowhere://store: "):
        train(short(recipe_text, "mlflow"), runs=tmp_path / "runs", device="cpu")


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_what_is_not_installed_is_said_with_the_extra(
    recipe_text: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def missing(module: str) -> None:
        raise ImportError(module)

    monkeypatch.setattr(earmark.errors.importlib, "import_module", missing)
    recipe = short(recipe_text, name)
    with pytest.raises(UsageError, match=rf"training.log = '{name}' needs {name}, .*pip install 'earmark\[{name}\]'"):
        check_log(recipe)


def test_where_epochs_are_logged_changes_no_digest(recipe: Recipe) -> None:
    logging = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, log="mlflow"))
    assert logging.digest == recipe.digest
