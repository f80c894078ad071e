"""A data set by its name, or by what lies at a path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.datasets.reference import open_dataset, read_options
from earmark.datasets.tfdata import write_folder
from earmark.errors import UsageError


def test_options_are_toml_values_or_bare_words() -> None:
    said = ["songs=3", "seconds=1.5", "genres=['a', 'b']", "path=my music", "name='7'"]
    assert read_options(said, path="here") == {
        "path": "my music",
        "songs": 3,
        "seconds": 1.5,
        "genres": ["a", "b"],
        "name": "7",
    }
    with pytest.raises(UsageError, match="--set 'songs': write it as key=value"):
        read_options(["songs"])


def write_sounds(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, np.zeros(100), 8000)


def test_what_lies_at_a_path_says_which_data_set_it_is(tmp_path: Path) -> None:
    write_sounds(tmp_path / "mine", "jazz/a.wav", "rock/b.wav")
    assert len(open_dataset(str(tmp_path / "mine"), {})) == 2
    assert len(open_dataset(str(tmp_path / "mine"), {"clips_per_track": 1, "clip_seconds": 0.01})) == 2

    (tmp_path / "list.csv").write_text("path,genre\nmine/jazz/a.wav,x\nmine/rock/b.wav,y\n")
    assert open_dataset(str(tmp_path / "list.csv"), {}).genres == ("x", "y")

    write_sounds(tmp_path / "collection", "genres/blues/blues.00000.wav", "genres/rock/rock.00000.wav")
    assert open_dataset(str(tmp_path / "collection"), {}).name == "gtzan"

    write_folder(tmp_path / "clips" / "train", np.zeros((2, 4, 5, 1), np.float32), np.eye(2, dtype=np.float32))
    write_folder(tmp_path / "clips" / "valid", np.zeros((2, 4, 5, 1), np.float32), np.eye(2, dtype=np.float32))
    assert open_dataset(str(tmp_path / "clips"), {"genres": ["x", "y"]}).medium == "log_mel"

    row = {"ids": np.array(["a", "b"]), "genre": np.array(["x", "y"]), "split": np.array(["train", "valid"])}
    np.savez(tmp_path / "a.npz", level=np.zeros((2, 4, 5), np.uint8), floor_db=np.full(2, -80.0), **row)
    assert open_dataset(str(tmp_path / "a.npz"), {}).name == "a"


def test_a_name_goes_before_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "synthetic").mkdir()
    assert open_dataset("synthetic", {"songs": 3}).synthetic


def test_what_is_neither_lists_the_names() -> None:
    with pytest.raises(UsageError, match=r"no data set 'gtzn'; did you mean 'gtzan'\?; known: "):
        open_dataset("gtzn", {})
