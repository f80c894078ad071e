"""A run judged again: on its own parts, or on other data whose genres are matched by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from earmark.errors import AudioError, DataError, ModelError
from earmark.experiment.evaluate import evaluate, evaluate_on, read_evaluations, read_headline
from earmark.experiment.train import train
from earmark.predictions import read_predictions
from earmark.recipe import Recipe
from earmark.run import Run
from earmark.splits import read_split
from earmark.tracks import Dataset, Track


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Run:
    """A run over clips of low, middle and high energy."""
    return train(recipe, runs=tmp_path / "runs", device="cpu")


def others(
    genres: Sequence[str] = ("Low", "MIDDLE", "brass"), *, name: str = "others", bands: int = 16, songs: int = 1
) -> Dataset:
    """Twelve clips, four a genre in turn, with energy in the bands of the genre's place; `songs` clips a song."""

    def read(track: Track) -> np.ndarray:
        assert track.row is not None
        x = np.random.default_rng(track.row).normal(-50, 8, (bands, 20)).astype(np.float32)
        x[5 * (track.row % 3) : 5 * (track.row % 3) + 5] += 12
        return np.clip(x, -80, 0)

    tracks = tuple(
        Track(
            id=f"clip{row:02d}",
            row=row,
            genres=(genres[row % 3],),
            song=f"song{row % 3}-{row // 3 // songs}",
            part="test" if row < 6 else None,
        )
        for row in range(12)
    )
    return Dataset(
        name=name,
        medium="log_mel",
        genres=tuple(genres),
        tracks=tracks,
        read=read,
        read_many=lambda tracks: np.stack([read(track) for track in tracks]),
    )


def test_genres_are_matched_by_spelling_and_the_rest_is_counted(run: Run) -> None:
    evaluation = evaluate_on(run.folder, others(), device="cpu")
    assert evaluation.left_out == {"genre 'brass' is not one the classifier knows": 4}
    assert evaluation.tracks == 8
    assert evaluation.headline.n == 8
    assert evaluation.headline.accuracy.value > 0.8
    assert evaluation.remarks == [
        "others, as a whole",
        "left out: 4 (genre 'brass' is not one the classifier knows)",
    ]
    assert not evaluation.chosen_on_it
    assert read_evaluations(run)["on-others"] == evaluation
    assert set(read_evaluations(run)) == {"valid", "on-others"}


def test_a_mapping_says_what_spelling_cannot(run: Run) -> None:
    evaluation = evaluate_on(run.folder, others(), mapping={"brass": "high", "Low": ""}, device="cpu")
    assert evaluation.left_out == {"genre 'Low' is not one the classifier knows": 4}
    assert evaluation.headline.accuracy.value > 0.8
    with pytest.raises(DataError, match="genre mapping: 'brass' goes to 'hihg', which is not one of"):
        evaluate_on(run.folder, others(), mapping={"brass": "hihg"}, device="cpu")


def test_the_figures_are_those_of_the_predictions_it_wrote(run: Run) -> None:
    evaluation = evaluate_on(run.folder, others(songs=2), device="cpu")
    predictions = read_predictions(run.predictions("on-others"))
    assert predictions.ids == tuple(f"clip{row:02d}" for row in range(12) if row % 3 != 2)
    by_song = read_predictions(run.predictions("on-others", by_track=True))
    assert read_headline(run, "on-others").ids == by_song.ids == predictions.by_song().ids
    assert evaluation.by_track is not None
    assert evaluation.by_clip is not None
    assert (evaluation.by_track.n, evaluation.by_clip.n) == (4, 8)
    assert evaluation.by_track.accuracy.value == np.mean(by_song.guesses == by_song.truth)
    assert evaluation.by_clip.accuracy.value == np.mean(predictions.guesses == predictions.truth)


def test_one_part_alone_can_be_judged(run: Run) -> None:
    evaluation = evaluate_on(run.folder, others(), part="test", device="cpu")
    assert (evaluation.part, evaluation.tracks, evaluation.split) == ("test", 4, "its test part")
    with pytest.raises(DataError, match="others: its valid part has no track of a genre that the classifier knows"):
        evaluate_on(run.folder, others(), part="valid", device="cpu")


def test_no_genre_in_common_is_refused(run: Run) -> None:
    with pytest.raises(
        DataError, match=r"others: none of its genres \(a, b, c\) is one of low, middle, high; give a map"
    ):
        evaluate_on(run.folder, others("abc"), device="cpu")


def test_arrays_made_otherwise_are_refused_naming_both_values(run: Run) -> None:
    with pytest.raises(DataError, match="others: made with n_mels=20, these features have n_mels=16"):
        evaluate_on(run.folder, others(bands=20), device="cpu")


def test_nothing_that_can_be_read_is_refused_with_the_first_reason(run: Run) -> None:
    whole = others()

    def read(track: Track) -> np.ndarray:
        raise AudioError(f"{track.id}: truncated")

    with pytest.raises(DataError, match="others: none of 8 tracks can be read; the first: clip00: truncated"):
        evaluate_on(
            run.folder,
            Dataset("others", "audio", whole.genres, whole.tracks, read),
            device="cpu",
        )


def test_tracks_it_was_trained_on_are_owned_up_to(run: Run) -> None:
    parts = read_split(run.split).parts
    learned = [name for name, part in parts.items() if part == "train"][:3]
    same = others(("low", "middle", "high"), name="clips")
    renamed = [msgspec.structs.replace(track, id=name) for track, name in zip(same.tracks, learned, strict=False)]
    evaluation = evaluate_on(run.folder, same.only([*renamed, *same.tracks[3:]]), device="cpu")
    assert evaluation.leak == "3 of 12 tracks were trained on; expect a lower score on others"
    assert evaluate_on(run.folder, same.only(same.tracks), device="cpu").leak is None


def test_a_part_the_split_does_not_have_is_refused(run: Run) -> None:
    with pytest.raises(DataError, match=r"its split \(as given, 96 train / 40 valid\) has no test part to judge"):
        evaluate(run.folder, part="test", device="cpu")
    assert set(evaluate(run.folder, part="train", device="cpu")) == {"train"}


def test_features_that_are_no_longer_those_of_the_classifier_are_refused(run: Run) -> None:
    run.recipe.write_text(run.recipe.read_text().replace("n_mels = 16", "n_mels = 16\ntop_db = 60.0"))
    with pytest.raises(ModelError, match=r"recipe.toml: features differ .* top_db=60.0 instead of 80.0"):
        evaluate(run.folder, device="cpu")


def test_damaged_metrics_are_refused_by_name(run: Run) -> None:
    run.metrics.write_text('{"valid": 3}')
    with pytest.raises(DataError, match=r"metrics.json: cannot be read as evaluations: Expected `object`, got `int`"):
        read_evaluations(run)
    run.metrics.unlink()
    assert read_evaluations(run) == {}
