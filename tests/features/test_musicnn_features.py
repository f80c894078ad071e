"""musicnn as features: real clips against the published outputs, how sound is cut, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from earmark.audio.decode import read_audio
from earmark.audio.musicnn_mel import musicnn_mel
from earmark.audio.waveform import Waveform
from earmark.errors import AudioError, DataError, ModelError, UsageError
from earmark.features.extract import extract
from earmark.features.log_mel import LogMel
from earmark.features.musicnn import Musicnn, musicnn_features
from earmark.features.settings import Features
from earmark.models.musicnn_fast import FastMusicnn
from earmark.pretrained import musicnn as weights
from earmark.tracks import Dataset, Track

RATE = 16_000


def noise(seconds: float, *, sample_rate: int = RATE, seed: int = 3) -> Waveform:
    """Noise whose level changes, so that no two patches of it are alike."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 0.1, round(seconds * sample_rate)) * np.linspace(0.2, 1, round(seconds * sample_rate))
    return Waveform(samples.astype(np.float32), sample_rate)


@pytest.mark.usefixtures("musicnn")
@pytest.mark.parametrize("name", ["disco/disco.00005", "jazz/jazz.00001", "metal/metal.00003", "pop/pop.00006"])
def test_real_clips_give_what_was_published(shared: Path, name: str) -> None:
    """The published rows were resampled by another filter, which the highest three bands hear."""
    published = np.load(shared / "gtzan" / "musicnn_taggrams_train.npz")
    place = list(published["ids"]).index(f"{name}.wav")
    expected = published["taggram"][published["offsets"][place] : published["offsets"][place + 1]].astype(np.float32)
    taggram = Musicnn(patch_hop_frames=61).taggram(read_audio(shared / "gtzan" / "audio" / f"{name}.flac"), where=name)
    assert taggram.tags.shape == expected.shape == (28, 50)
    np.testing.assert_allclose(taggram.starts, np.arange(28) * 0.976)
    assert np.abs(taggram.tags - expected).mean() <= 0.007
    assert np.corrcoef(taggram.tags.ravel(), expected.ravel())[0, 1] >= 0.98


@pytest.mark.parametrize("layer", ["tags", "logits", "penultimate", "mean_pool", "max_pool"])
def test_an_example_is_the_mean_and_spread_of_its_patches(musicnn: FastMusicnn, layer: str) -> None:
    waveform = noise(7)
    outputs = musicnn(torch.from_numpy(musicnn_mel(waveform.samples)), 100)
    patches = getattr(outputs, layer).numpy()
    assert len(patches) == 3
    x, starts = musicnn_features(layer=layer, patch_hop_frames=100).clips(waveform, where="here")
    np.testing.assert_allclose(x, [patches.mean(0)], rtol=1e-5, atol=1e-6)
    assert starts.tolist() == [0]
    both = musicnn_features(layer=layer, patch_hop_frames=100, statistics="mean_spread").clips(waveform, where="here")[
        0
    ]
    np.testing.assert_allclose(both, [np.concatenate([patches.mean(0), patches.std(0)])], rtol=1e-4, atol=1e-5)
    assert both.dtype == np.float32


@pytest.mark.usefixtures("musicnn")
def test_clips_are_cut_as_files_of_their_own_would_be() -> None:
    waveform = noise(13)
    x, starts = Musicnn(clip_seconds=4, clip_hop_seconds=2.5).clips(waveform, where="here")
    assert starts.tolist() == [0, 2.5, 5, 7.5]
    alone = Waveform(waveform.samples[5 * RATE : 9 * RATE], RATE)
    np.testing.assert_allclose(x[2], Musicnn().clips(alone, where="here")[0][0], atol=1e-6)
    whole = Musicnn(clip_seconds=None).clips(waveform, where="here")[0]
    np.testing.assert_allclose(whole, Musicnn(clip_seconds=13).clips(waveform, where="here")[0])
    assert len(Musicnn(clip_seconds=6).clips(waveform, where="here")[0]) == 2


@pytest.mark.usefixtures("musicnn")
def test_sound_shorter_than_a_patch_is_repeated_until_it_fills_one() -> None:
    short = noise(1.2)
    frames = musicnn_mel(short.samples)
    repeated = np.concatenate([frames] * 3)[:187]
    expected = weights.load_musicnn()(torch.from_numpy(repeated)).tags[0]
    np.testing.assert_allclose(Musicnn().taggram(short, where="here").tags[0], expected, atol=1e-7)
    np.testing.assert_allclose(Musicnn().clips(short, where="here")[0][0], expected, atol=1e-7)


