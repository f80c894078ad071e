"""What was shipped or taught, judged on a data set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from earmark.classifier import Fusion, load, loading
from earmark.datasets.folder import folder
from earmark.errors import DataError, ModelError, UsageError
from earmark.experiment import evaluate_fusion as module
from earmark.experiment.evaluate import evaluate, evaluate_on
from earmark.experiment.watcher import Watcher

OWN = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No pretrained network, and nothing that a person has taught."""

    def missing() -> None:
        raise ModelError("no package index answers")

    monkeypatch.setattr(loading, "load_musicnn", missing)
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path / "data"))


class Listener(Watcher):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self.faults: list[str] = []

    def remark(self, text: str) -> None:
        self.remarks.append(text)

    def skipped(self, faults) -> None:
        self.faults += [fault.where for fault in faults]


def test_the_default_is_judged_on_real_clips(shared: Path) -> None:
    clips = folder(path=shared / "gtzan" / "audio", genres=("classical", "metal"))
    watcher = Listener()
    judged = evaluate_on(Path("default"), clips, watcher=watcher)
    assert judged.by_clip is None
    assert judged.by_track is not None
    assert (judged.by_track.n, judged.tracks, judged.left_out) == (8, 8, {})
    assert judged.by_track.accuracy.value >= 0.75
    assert judged.by_track.calibration is not None
    assert judged.leak is not None
    assert judged.leak.endswith("of 8 tracks were trained on; expect a lower score on others")
    assert len(watcher.remarks) == 1
    assert watcher.remarks[0].startswith("without the pretrained network")


def test_what_cannot_be_judged_is_counted(tmp_path: Path, rng: np.random.Generator) -> None:
    for name in ("Hip-Hop/a", "Hip-Hop/b", "Metal/a", "Polka/a"):
        path = tmp_path / "songs" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, rng.normal(0, 0.1, 2 * 22_050), 22_050)
    (tmp_path / "songs" / "Metal" / "b.wav").write_text("not sound")
    watcher = Listener()
    judged = evaluate_on(Path("default"), folder(path=tmp_path / "songs"), watcher=watcher)
    assert judged.by_track is not None
    assert judged.by_track.n == 3
    assert {genre.genre for genre in judged.by_track.genres if genre.support} == {"hiphop", "metal"}
    assert judged.left_out == {"genre 'Polka' is not one the classifier knows": 1, "unreadable": 1}
    assert [Path(name).name for name in watcher.faults] == ["b.wav"]
    assert judged.leak is None


def test_clips_of_a_song_are_judged_as_clips_and_together(shared: Path) -> None:
    clips = folder(path=shared / "gtzan" / "audio", genres=("classical", "metal"), clips_per_track=2, clip_seconds=5.0)
    some = clips.only([track for track in clips.tracks if track.song.endswith(("00001.flac", "00003.flac"))])
    judged = evaluate_on(Path("default"), some)
    assert judged.by_clip is not None
    assert judged.by_track is not None
    assert (judged.by_clip.n, judged.by_track.n) == (2 * judged.by_track.n, len({track.song for track in some.tracks}))


def test_what_is_no_sound_or_no_run_is_refused(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="default: it is no run and has no parts of its own; name other data"):
        evaluate(Path("default"))
    clips = folder(path=shared / "gtzan" / "audio")
    with pytest.raises(ModelError, match="default: it hears sound; audio holds log-mel data"):
        evaluate_on(Path("default"), replace(clips, medium="log_mel"))
    default = load("default")
    assert isinstance(default, Fusion)
    gone = clips.only([track for track in clips.tracks if track.genre == "metal"])
    where = str(tmp_path / "gone.wav")
    lost = gone.only([msgspec.structs.replace(track, path=where) for track in gone.tracks[:2]])
    with pytest.raises(DataError, match=r"none of 2 tracks can be read; the first: .*gone\.wav: cannot be opened"):
        module.evaluate_fusion(default, lost, module.Counter(), watcher=Watcher())
