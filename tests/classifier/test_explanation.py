"""What is behind an answer: the same answer, parts that add up to it exactly, and what cannot be told said plainly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from earmark.audio.waveform import Waveform
from earmark.classifier import Fusion, load, load_run
from earmark.classifier.explanation import evidence, explain
from earmark.classifier.fusion import alone
from earmark.classifier.loading import DEFAULT, SHIPPED, load_fusion
from earmark.classifier.neighbours import FILE
from earmark.classifier.stretches import listen
from earmark.errors import AudioError
from earmark.experiment.fusing import Side, fuse, write_fusion
from earmark.features.log_mel import log_mel_features
from earmark.features.musicnn import Musicnn
from earmark.models.musicnn import PATCH_FRAMES, TAGS, Outputs
from earmark.models.pooling import LEAST
from earmark.recipe import Choice

GENRES = ("deep", "high", "rough")
RATE = 16_000
SECONDS = 6.0  # two patches
NAMES = [f"album/song {i}.flac" for i in range(24)]


def sound(genre: int, rng: np.random.Generator, seconds: float = SECONDS) -> NDArray[np.float32]:
    """A low tone, a high one, or noise."""
    t = np.arange(round(seconds * RATE)) / RATE
    tone = np.sin(2 * np.pi * rng.uniform(150, 250) * (1 + 9 * genre) * t) if genre < 2 else rng.normal(0, 0.3, len(t))
    tone *= 1 + 0.3 * np.sin(2 * np.pi * rng.uniform(2, 5) * t)
    return (0.3 * tone + rng.normal(0, 0.03, len(t))).astype(np.float32)


@pytest.fixture(scope="module", autouse=True)
def network() -> Iterator[None]:
    """In musicnn's place what needs no download: 50 mixtures of a patch's mean levels."""
    mixture = torch.from_numpy(np.random.default_rng(3).normal(0, 0.3, (96, 50)).astype(np.float32))

    def outputs(frames: torch.Tensor, hop: int = PATCH_FRAMES) -> Outputs:
        levels = frames.unfold(0, PATCH_FRAMES, hop).mean(2)
        return Outputs(levels, levels, levels, (levels - levels.mean()) @ mixture)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("earmark.features.musicnn.load_musicnn", lambda: outputs)
        yield


@pytest.fixture(scope="module")
def songs() -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(20261121)
    return [sound(i % 3, rng) for i in range(24)]


def written(songs: list[NDArray[np.float32]], y: NDArray[np.int64], folder: Path) -> Path:
    """A fusion of tags and statistics, as the default is."""
    tags = Musicnn(layer="logits", clip_seconds=SECONDS)
    columns = log_mel_features(sample_rate=RATE, n_mels=40, clip_seconds=SECONDS, standardise="none", columns=80)
    statistics = Choice("feature_discriminant", {"frames_per_second": 80 / SECONDS})
    waveforms = [Waveform(song, RATE) for song in songs]
    sides = {
        "tags": Side(tags, Choice("probe", {}), np.concatenate([tags.clips(w, "song")[0] for w in waveforms])),
        "sound": Side(columns, statistics, np.concatenate([columns.clips(w, "song")[0] for w in waveforms])),
    }
    artists = [f"artist {i // 6}" for i in range(24)]
    fused = fuse(sides, y, artists, NAMES, genres=GENRES, name="noises")
    return write_fusion(folder, fused, piece_seconds=SECONDS)


@pytest.fixture(scope="module")
def folder(songs: list[NDArray[np.float32]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(songs, np.arange(24) % 3, tmp_path_factory.mktemp("fusion") / "noises")


@pytest.fixture(scope="module")
def doubtful(songs: list[NDArray[np.float32]], tmp_path_factory: pytest.TempPathFactory) -> Fusion:
    """One that learned from tracks of which some carry the wrong genre, so that it is never sure."""
    y = np.arange(24) % 3
    y[[0, 7, 11, 14, 16]] = [1, 2, 0, 0, 0]
    return load_fusion(written(songs, y, tmp_path_factory.mktemp("doubtful") / "noises"))


@pytest.fixture
def fusion(folder: Path) -> Fusion:
    loaded = load(folder)
    assert isinstance(loaded, Fusion)
    return loaded


@pytest.fixture
def mixed(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Half a minute that is deep, then rough."""
    path = tmp_path / "mixed.wav"
    soundfile.write(path, np.concatenate([sound(0, rng, 15), sound(2, rng, 16)]), RATE)
    return path


