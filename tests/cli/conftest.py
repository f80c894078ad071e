"""A small data set of sound in files, a run trained on it, and the command line called in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tones import PITCHES, RECIPE, write_tone

from earmark.cli.app import run
from earmark.run import Run, open_run


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the person's feature cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight files of each of three kinds of tone, a folder a kind."""
    root = tmp_path_factory.mktemp("data") / "tones"
    for kind, pitch in PITCHES.items():
        for number in range(8):
            write_tone(root / kind / f"{kind}{number}.wav", pitch, seed=number)
    return root


@pytest.fixture(scope="session")
def recipe_file(tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe over the tones."""
    path = tmp_path_factory.mktemp("recipe") / "tones.toml"
    path.write_text(RECIPE.format(path=tones))
    return path


@pytest.fixture(scope="session")
def trained(recipe_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run; tests do not change it."""
    runs = tmp_path_factory.mktemp("runs")
    assert run(["train", str(recipe_file), "--runs", str(runs), "--device", "cpu"]) == 0
    return open_run(runs)


@pytest.fixture
def earmark(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Calls the command line in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
