"""A study over folds: each recipe on each of them, judged over all that they hold."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from earmark.predictions import read_predictions
from earmark.run import Run
from earmark.study import Result, read_results, run_study, write_comparison

SAYS = {"bossa": "mar sol barquinho tarde", "gospel": "senhor deus jesus fé", "samba": "roda viola pandeiro terreiro"}
RECIPE = """
rationale = "Words tell genres."
[data]
name = "lyrics"
path = "{path}"
[split]
kind = "{kind}"
folds = 2
valid = 0.0
[features]
name = "texts"
[model]
name = "tfidf_logistic"
min_df = 1
[training]
keep = "last"
"""
ONE_SEED = "[study]\nseeds = 1\n"


def write_songs(path: Path, seed: int) -> Path:
    """Songs by artists of one genre each, of words of their genre, of others and of a name only one artist says."""
    rng = np.random.default_rng(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["Artist", "Song", "Genre", "Language", "Lyrics"])
        for number in range(60):
            genre = list(SAYS)[number % 3]
            singer = f"{genre}{rng.integers(4)}"
            words = [*rng.choice(SAYS[genre].split(), 1), *rng.choice(" ".join(SAYS.values()).split(), 4)]
            table.writerow([singer, number, genre, "pt", " ".join([*words, f"of{singer}"])])
    return path


@dataclass
class Study:
    """A folder of recipes, two on one data set and one on another, and what its trainings left."""

    recipes: Path
    results: Path
    runs: Path

    def trained(self, *, overrides: Sequence[str] = ()) -> list[object]:
        """What another start trains."""
        asked = run_study(self.recipes, seeds=(1, 2), overrides=overrides, runs=self.runs, results=self.results)
        return list(asked)

    def page(self) -> str:
        """The comparison, with white space as one blank."""
        (path,) = write_comparison(self.recipes, read_results(self.results), runs=self.runs)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    root = tmp_path_factory.mktemp("folds")
    ours, theirs = write_songs(root / "ours.csv", 1), write_songs(root / "theirs.csv", 2)
    (root / "songs").mkdir()
    for name, path, kind, more in (
        ("words", ours, "by_artist", ""),
        ("words_random", ours, "by_track", ONE_SEED),
        ("words_theirs", theirs, "by_artist", ONE_SEED),
    ):
        (root / "songs" / f"{name}.toml").write_text(RECIPE.format(path=path, kind=kind) + more)
    whole = Study(root / "songs", root / "results.csv", root / "runs")
    assert [type(outcome) for outcome in whole.trained()] == [Result] * 8
    return whole


def test_every_recipe_is_trained_on_every_fold_with_its_seeds(study: Study) -> None:
    told = [(r.recipe, r.fold, r.seed) for r in read_results(study.results)]
    expected = [("words", fold, seed) for fold in (0, 1) for seed in (1, 2)]
    expected += [(name, fold, 1) for name in ("words_random", "words_theirs") for fold in (0, 1)]
    assert told == expected


def test_nothing_is_trained_again_whoever_asked_for_the_fold(study: Study, tmp_path: Path) -> None:
    assert study.trained() == []
    assert study.trained(overrides=["split.fold=1"]) == []
    with study.results.open(newline="") as file:
        rows = [{key: cell for key, cell in row.items() if key != "fold"} for row in csv.DictReader(file)]
    older = replace(study, results=tmp_path / "older.csv")
    with older.results.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    assert older.trained() == []
    assert older.page() == study.page()


def test_the_page_pools_the_folds_and_tells_their_spread(study: Study) -> None:
    found = [r for r in read_results(study.results) if r.recipe == "words"]
    judged = {(r.fold, r.seed): read_predictions(Run(study.runs / "songs" / r.run).predictions("test")) for r in found}
    assert sorted(name for (_, seed), said in judged.items() if seed == 1 for name in said.ids) == [
        f"{row:07d}" for row in range(2, 62)
    ]
    right = {key: (said.guesses == said.truth) for key, said in judged.items()}
    pooled = np.concatenate([right[fold, seed] for fold in (0, 1) for seed in (1, 2)]).mean()
    folds = [np.mean([right[fold, seed].mean() for seed in (1, 2)]) for fold in (0, 1)]
    text = study.page()
    assert re.search(rf"words by artist {100 * pooled:.1f} % \([^()]*\) 2 folds × 2 seeds: ", text)
    assert f"2 folds × 2 seeds: {100 * np.mean(folds):.1f} ± {100 * np.std(folds, ddof=1):.1f} %" in text


def test_each_data_set_has_a_table_of_its_own_and_splits_of_one_stand_together(study: Study) -> None:
    text = study.page()
    assert "songs on ours, theirs" in text
    assert "3 recipes, 8 trainings." in text
    assert text.index("ours · Ranking: test, over 60 tracks in 2 folds") < text.index("theirs · Ranking: test, over 60")
    for split in ("by artist", "by track"):
        assert f"ours, {split}, 2 folds, seed 1" in text
    assert "interval over other artists" in text
    assert re.search(r"1 words by artist .* 2 words_random by track [7-9]", text)  # which leaks, and stands last
    assert "Recipes whose split leaks stand last, whatever they score." in text
    assert "bootstrap resamples of all songs of an artist together (12 artists)" in text
    assert "Leak words_random: in the first fold by track: 1" in text
    assert "Not comparable" not in text


def test_older_predictions_without_artists_are_told(study: Study, tmp_path: Path) -> None:
    older = replace(study, runs=shutil.copytree(study.runs, tmp_path / "runs"))
    run = next(r.run for r in read_results(study.results) if r.recipe == "words_random")
    path = Run(older.runs / "songs" / run).predictions("test")
    replace(read_predictions(path), artists=()).write(path)
    text = older.page()
    assert "Intervals are over songs, since predictions of words_random name no artists: earmark evaluate RUN" in text
    assert "interval over other songs" in text


def test_a_missing_fold_is_told_and_not_compared(study: Study) -> None:
    results = [r for r in read_results(study.results) if (r.recipe, r.fold) != ("words_random", 1)]
    (page,) = write_comparison(study.recipes, results, runs=study.runs)
    html = page.read_text(encoding="utf-8")
    assert "Folds are missing of words_random: shown are the means of those trained" in html
    assert "Differences: which are sure" not in html
