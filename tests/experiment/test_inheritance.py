"""A training that starts from another run: of sound, from recipe to report."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from safetensors.torch import load_file

from earmark.errors import ModelError, UsageError
from earmark.experiment.inheritance import read_inheritance
from earmark.experiment.learning_rate import find_learning_rate
from earmark.experiment.train import resume, train
from earmark.experiment.watcher import Watcher
from earmark.recipe import Recipe, parse_recipe, read_recipe
from earmark.run import Run
from earmark.training.checkpoint import read_progress
from earmark.training.history import Epoch


class Heard(Watcher):
    """Keeps the remarks."""

    def __init__(self) -> None:
        self.remarks: list[str] = []

    def remark(self, text: str) -> None:
        self.remarks.append(text)


def again(recipe: Recipe, run: Run | str, **init: object) -> Recipe:
    """The recipe with other random weights, started from a run."""
    name = str(run.folder) if isinstance(run, Run) else run
    table = {"run": name, **init}
    seeded = msgspec.structs.replace(recipe.training, seed=7, epochs=2)
    text = msgspec.structs.replace(recipe, training=seeded).to_toml()
    written = ", ".join(f"{key} = {value}" for key, value in table.items() if key != "run")
    return parse_recipe(f'init = {{ run = "{name}"{", " + written if written else ""} }}\n{text}', where="again")


@pytest.fixture
def source(recipe: Recipe, tmp_path: Path) -> Run:
    short = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, epochs=1, keep="last"))
    return train(short, runs=tmp_path / "source", device="cpu")


def test_what_was_loaded_is_held_said_and_remembered(recipe: Recipe, source: Run, tmp_path: Path) -> None:
    heard = Heard()
    asked = again(recipe, source, frozen_epochs='"all"')
    run = train(asked, runs=tmp_path / "runs", device="cpu", watcher=heard)
    before, after = load_file(source.weights), load_file(run.weights)
    changed = {name for name in before if not before[name].equal(after[name])}
    found = read_inheritance(run)
    assert found is not None
    assert changed == set(before) - set(found.tensors.loaded)
    assert len({name.rpartition(".")[0] for name in changed}) == 1  # the last layer
    assert heard.remarks == [found.says]
    assert found.says.startswith(f"started from {source.name}: {len(before) - 2} tensors loaded (")
    assert found.says in run.report.read_text(encoding="utf-8")
    assert str(tmp_path) not in run.inheritance.read_text()


def test_its_recipe_says_which_weights_and_its_digest_is_that_of_what_was_asked(
    recipe: Recipe, source: Run, tmp_path: Path
) -> None:
    asked = again(recipe, source, learning_rate_factor=0.1)
    run = train(asked, runs=tmp_path / "runs", device="cpu")
    resolved = read_recipe(run.recipe)
    assert resolved.init is not None
    assert resolved.init.weights is not None
    assert resolved.digest == asked.digest != recipe.digest


def test_an_interrupted_one_goes_on_without_the_run_it_started_from(
    recipe: Recipe, source: Run, tmp_path: Path
) -> None:
    class Interrupted(Watcher):
        def epoch(self, epoch: Epoch, _of: int) -> None:
            if epoch.epoch == 1:
                raise KeyboardInterrupt

    asked = again(recipe, source, frozen_epochs=1)
    through = train(asked, runs=tmp_path / "through", device="cpu")
    with pytest.raises(KeyboardInterrupt):
        train(asked, runs=tmp_path / "stopped", device="cpu", watcher=Interrupted())
    shutil.rmtree(source.folder)
    stopped = resume(tmp_path / "stopped", device="cpu")
    assert len(read_progress(stopped.last).history) == 2
    ours, theirs = load_file(stopped.weights), load_file(through.weights)
    assert all(ours[name].equal(theirs[name]) for name in theirs)


def test_what_cannot_be_started_from_is_refused_before_anything_is_read(
    recipe: Recipe, source: Run, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    with pytest.raises(ModelError, match=r"init\.run = 'nowhere': no run with weights is there; train it first"):
        train(again(recipe, "nowhere"), runs=runs, device="cpu")
    other = again(recipe, source, weights='"0123"')
    with pytest.raises(ModelError, match=r"its weights are [0-9a-f]{32}, the recipe was resolved with 0123; leave"):
        train(other, runs=runs, device="cpu")
    for name in ("feature_svm", "ensemble"):
        fitted = msgspec.structs.replace(again(recipe, source), model=msgspec.structs.replace(recipe.model, name=name))
        with pytest.raises(UsageError, match=rf"{name} is not trained from weights; leave \[init\] out"):
            train(fitted, runs=runs, device="cpu")
    assert not runs.exists()
    source.weights.write_bytes(b"no tensors")
    with pytest.raises(ModelError, match=r"weights\.safetensors: cannot be read as weights"):
        train(again(recipe, source), runs=runs, device="cpu")


def test_the_rate_is_swept_with_what_will_be_held(recipe: Recipe, source: Run, tmp_path: Path) -> None:
    asked = again(recipe, source, frozen_epochs='"all"')
    assert find_learning_rate(asked, tmp_path / "sweep.svg", device="cpu") > 0
