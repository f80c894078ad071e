"""A search against the rules it promises: only the training part, the same trials when stopped, a recipe at the end."""

import csv
from pathlib import Path

import msgspec
import numpy as np
import pytest

import earmark.search as module
from earmark.cli.app import run
from earmark.datasets.synthetic import synthetic
from earmark.datasets.tfdata import write_folder
from earmark.errors import DataError, ModelError, UsageError
from earmark.recipe import Range, parse_recipe, read_recipe
from earmark.search import Found, search
from earmark.splits import draw
from earmark.tracks import Dataset, Track

pytest.importorskip("optuna")

SEARCH = """
[search]
trials = 4
folds = 2
"training.optimiser.learning_rate" = { low = 1e-3, high = 1e-1, log = true }
"training.batch_size" = { low = 8, high = 12 }
model.dropout = [0.2, 0.4]
"""
RECIPE = """
rationale = "small"
[data]
name = "synthetic"
songs = 40
seconds = 2.0
[split]
kind = "by_track"
valid = 0.2
test = 0.2
[features]
name = "log_mel"
[model]
name = "cnn_rnn"
[training]
epochs = 2
optimiser = { name = "sgd", learning_rate = 0.01 }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recipe that marks three values."""
    file = tmp_path / "mine.toml"
    file.write_text(RECIPE + SEARCH)
    return file


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int, float]]:
    """A stand-in for training: the nearer the rate to 0.01 the better. Gives what was tried, once for each fold."""
    tried: list[tuple[float, int, float]] = []

    def score(recipe, split, *_: object) -> float:
        rate = recipe.training.optimiser.options["learning_rate"]
        tried.append((rate, recipe.training.batch_size, recipe.model.options["dropout"]))
        return 1 / (1 + abs(rate - 0.01)) - 0.001 * len(split.parts)

    monkeypatch.setattr(module, "_score", score)
    return tried


def rows(found: Found) -> list[dict[str, str]]:
    with found.trials.open(newline="") as file:
        return list(csv.DictReader(file))


def test_values_are_drawn_as_marked_and_the_best_make_a_recipe(path: Path, tmp_path: Path, scored) -> None:
    found = search(path, tmp_path / "out", device="cpu")
    assert len(scored) == 8
    assert scored[::2] == scored[1::2]
    for rate, batch_size, dropout in scored:
        assert 1e-3 <= rate <= 1e-1
        assert batch_size in range(8, 13)
        assert dropout in (0.2, 0.4)
    best = max(rows(found), key=lambda row: float(row["score"]))
    assert float(best["training.optimiser.learning_rate"]) == found.values["training.optimiser.learning_rate"]
    assert float(best["score"]) == pytest.approx(found.score, abs=1e-5)
    assert sum(map(float, best["fold_scores"].split())) / 2 == pytest.approx(found.score, abs=1e-5)
    tuned, recipe = read_recipe(found.recipe), read_recipe(path)
    assert found.recipe == tmp_path / "out" / "mine-tuned.toml"
    assert tuned.search is None
    assert tuned.training.batch_size == found.values["training.batch_size"]
    assert tuned.model.options["dropout"] == found.values["model.dropout"]
    assert tuned.data == recipe.data
    assert tuned.rationale.startswith("small training.optimiser.learning_rate, ")
    assert "tuned in 4 trials on 2 folds of the training part" in tuned.rationale


