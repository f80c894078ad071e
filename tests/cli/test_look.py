"""The commands that show what there is: models, recipes, data sets, sources, this machine."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import soundfile

from earmark.catalog import DATASETS, MODELS
from earmark.fetch import known
from earmark.recipe import recipe_names
from earmark.splits import read_split


def first_words(out: str) -> list[str]:
    return [line.split("\t")[0] for line in out.splitlines()]


def test_models_lists_the_catalog(earmark):
    code, out, _ = earmark("models")
    assert code == 0
    assert first_words(out) == MODELS.names()
    rows = {row["name"]: row for row in json.loads(earmark("models", "--json")[1])}
    assert rows["parallel_cnn"]["options"] == {"slope": 0.3}


def test_recipes_lists_those_shipped_and_shows_one_in_full(earmark):
    assert first_words(earmark("recipes")[1]) == recipe_names()
    shown = tomllib.loads(earmark("recipes", "demo")[1])
    assert shown["data"]["name"] == "synthetic"
    assert shown["training"]["precision"] == "float32"  # a value that the file leaves out


def test_fetch_lists_what_can_be_fetched(earmark):
    assert first_words(earmark("fetch")[1]) == list(known())


def test_doctor_says_what_a_report_of_a_bug_needs(earmark):
    found = json.loads(earmark("doctor", "--json")[1])
    assert {"earmark", "python", "platform", "torch", "decoder soundfile", "cuda device", "feature cache"} <= set(found)
    assert first_words(earmark("doctor")[1]) == list(found)


def test_data_lists_the_catalog(earmark):
    assert first_words(earmark("data")[1]) == DATASETS.names()
    assert [row["name"] for row in json.loads(earmark("data", "--json")[1])] == DATASETS.names()


def test_data_shows_the_card_of_a_folder(earmark, tones: Path):
    code, out, _ = earmark("data", tones)
    assert code == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert ["tracks", "24"] in rows
    assert ["low", "8"] in rows
    card = json.loads(earmark("data", tones, "--json")[1])
    assert card["genres"] == {"high": 8, "low": 8, "middle": 8}
    assert card["faults"] == {"known": [], "found": []}


def test_data_says_that_synthetic_songs_are(earmark):
    code, _, err = earmark("data", "synthetic", "--set", "songs=10")
    assert (code, err) == (0, "synthetic: composed by rule, not recordings\n")


@pytest.fixture
def faulty(tmp_path: Path, tones: Path) -> Path:
    """Tones of two kinds, one file of them no sound."""
    for kind in ("low", "high"):
        for number in range(3):
            (tmp_path / "mine" / kind).mkdir(parents=True, exist_ok=True)
            content = (tones / kind / f"{kind}{number}.wav").read_bytes()
            (tmp_path / "mine" / kind / f"{number}.wav").write_bytes(content)
    (tmp_path / "mine" / "low" / "1.wav").write_bytes(b"RIFF")
    return tmp_path / "mine"


def test_data_validate_reads_every_track(earmark, faulty: Path):
    assert earmark("data", faulty)[0] == 0
    code, _, err = earmark("data", faulty, "--validate", "--html", "card.html")
    assert code == 1
    assert "fault found: low/1.wav: " in err
    assert "low/1.wav" in Path("card.html").read_text()


def test_data_writes_sound_that_the_folder_data_set_reads(earmark):
    options = ("--set", "songs=11", "--set", "seconds=1.5", "--set", "seed=9")
    code, out, err = earmark("data", "synthetic", *options, "--write-audio", "songs")
    assert (code, out) == (0, "songs\n")
    assert "skipped" not in err
    files = sorted(path.relative_to("songs").as_posix() for path in Path("songs").rglob("*.flac"))
    assert len(files) == 11
    assert "ambient/ambient.00001.flac" in files
    assert soundfile.info("songs/waltz/waltz.00000.flac").duration == pytest.approx(1.5, abs=0.01)
    assert json.loads(earmark("data", "songs", "--json")[1])["tracks"] == 11


def test_data_lists_what_it_could_not_write(earmark, faulty: Path):
    code, _, err = earmark("data", faulty, "--write-audio", "copied")
    assert code == 1
    assert err.splitlines()[0] == "1 skipped:"
    assert "low/1.wav" in err.splitlines()[1]
    assert len(list(Path("copied").rglob("*.flac"))) == 5


def test_split_is_written_and_its_leak_said(earmark, tones: Path):
    code, out, err = earmark("split", tones, "split.csv", "--valid", "0.25", "--seed", "4")
    assert (code, err) == (0, "")
    split = read_split(Path("split.csv"))
    assert out == f"split.csv\tby track, 18 train / 6 valid, seed 4\t{split.checksum[:16]}\n"
    clips = ("--set", "clips_per_track=2", "--set", "clip_seconds=1.0")
    code, _, err = earmark("split", tones, "leaky.csv", "--kind", "by_clip", *clips)
    assert code == 0
    assert err.startswith("by clip: clips of one track stand on both sides")