@pytest.mark.parametrize("seconds", [1.5, 6.0, 8.0, 10.0, 26.9])
def test_the_answer_is_that_of_predict(
    fusion: Fusion, tmp_path: Path, rng: np.random.Generator, seconds: float
) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, sound(1, rng, seconds), RATE)
    expected, found = fusion.predict(path), explain(fusion, path).answer
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert found.source == expected.source
    assert len(found.over_time) == 3 * (len(expected.over_time) - 1) + 1
    np.testing.assert_array_equal(found.over_time[::3], expected.over_time)


def test_the_voices_parts_add_up_to_the_odds(doubtful: Fusion, tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, sound(1, rng), RATE)
    explanation = explain(doubtful, path)
    (_, first), (second, then), *_ = explanation.answer.ranked()
    assert explanation.second == second
    assert explanation.log_odds == pytest.approx(np.log(first / then), abs=1e-5)
    for voice, spoken, exponent in zip(doubtful.voices, explanation.evidence, doubtful.exponents, strict=True):
        learned = voice.model.estimator.state()
        places = [GENRES.index(explanation.answer.genre), GENRES.index(second)]
        bias = exponent * learned["sharpness"] * (learned["bias"][places[0]] - learned["bias"][places[1]])
        assert spoken.constant == pytest.approx(bias, abs=1e-4)
        assert spoken.log_odds == pytest.approx(sum(spoken.parts.values()) + bias, abs=1e-4)
    assert [spoken.voice for spoken in explanation.evidence] == ["tags", "sound"]
    assert tuple(explanation.evidence[0].parts) == TAGS
    assert "timbre" in explanation.evidence[1].parts


def test_a_voice_that_is_too_sure_is_held_and_its_parts_with_it(
    fusion: Fusion, tmp_path: Path, rng: np.random.Generator
) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, sound(1, rng), RATE)
    explanation = explain(fusion, path)
    sure = max(explanation.evidence, key=lambda spoken: spoken.log_odds)
    exponent = fusion.exponents[explanation.evidence.index(sure)]
    assert sure.log_odds == pytest.approx(-exponent * LEAST, abs=1e-6)
    assert abs(sum(sure.parts.values())) < 100 * abs(LEAST)
    assert sum(sure.parts.values()) + sure.constant == pytest.approx(sure.log_odds)


def test_of_several_pieces_it_is_the_mean_where_the_first_is_ahead(doubtful: Fusion, mixed: Path) -> None:
    explanation, answer = explain(doubtful, mixed), doubtful.predict(mixed)
    first, second = GENRES.index(answer.genre), GENRES.index(explanation.second)
    ratios = np.log(answer.over_time[:, first] / answer.over_time[:, second])
    assert explanation.pieces == ((ratios > 0).sum(), 5)
    assert 0 < explanation.pieces[0] < 5
    assert explanation.log_odds == pytest.approx(ratios[ratios > 0].mean(), abs=1e-4)


def test_a_track_that_changes_shows_where(fusion: Fusion, mixed: Path) -> None:
    explanation = explain(fusion, mixed, min_confidence=0.9)
    named = [GENRES[place] for place in explanation.answer.over_time.argmax(1)]
    middles = explanation.spans.mean(1)
    assert {name for name, at in zip(named, middles, strict=True) if at < 13} == {"deep"}
    assert {name for name, at in zip(named, middles, strict=True) if at > 18} == {"rough"}
    np.testing.assert_allclose(explanation.spans[1:, 0], explanation.spans[:-1, 1])  # one after the other
    assert (explanation.spans[0, 0], explanation.spans[-1, 1]) == (0, 31)
    assert explanation.answer.verdict == "unsure"
    assert set(explanation.answer.verdicts_over_time[:3]) == {"music"}


def test_silence_is_passed_over(fusion: Fusion, tmp_path: Path, rng: np.random.Generator) -> None:
    samples = sound(0, rng, 36)
    samples[8 * RATE : 28 * RATE] = 0
    path = tmp_path / "song.wav"
    soundfile.write(path, samples, RATE)
    spans = explain(fusion, path).spans
    assert (spans[1:, 0] - spans[:-1, 1]).max() > 6
    samples[: 28 * RATE] = 0
    samples[-(8 * RATE - 1000) :] = 0  # all but a sixteenth of a second, which lies between no two pieces
    soundfile.write(path, samples, RATE)
    assert explain(fusion, path).answer.genre in GENRES


def test_tags_are_those_of_the_whole_track(fusion: Fusion, mixed: Path) -> None:
    explanation = explain(fusion, mixed)
    assert explanation.taggram is not None
    assert set(explanation.tags) == set(TAGS)
    tag, mean = next(iter(explanation.tags.items()))
    assert mean == pytest.approx(explanation.taggram.tags.mean(0).max())
    assert explanation.taggram.tags.mean(0).argmax() == TAGS.index(tag)
    assert len(explanation.taggram.starts) == 10  # five pieces of two patches
    assert 27 < explanation.taggram.starts.max() < 28.1