@pytest.mark.usefixtures("musicnn")
def test_sound_of_another_rate_gives_nearly_the_same(rng: np.random.Generator) -> None:
    slow = np.cumsum(rng.normal(0, 1, 44_100 * 4))  # with little in the highest bands
    high = Waveform((slow / np.abs(slow).max() * 0.9).astype(np.float32), 44_100)
    first, second = (Musicnn().clips(waveform, where="here")[0] for waveform in (high, high.at(RATE)))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_what_nothing_can_be_heard_in_is_refused() -> None:
    with pytest.raises(AudioError, match=r"x\.wav: silent: every sample is below"):
        Musicnn().clips(Waveform(np.zeros(RATE * 5, np.float32), RATE), where="x.wav")
    with pytest.raises(
        AudioError, match=r"x\.wav: too short: 0\.90 s of sound; musicnn hears 3 s at a time and takes at"
    ):
        Musicnn().taggram(noise(0.9), where="x.wav")


def test_without_weights_every_sound_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr("earmark.features.musicnn.load_musicnn", weights.load_musicnn.__wrapped__)
    with pytest.raises(ModelError, match=r"musicnn's weights could not be fetched: .*; run `earmark fetch musicnn`"):
        Musicnn().clips(noise(4), where="here")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"patch_hop_frames": 0}, r"features\.patch_hop_frames=0 must be above 0"),
        ({"clip_seconds": 0.5}, r"features\.clip_seconds=0\.5 must be at least 1"),
        ({"clip_seconds": math.nan}, r"features\.clip_seconds=nan must be at least 1"),
        ({"clip_hop_seconds": 0.0}, r"features\.clip_hop_seconds=0 must be above 0"),
        ({"clip_seconds": math.inf, "clip_hop_seconds": 1.0}, r"clip_hop_seconds=1 needs features\.clip_seconds"),
        ({"layer": "dense"}, r"features: Invalid enum value 'dense' - at `\$\.layer`"),
    ],
)
def test_settings_that_cannot_be_are_refused(given: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        musicnn_features(**given)


def test_settings_travel_as_json_and_tell_their_differences() -> None:
    settings = musicnn_features(layer="logits", clip_seconds=math.inf)
    assert settings == Musicnn(layer="logits", clip_seconds=None)
    assert msgspec.json.decode(msgspec.json.encode(settings), type=Features) == settings
    assert musicnn_features() == Musicnn()
    assert Musicnn().differences(Musicnn(clip_hop_seconds=30)) == []
    assert Musicnn().differences(Musicnn(layer="logits")) == ["layer=logits instead of tags"]
    assert Musicnn().differences(LogMel()) == ["LogMel instead of Musicnn"]
    assert LogMel().differences(Musicnn()) == ["Musicnn instead of LogMel"]


@pytest.mark.usefixtures("musicnn")
def test_tracks_of_audio_become_examples_and_others_are_refused() -> None:
    tracks = (Track(id="a", genres=("x",)), Track(id="b", genres=("x",)), Track(id="silent", genres=("x",)))
    sounds = {"a": noise(7), "b": noise(4), "silent": Waveform(np.zeros(RATE * 5, np.float32), RATE)}
    dataset = Dataset("sounds", "audio", ("x",), tracks, read=lambda track: sounds[track.id])
    extraction = extract(dataset, tracks, Musicnn(clip_seconds=3))
    assert extraction.examples.x.shape == (3, 50)
    assert extraction.examples.start.tolist() == [0, 3, 0]
    assert [fault.where for fault in extraction.skipped] == ["silent"]
    arrays = Dataset("arrays", "log_mel", ("x",), tracks, read=lambda _: np.zeros((8, 8), np.float32))
    with pytest.raises(UsageError, match=r"arrays holds log-mel data; set features\.name = 'log_mel'"):
        extract(arrays, tracks, Musicnn())
    with pytest.raises(DataError, match=r"none of 1 tracks can be read; the first: silent: silent"):
        extract(dataset, tracks[2:], Musicnn())