def test_stopped_it_goes_on_to_the_same_trials_and_more_may_follow(
    path: Path, tmp_path: Path, scored, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = search(path, tmp_path / "whole", device="cpu")
    expected = list(scored)
    scored.clear()
    score = module._score

    def stop(*arguments: object) -> float:
        if len(scored) == 5:
            raise KeyboardInterrupt
        return score(*arguments)

    monkeypatch.setattr(module, "_score", stop)
    with pytest.raises(KeyboardInterrupt):
        search(path, tmp_path / "stopped", device="cpu")
    monkeypatch.setattr(module, "_score", score)
    del scored[4:]
    assert rows(search(path, tmp_path / "stopped", device="cpu")) == rows(whole)
    assert scored == expected
    scored.clear()
    assert rows(search(path, tmp_path / "stopped", device="cpu")) == rows(whole)
    assert scored == []
    more = search(path, tmp_path / "stopped", device="cpu", overrides=["search.trials=6"])
    assert rows(more)[:4] == rows(whole)
    assert len(rows(more)) == 6


def test_what_judges_at_last_is_never_looked_at(path: Path) -> None:
    recipe = read_recipe(path, overrides=["search.folds=3"])
    dataset = synthetic(songs=40, seconds=2.0)
    split = draw(dataset, **msgspec.structs.asdict(recipe.split))
    learned = {track for track, part in split.parts.items() if part == "train"}
    folds = module._folds(recipe, recipe.search)
    valid = [{track for track, part in fold.parts.items() if part == "valid"} for fold in folds]
    assert len(folds) == 3
    assert all(set(fold.parts) == learned for fold in folds)
    assert sorted(track for each in valid for track in each) == sorted(learned)


def test_clips_of_a_song_stay_together_in_parts_given_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = tuple(
        Track(id=f"{song}-{clip}", genres=("a",), song=f"song {song}", part="train" if song < 8 else "valid")
        for song in range(10)
        for clip in range(3)
    )
    whole = Dataset("given", "log_mel", ("a",), tracks, read=lambda _: None)
    monkeypatch.setattr(module.DATASETS, "build", lambda *_, **__: whole)
    recipe = parse_recipe(path.read_text().replace('kind = "by_track"', 'kind = "as_given"'), where="r")
    for fold in module._folds(recipe, recipe.search):
        assert not {"8-0", "9-2"} & set(fold.parts)
        for song in range(8):
            assert len({fold.parts[f"{song}-{clip}"] for clip in range(3)}) == 1


def test_a_trial_that_fails_is_listed_and_the_others_go_on(
    path: Path, tmp_path: Path, scored, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = module._score

    def fail(*arguments: object) -> float:
        value = score(*arguments)
        if len(scored) == 1:
            raise ModelError("the training loss became nan")
        return value

    monkeypatch.setattr(module, "_score", fail)
    found = search(path, tmp_path / "out", device="cpu")
    assert [row["error"] for row in rows(found)] == ["the training loss became nan", "", "", ""]

    def always(*_: object) -> float:
        raise DataError("no such file")

    monkeypatch.setattr(module, "_score", always)
    with pytest.raises(ModelError, match=r"mine.toml: all 4 trials failed; the last: no such file"):
        search(path, tmp_path / "none", device="cpu")


def test_a_real_one_trains(tmp_path: Path, rng: np.random.Generator) -> None:
    label = rng.integers(0, 2, 24)
    x = (-20.0 - 40 * label[:, None, None, None] + rng.normal(size=(24, 8, 12, 1))).clip(-80, 0).astype("float32")
    write_folder(tmp_path / "clips" / "train", x, (label[:, None] == [0, 1]).astype("float32"))
    data = f'name = "tfdata"\npath = "{tmp_path / "clips"}"\ngenres = ["loud", "soft"]\n'
    text = RECIPE.replace('name = "synthetic"\nsongs = 40\nseconds = 2.0\n', data).replace(
        "[model]", "n_mels = 8\n[model]"
    )
    path = tmp_path / "real.toml"
    path.write_text(text.replace("by_track", "by_clip") + SEARCH)
    found = search(path, tmp_path / "out", device="cpu", overrides=["search.trials=1"])
    [row] = rows(found)
    assert row["error"] == ""
    assert 0 < found.score <= 1
    assert len(row["fold_scores"].split()) == 2


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["search={}"], "marks nothing to search; write a table"),
        (["search.folds=1"], "search takes 1 trial and 2 folds or more, not 4, 1"),
        (['search={"split.valid"=[0.1]}'], "search.split.valid: only features, model, training are tuned, and no seed"),
        (['search={"training.seed"=[1, 2]}'], "search.training.seed: only features, model, training are tuned"),
        (['search={"model.dropout"=[]}'], "search.model.dropout: an empty list"),
        (['search={"model.dropout"={low=0.5, high=0.1}}'], "from 0.5 to 0.1: low must be below high, and above 0"),
        (['search={"model.drop"=[0.1]}'], "no option 'drop'; did you mean 'dropout'"),
        (["search.trails=3"], "unknown key 'search.trails'; did you mean 'trials'"),
        (['search={"model.dropout"={low=0.5}}'], "missing required field `high`"),
    ],
)
def test_a_search_that_does_not_fit_is_refused(path: Path, tmp_path: Path, overrides: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        search(path, tmp_path / "out", overrides=overrides, device="cpu")
    assert not (tmp_path / "out").exists()


def test_the_command_prints_what_it_found(
    path: Path, tmp_path: Path, scored, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["study", str(path), "--search", "--device", "cpu", "--set", "search.trials=2"]) == 0
    said = capsys.readouterr()
    assert len(scored) == 4
    assert "training.batch_size" in said.out
    assert "recipe: runs/search-mine/mine-tuned.toml" in said.err
    assert read_recipe(Path("runs/search-mine/mine-tuned.toml")).search is None
    assert run(["study", str(path), "--search", "--jobs", "2"]) == 2
    assert "--search tunes one recipe, with the seeds written in it: leave out --seeds" in capsys.readouterr().err


def test_it_runs_in_one_process(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    with pytest.raises(UsageError, match="a search runs in one process; start earmark without torchrun for it"):
        search(path, tmp_path / "out")


def test_the_table_is_written_as_it_is_read_and_changes_no_digest(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.search.values["training.batch_size"] == Range(8, 12)
    assert recipe.search.values["model.dropout"] == (0.2, 0.4)
    assert parse_recipe(recipe.to_toml(), where="r") == recipe
    assert recipe.digest == msgspec.structs.replace(recipe, search=None).digest
