"""Own genres taught in the browser's words: files only read, nothing kept before it is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mutagen.flac
import numpy as np
import pytest
import soundfile
from made import API, done, served
from starlette.testclient import TestClient

from earmark.batches.mapping import Place
from earmark.classifier import loading
from earmark.errors import ModelError
from earmark.web import teaching
from earmark.web.settings import Settings

RATE = 22_050
TRACKS = 5  # of a genre


def write_tone(path: Path, *, deep: bool, seed: int, artist: str = "") -> None:
    """Three seconds of noisy tones with a beat; deep and slow, or high and fast."""
    rng = np.random.default_rng(seed)
    t = np.arange(3 * RATE) / RATE
    pitch, beat = (rng.uniform(80, 160), 1.5) if deep else (rng.uniform(900, 1800), 4.0)
    sound = np.sin(2 * np.pi * pitch * t) * (1 + np.sign(np.sin(2 * np.pi * beat * t))) * 0.2
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound + rng.normal(0, 0.02, len(t)), RATE)
    tags = mutagen.flac.FLAC(path)
    tags["genre"], tags["artist"] = "Tone", artist or f"{'Deep' if deep else 'High'} {seed}"
    tags.save()


@pytest.fixture(scope="module", autouse=True)
def offline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No pretrained network and no other processes; a data folder of their own."""

    def missing() -> None:
        raise ModelError("no package index answers; earmark fetch musicnn")

    root = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "load_musicnn", missing)
        patch.setattr(teaching, "Place", lambda **_: Place(workers=0))
        patch.setenv("EARMARK_DATA", str(root / "data"))
        patch.setenv("EARMARK_CACHE", str(root / "cache"))
        yield root


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("teach") / "music"
    for seed in range(TRACKS):
        write_tone(root / "album" / f"deep {seed}.flac", deep=True, seed=seed)
        write_tone(root / f"high {seed}.flac", deep=False, seed=seed)
    return root


@pytest.fixture(scope="module")
def client(library: Path) -> Iterator[TestClient]:
    with served(Settings(folder=library, workers=1)) as client:
        yield client


def tracks(client: TestClient, **query: object) -> list[str]:
    return [track["track"] for track in client.get(f"{API}/teach/tracks", params=query).json()["tracks"]]


def put(client: TestClient, moved: list[str], genre: str | None) -> int:
    return client.post(f"{API}/teach/put", json={"tracks": moved, "genre": genre}).status_code


def test_genres_are_made_filled_learned_judged_and_kept(client: TestClient, library: Path, offline: Path) -> None:
    before = {path: path.read_bytes() for path in library.rglob("*.flac")}
    for name in ("Cellar", "Attic"):
        assert client.post(f"{API}/teach/genres", json={"name": name}).json() == {"name": name}
    assert put(client, tracks(client, text="deep"), "Cellar") == 200
    assert put(client, tracks(client, text="high"), "Attic") == 200
    assert put(client, ["high 0.flac"], "Cellar") == 200  # one that is in the wrong genre
    assert set(tracks(client, genre="Cellar")) == {*tracks(client, text="deep"), "high 0.flac"}
    assert tracks(client, genre="") == []

    job = done(client, client.post(f"{API}/teach/learn"))
    assert (job["state"], job["error"]) == ("done", None)
    lesson = client.get(f"{API}/teach").json()["lesson"]
    assert (lesson["tracks"], lesson["artists_unknown"], lesson["kept"]) == (2 * TRACKS, 0, None)
    assert {each["name"]: each["tracks"] for each in lesson["genres"]} == {"Attic": TRACKS - 1, "Cellar": TRACKS + 1}
    assert lesson["accuracy"]["value"] > lesson["majority"]
    assert [(each["track"], each["sounds_like"]) for each in lesson["doubtful"]] == [("high 0.flac", "Attic")]
    assert not (offline / "data" / "classifiers").exists()

    assert put(client, ["high 0.flac"], "Attic") == 200
    assert client.get(f"{API}/teach").json()["lesson"]["doubtful"] == []
    assert client.post(f"{API}/teach/keep", json={"name": "mine"}).json()["kept"] == "mine"
    assert (offline / "data" / "classifiers" / "mine" / "fusion.json").is_file()
    assert client.post(f"{API}/teach/keep", json={"name": "mine"}).status_code == 409
    assert client.post(f"{API}/teach/keep", json={"name": "mine", "replace": True}).status_code == 200
    assert "mine" in client.get(f"{API}/library").json()["models"]
    assert {path: path.read_bytes() for path in library.rglob("*.flac")} == before


@pytest.mark.parametrize("name", ["../mine", "a/b", "default", ".hidden", "a\u0000b", "x" * 300, ""])
def test_a_classifier_is_kept_in_its_own_folder_or_not_at_all(client: TestClient, offline: Path, name: str) -> None:
    before = sorted(offline.rglob("*"))
    assert client.post(f"{API}/teach/keep", json={"name": name, "replace": True}).status_code in (400, 409)
    assert sorted(offline.rglob("*")) == before


@pytest.mark.parametrize("track", ["../made.flac", "/etc/passwd", "album", "missing.flac", "album/../high 0.flac"])
def test_only_tracks_of_the_folder_are_put_anywhere(client: TestClient, track: str) -> None:
    client.post(f"{API}/teach/genres", json={"name": "Attic"})
    assert put(client, [track], "Attic") == 400
    assert put(client, ["high 1.flac"], "Nowhere") == 400


def test_tags_can_be_begun_with_and_genres_removed(client: TestClient) -> None:
    for genre in client.get(f"{API}/teach").json()["genres"]:
        assert client.delete(f"{API}/teach/genres", params={"name": genre["name"]}).status_code == 200
    assert done(client, client.post(f"{API}/teach/tags"))["result"] == 2 * TRACKS
    assert client.get(f"{API}/teach").json()["genres"] == [{"name": "Tone", "tracks": 2 * TRACKS}]
    job = done(client, client.post(f"{API}/teach/learn"))
    assert job["state"] == "failed"
    assert "two genres of at least 4 tracks each are needed" in job["error"]


def test_without_a_folder_the_page_says_how_to_get_one(tmp_path: Path) -> None:
    with served(Settings(runs=tmp_path)) as client:
        assert "earmark serve FOLDER" in client.get("/teach").text
        assert client.get(f"{API}/teach").status_code == 404
