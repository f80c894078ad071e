"""Repetitions among fingerprints: planted ones are found where they are, others are not, and real ones in GTZAN."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from earmark.audio.fingerprint import BITS, Fingerprint, fingerprint_log_mel
from earmark.datasets.mel_arrays import mel_arrays
from earmark.library import repetitions
from earmark.library.repetitions import LEAST_AGREEMENT, Repetition, agreement, find_repetitions


def noise(rng: np.random.Generator, columns: int) -> Fingerprint:
    """As of music that has nothing in common with any other."""
    return fingerprint_log_mel(rng.normal(size=(33, columns)).astype(np.float32))


def worn(words: Fingerprint, share: float, rng: np.random.Generator) -> Fingerprint:
    """With a share of the bits turned, in runs as long as those of music."""
    smooth = gaussian_filter1d(rng.normal(size=(len(words), BITS)), 2, axis=0)
    turned = smooth < np.quantile(smooth, share)
    return words ^ (turned << np.arange(BITS, dtype=np.uint32)).sum(1, dtype=np.uint32)


@given(lag=st.integers(-40, 40), seed=st.integers(0, 1000))
def test_agreement_is_that_of_the_bits_that_overlap(lag: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(0, 3, n).astype(np.uint32) * np.uint32(0x1234567) for n in (30, 25))
    pairs = [(a[t], b[t - lag]) for t in range(30) if 0 <= t - lag < 25]
    pairs = [(x, y) for x, y in pairs if x and y]
    wrong = [bin(int(x) ^ int(y)).count("1") / BITS for x, y in pairs]
    expected = 1 - 2 * float(np.mean(wrong)) if wrong else 0.0
    assert agreement(a, b, lag) == (pytest.approx(expected), len(pairs))


@given(seed=st.integers(0, 10_000), lag=st.integers(-150, 150))
def test_a_planted_copy_is_found_at_its_lag(seed: int, lag: int) -> None:
    rng = np.random.default_rng(seed)
    whole = noise(rng, 700)
    a = whole[250:600]
    b = worn(whole[250 + lag : 600 + lag], 0.1, rng)
    found = find_repetitions([noise(rng, 300), a, noise(rng, 300), b, noise(rng, 40)])
    assert [(r.first, r.second, r.lag, r.overlap) for r in found] == [(1, 3, lag, 350 - abs(lag))]
    assert found[0].agreement == pytest.approx(0.8, abs=0.06)


def planted(rng: np.random.Generator) -> tuple[list[Fingerprint], set[tuple[int, int]]]:
    """Sixty fingerprints, of which every sixth is a copy of the third before it, begun later."""
    prints = [noise(rng, 400) for _ in range(60)]
    copies = {(place - 3, place) for place in range(5, 60, 6)}
    for first, second in copies:
        prints[second] = worn(prints[first][25:], 0.1, rng)
    return prints, copies


def pairs_of(found: list[Repetition]) -> set[tuple[int, int]]:
    return {(r.first, r.second) for r in found}


def test_all_copies_and_nothing_else(rng: np.random.Generator) -> None:
    prints, copies = planted(rng)
    assert pairs_of(find_repetitions(prints)) == copies


@pytest.mark.parametrize("hits", [1, 100])
def test_small_blocks_find_the_same(hits: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    prints, _ = planted(rng)
    whole = find_repetitions(prints)
    monkeypatch.setattr(repetitions, "HITS", hits)
    assert find_repetitions(prints) == whole


def test_a_share_of_the_words_finds_the_same(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    prints, copies = planted(rng)
    monkeypatch.setattr(repetitions, "INDEXED", 8_000)
    index = repetitions._index(prints)
    assert len(index.table) == pytest.approx(8_000, rel=0.1)
    assert pairs_of(find_repetitions(prints)) == copies


def test_what_stands_everywhere_is_not_looked_up(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    prints, _ = planted(rng)
    monkeypatch.setattr(repetitions, "COMMON", 1)
    assert find_repetitions(prints) == []


def test_a_short_overlap_has_to_agree_better(rng: np.random.Generator) -> None:
    """Four columns of every twelve are whole, enough for votes; of the others a third of the bits is turned."""
    whole = noise(rng, 408)
    copy = worn(whole, 0.35, rng)
    copy[np.arange(408) % 12 < 4] = whole[np.arange(408) % 12 < 4]
    for piece, found in ((slice(0, 408), {(0, 1)}), (slice(96, 108), set())):
        assert agreement(whole[piece], copy[piece], 0)[0] == pytest.approx(0.53, abs=0.1)
        assert pairs_of(find_repetitions([whole, copy[piece]])) == found
    assert pairs_of(find_repetitions([whole, whole[96:108]])) == {(0, 1)}


def test_the_least_agreement_can_be_raised(rng: np.random.Generator) -> None:
    whole = noise(rng, 400)
    prints = [whole, worn(whole, 0.1, rng)]
    assert find_repetitions(prints, least=0.75)
    assert find_repetitions(prints, least=0.85) == []


def test_silence_is_not_the_same_as_silence(rng: np.random.Generator) -> None:
    quiet = np.zeros(300, np.uint32)
    a, b = (np.concatenate([quiet, noise(rng, 100)]) for _ in range(2))
    assert find_repetitions([quiet, quiet.copy(), a, b]) == []


@pytest.mark.parametrize("lengths", [[], [0], [0, 0], [1, 0, 2]])
def test_nothing_to_compare(lengths: list[int], rng: np.random.Generator) -> None:
    assert find_repetitions([noise(rng, n) if n else np.zeros(0, np.uint32) for n in lengths]) == []


def test_gtzans_known_repetitions_are_found_and_no_other_song(shared: Path) -> None:
    """All 28 listed pairs. The list goes by what stands at the same place in both files; the others reported begin some
    columns apart, and are by artists.csv, which knows nothing of the sound, the same title by the same artist."""
    folder = shared / "gtzan"
    dataset = mel_arrays(path=folder / "mel" / "mel128.npz", artists=folder / "artists.csv")
    found = find_repetitions([fingerprint_log_mel(dataset.read(track)) for track in dataset.tracks])
    ids = [track.id for track in dataset.tracks]
    with (folder / "repetitions.csv").open(newline="") as file:
        listed = {frozenset((row["id_a"], row["id_b"])): row["kind"] for row in csv.DictReader(file)}
    reported = {frozenset((ids[r.first], ids[r.second])): r for r in found}
    assert len(listed) == 28
    assert [sorted(pair) for pair in listed if pair not in reported] == []
    songs = {track.id: (track.artist, track.title) for track in dataset.tracks}
    others = [sorted(pair) for pair in reported if pair not in listed and len({songs[name] for name in pair}) > 1]
    assert others == []
    assert min(r.agreement for r in found) > LEAST_AGREEMENT + 0.05
    near = {pair for pair, kind in listed.items() if kind == "near"}
    assert min(reported[pair].agreement for pair in near) > 0.9