def test_a_stretch_between_two_pieces_is_made_of_the_patches_inside_it(fusion: Fusion, mixed: Path) -> None:
    samples, _ = soundfile.read(mixed, dtype="float32")
    stretches = listen(fusion, Waveform(samples, RATE), where="mixed")
    assert stretches.taggram is not None
    for start, judged, example in zip(stretches.starts, stretches.judged, stretches.inputs[0], strict=True):
        at = stretches.taggram.starts
        inside = (at >= start - 1e-6) & (at + 2.992 <= start + SECONDS + 1e-6)
        if not judged:
            np.testing.assert_allclose(example, stretches.taggram.layer[inside].mean(0), rtol=1e-5)
    assert stretches.judged.tolist() == [True, *[False, False, True] * 4]


def test_the_nearest_is_the_track_itself_where_it_was_learned_from(
    fusion: Fusion, songs: list[NDArray[np.float32]], tmp_path: Path
) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, songs[7], RATE, subtype="FLOAT")
    first, *others = explain(fusion, path).nearest
    assert (first.name, first.genres) == (NAMES[7], ("high",))
    assert first.similarity == pytest.approx(1, abs=1e-3)
    assert len(others) == 4


def test_without_the_network_it_says_what_is_missing(fusion: Fusion, mixed: Path) -> None:
    explanation = explain(alone(fusion, 1, note="no network"), mixed)
    assert explanation.note == "no network"
    assert [spoken.voice for spoken in explanation.evidence] == ["sound"]
    assert (explanation.tags, explanation.nearest) == ({}, ())
    assert explanation.lacks == (
        "no voice listens to the pretrained network, so that there are no tags to tell",
        "the nearest training tracks are found by the voice 'tags', which is missing",
    )


def test_a_fusion_that_kept_no_tracks_says_so(folder: Path, mixed: Path) -> None:
    kept = (folder / FILE).read_bytes()
    (folder / FILE).unlink()
    explanation = explain(load_fusion(folder), mixed)
    (folder / FILE).write_bytes(kept)
    assert explanation.nearest == ()
    assert explanation.lacks == ("the tracks that it learned from were not kept, so that the nearest cannot be told",)


def test_of_one_model_there_are_the_stretches_alone(folder: Path, mixed: Path) -> None:
    one = load_run(folder / "sound")
    explanation, expected = explain(one, mixed, min_confidence=0.6), one.predict(mixed)
    np.testing.assert_array_equal(explanation.answer.over_time, expected.over_time)
    assert explanation.answer.min_confidence == 0.6
    assert explanation.spans.tolist() == [[6 * i, 6 * i + 6] for i in range(5)]
    assert explanation.evidence == ()
    assert [lack.partition(",")[0] for lack in explanation.lacks] == ["this classifier is one model"]


def test_what_cannot_be_read_is_refused_by_name(fusion: Fusion, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(b"RIFF and no more")
    for classifier in (fusion, load_run(folder / "tags")):
        with pytest.raises(AudioError, match=r"broken\.wav"):
            explain(classifier, path)


def test_the_shipped_voices_add_up_on_real_tracks(shared: Path) -> None:
    """The statistics are of the mean track: what is judged here are the tags, of which some are far from it."""
    fusion = load_fusion(SHIPPED / DEFAULT)
    assert fusion.neighbours is not None
    tags = fusion.neighbours.numbers[::50].astype(np.float32)
    mel = np.load(shared / "gtzan" / "mel" / "mel128.npz")
    rows = np.flatnonzero(mel["split"] == "train")[: len(tags)]
    levels = mel["floor_db"][rows, None, None].astype(np.float32) * (1 - mel["level"][rows].astype(np.float32) / 255)
    for row in range(len(tags)):
        inputs = [tags[row : row + 1], levels[row : row + 1]]
        p = fusion.probabilities(inputs)[0]
        first, second = np.argsort(-p)[:2]
        spoken = evidence(fusion, inputs, fusion.genres[first], fusion.genres[second])
        assert sum(voice.log_odds for voice in spoken) == pytest.approx(np.log(p[first] / p[second]), abs=1e-4)
        for voice, trained, exponent in zip(spoken, fusion.voices, fusion.exponents, strict=True):
            assert abs(voice.log_odds) < -LEAST
            learned = trained.model.estimator.state()
            bias = exponent * learned["sharpness"] * (learned["bias"][first] - learned["bias"][second])
            assert voice.constant == pytest.approx(bias, abs=1e-4)
