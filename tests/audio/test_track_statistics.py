"""Statistics of tracks made up so that the answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import logm

from earmark.audio.track_statistics import track_statistics

RATE = 12.9
Array = NDArray[np.float32]


def statistics(x: Array, rate: float = RATE) -> dict[str, Array]:
    return track_statistics(np.asarray(x, dtype=np.float32), frames_per_second=rate)


@pytest.fixture
def tracks(rng: np.random.Generator) -> Array:
    return (-80 * rng.random((20, 40, 100))).astype(np.float32)


def test_a_tracks_numbers_do_not_depend_on_its_company(tracks: Array) -> None:
    together = statistics(tracks)
    for name, values in together.items():
        assert values.dtype == np.float32
        assert np.isfinite(values).all(), name
        alone = np.concatenate([statistics(tracks[i : i + 1])[name] for i in (0, 17)])
        np.testing.assert_allclose(alone, values[[0, 17]], rtol=2e-4, atol=2e-4, err_msg=name)


def test_every_number_says_something_of_real_tracks(shared: Path) -> None:
    file = np.load(shared / "gtzan" / "mel" / "mel128.npz")
    x = file["floor_db"][::30, None, None] * (1 - file["level"][::30].astype(np.float32) / 255)
    found = statistics(x)
    assert sum(values.shape[1] for values in found.values()) > 1000
    for name, values in found.items():
        assert np.isfinite(values).all(), name
        assert (values.std(0) > 0).all(), name


@pytest.mark.parametrize(("bands", "frames"), [(32, 32), (33, 387), (128, 64), (229, 1292)])
def test_any_shape_from_the_least_gives_the_same_groups(bands: int, frames: int) -> None:
    found = statistics(np.zeros((1, bands, frames)))
    names = statistics(np.zeros((1, 128, 387)))
    assert {name: values.shape for name, values in found.items()} == {n: values.shape for n, values in names.items()}
    assert all(np.isfinite(values).all() for values in found.values())


def test_level_counts_quiet_frames_and_shape_finds_the_band() -> None:
    x = np.full((1, 40, 100), -80.0)
    x[0, 7, :25] = 0.0
    found = statistics(x)
    low, *_, high, mean, deviation, low_energy, step = found["level"][0]
    quiet = -80 + 10 * np.log10(40)
    assert (low, high) == pytest.approx((quiet, 0), abs=0.01)
    assert mean == pytest.approx(0.75 * quiet, abs=0.01)
    assert deviation == pytest.approx(-quiet * np.sqrt(0.25 * 0.75), abs=0.01)
    assert low_energy == pytest.approx(0.75)
    assert step == pytest.approx(-quiet / 99, abs=0.01)
    x[0, 7] = 0.0
    centroid, spread, roll_off, flatness, *moves = statistics(x)["shape"][0]
    assert (centroid, spread, roll_off) == pytest.approx((7, 0, 7), abs=0.02)
    assert flatness == pytest.approx(np.log(1e-8) * 39 / 40, rel=0.01)
    assert np.abs(moves).max() < 1e-5


def test_bands_are_percentiles_and_timbre_is_the_cepstrum() -> None:
    levels = np.linspace(-80, 0, 101)
    x = np.broadcast_to(levels, (1, 64, 101))
    found = statistics(x)
    np.testing.assert_allclose(found["bands"][0], np.repeat([-72, -40, -8], 32), atol=1e-3)
    mean, deviation = found["timbre"][0, :20], found["timbre"][0, 20:]
    np.testing.assert_allclose(mean, [-40 * 8, *[0] * 19], atol=1e-3)
    np.testing.assert_allclose(deviation, [levels.std() * 8, *[0] * 19], atol=1e-3)


def test_contrast_is_peaks_over_valleys() -> None:
    x = np.full((1, 80, 50), -60.0)
    x[:, ::5] = -20.0
    found = statistics(x)["contrast"].reshape(8, 4)
    np.testing.assert_allclose(found, np.tile([40, 0, -60, 0], (8, 1)), atol=1e-4)


def test_the_logarithm_of_the_covariance_is_scipys(rng: np.random.Generator) -> None:
    x = rng.standard_normal((1, 32, 300)) * np.linspace(1, 4, 32)[:, None]
    found = statistics(x)["band_change"][0]
    change = np.diff(x[0].reshape(16, 2, 300).mean(1), axis=1)
    covariance = np.cov(change, bias=True)
    expected = logm(covariance + (0.01 * np.trace(covariance) / 16 + 1e-6) * np.eye(16))
    np.testing.assert_allclose(found, expected[np.triu_indices(16)], atol=1e-3)


def test_tones_are_steady_and_strokes_are_broad() -> None:
    tones, strokes = np.zeros((2, 1, 64, 96))
    tones[0, ::4] = 10.0
    strokes[0, :, ::4] = 10.0
    for x, along_time, along_frequency in ((tones, True, False), (strokes, False, True)):
        apart, from_time, from_frequency = statistics(x)["grain"].reshape(3, 16)
        assert (from_time.max() < 1e-6) == along_time
        assert (from_frequency.max() < 1e-6) == along_frequency
        assert apart[1:].min() > 1
        in_time = statistics(x)["distances"][0, :80].reshape(5, 16)
        assert (in_time[0].max() < 1e-6) == along_time
        assert in_time[2].max() < 1e-6  # four frames on, every stroke meets the next
    persistence = statistics(tones)["persistence"][0, 16:]
    np.testing.assert_allclose(persistence, 1, atol=0.01)
    assert np.abs(statistics(strokes)["persistence"]).max() < 1e-6


@pytest.mark.parametrize("rate", [12.9, 43.07])
@pytest.mark.parametrize("hertz", [0.5, 2.0, 4.5])
def test_modulation_is_found_at_its_rate(rate: float, hertz: float) -> None:
    times = np.arange(round(30 * rate)) / rate
    x = np.broadcast_to(-40 + 10 * np.sin(2 * np.pi * hertz * times), (1, 64, len(times)))
    edges = np.geomspace(0.25, 6, 9)
    found = statistics(x, rate)["modulation"].reshape(8, 8)
    assert (found.argmax(1) == np.searchsorted(edges, hertz) - 1).all()
    np.testing.assert_allclose(found.mean(1), 0, atol=1e-5)


@pytest.mark.parametrize(("rate", "period"), [(12.9, 6), (43.0, 20)])
def test_onsets_return_after_a_beat(rate: float, period: int) -> None:
    x = np.full((1, 64, round(30 * rate)), -60.0)
    x[:, :, ::period] = -10.0
    found = statistics(x, rate)["onsets"][0]
    lags = np.unique(np.rint(np.linspace(0, 3, 40)[1:] * rate).astype(int))
    returns = found[: 4 * len(lags)].reshape(4, -1)
    near = np.abs((lags + period // 2) % period - period // 2) <= 0
    assert returns[:, near].min() > 0.85
    assert returns[:, ~near].max() < 0.2
    assert found[-8:-4] == pytest.approx(found[-8], abs=0.01)
    assert found[-4:].min() > 1


def test_flux_and_attack_see_jumps() -> None:
    x = np.full((2, 64, 100), -60.0)
    x[0, :, ::10] = -20.0
    x[1] += np.arange(100) % 2 * 4
    flux, attack = statistics(x)["flux"], statistics(x)["attack"]
    jumps = np.abs(np.diff(x[:, 0], axis=1)).mean(1)
    np.testing.assert_allclose(flux[:, :32], np.repeat(jumps[:, None], 32, axis=1), rtol=1e-5)
    assert attack[0, 32:].min() > 4
    assert attack[1, 32:].max() < 1.1


def test_onsets_do_not_return_beyond_the_end(rng: np.random.Generator) -> None:
    seconds = 2.0  # of which the changes from frame to frame are one fewer than the frames
    frames = round(seconds * 20)
    onsets = statistics(-80 * rng.random((3, 32, frames)), rate=20.0)["onsets"]
    lags = np.unique(np.rint(np.linspace(0, 3, 40)[1:] * 20))
    returns = onsets[:, : 4 * len(lags)].reshape(3, 4, len(lags))
    assert (returns[:, :, lags >= frames - 1] == 0).all()
    assert (returns[:, :, lags < frames - 1] != 0).all()
