"""A run is a folder: found again, never written over, moved freely."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from earmark.errors import DataError, ModelError
from earmark.run import Environment, create_run, environment, git_commit, open_run, write_json


def test_runs_of_one_second_get_folders_of_their_own(tmp_path: Path) -> None:
    made = [create_run(tmp_path / "runs", "cnn_rnn", 3).folder for _ in range(3)]
    assert len(set(made)) == 3
    assert all("-cnn_rnn-s3" in folder.name and folder.is_dir() for folder in made)


def test_the_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(DataError, match=r"runs/.*: the run's folder cannot be made: .*; use --runs FOLDER"):
        create_run(tmp_path / "runs", "cnn_rnn", 1)


def test_a_folder_of_runs_stands_for_the_newest(tmp_path: Path) -> None:
    names = ["2026-01-02T00-00-00-vgg-s1", "2026-01-01T23-59-59-vgg-s1", "2026-01-03T00-00-00-half-s1"]
    for name in names:
        (tmp_path / name).mkdir()
    for name in names[:2]:
        (tmp_path / name / "recipe.toml").touch()
    assert open_run(tmp_path).name == names[0]
    assert open_run(tmp_path / names[1]).name == names[1]


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelError, match="neither a run nor a folder of runs; runs are folders that earmark train"):
            open_run(path)


def test_the_environment_comes_back_from_its_file(tmp_path: Path) -> None:
    here = environment(device="cpu", threads=2, data_checksum="0123")
    write_json(tmp_path / "environment.json", here)
    content = (tmp_path / "environment.json").read_bytes()
    assert msgspec.json.decode(content, type=Environment) == here
    assert content.count(b"\n") > 10  # for a person to read
    assert here.packages["torch"][0].isdigit()
    assert str(tmp_path) not in content.decode()


def test_the_commit_says_whether_all_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit() is None

    def git(*words: str) -> str:
        options = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(["git", *options, *words], check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    Path("file").write_text("one")
    git("add", "file")
    git("commit", "--quiet", "--message", "one")
    assert git_commit() == git("rev-parse", "HEAD")[:12]
    Path("file").write_text("two")
    assert git_commit() == git("rev-parse", "HEAD")[:12] + "+"
