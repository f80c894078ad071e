"""Which files of a folder are sound."""

from pathlib import Path

from earmark.audio.files import audio_files


def test_folders_are_walked_in_the_order_of_names_and_files_taken_as_they_are(tmp_path: Path) -> None:
    for name in ("b/2.MP3", "b/10.flac", "a.wav", "b/cover.jpg", ".hidden.wav", ".trash/x.wav", "b/c/deep.ogg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    found = [path.relative_to(tmp_path).as_posix() for path in audio_files([tmp_path])[0]]
    assert found == ["a.wav", "b/10.flac", "b/2.MP3", "b/c/deep.ogg"]
    named = [tmp_path / "b" / "cover.jpg", tmp_path / "a.wav"]
    assert audio_files(named) == (named, [])  # whether it is sound, reading it will tell


def test_what_is_not_there_is_listed_and_spoils_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.wav").touch()
    found, faults = audio_files([tmp_path / "gone.mp3", tmp_path / "a.wav", tmp_path / "empty"])
    assert found == [tmp_path / "a.wav"]
    assert [Path(fault.where).name for fault in faults] == ["gone.mp3", "empty"]
    assert faults[0].what == "no such file or folder"
    assert faults[1].what.startswith("no audio files in this folder or below it (looked for .aac")
