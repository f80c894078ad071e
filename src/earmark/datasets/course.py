"""The course's data set made from GTZAN's audio: 2 s clips as log-mel, shared out over clips."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from earmark.atomic import write_bytes
from earmark.audio.decode import read_audio
from earmark.audio.log_mel import frame_count, log_mel
from earmark.audio.waveform import require_sound
from earmark.datasets.course_songs import CLIP_SECONDS, CLIPS_PER_SONG
from earmark.datasets.gtzan import GENRES
from earmark.datasets.sounds import cut_into_clips
from earmark.datasets.tfdata import write_folder
from earmark.errors import AudioError, DataError, UsageError
from earmark.tracks import Dataset, Fault, Track

COURSE_GENRES = tuple(genre for genre in GENRES if genre not in ("jazz", "rock"))
SAMPLE_RATE = 22_050  # Hz
N_FFT = 2048  # samples
HOP_LENGTH = 552  # samples, 25 ms
N_MELS = 80
SHAPE = (N_MELS, frame_count(round(CLIP_SECONDS * SAMPLE_RATE), HOP_LENGTH))  # 80 × 80
TRAIN_SHARE = 0.8


def write_course(
    dataset: Dataset,
    out: Path,
    *,
    format: Literal["tfdata", "arrays"] = "tfdata",
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Fault]:
    """Cut the tracks of COURSE_GENRES into 15 clips of 2 s; write four fifths to `out`/train, others to `out`/valid.

    The clips are shared out at random, so that clips of one song stand on both sides: as the course does it, and a
    score on it says little about unknown songs. "tfdata" writes folders that `tf.data.Dataset.load` reads, with x
    (80, 80, 1) float32 in dB, 0 at the clip's loudest value and none below -80, and y (8,) float32, one-hot in the
    order of COURSE_GENRES. "arrays" writes train.npz and valid.npz with x (n, 80, 80), y (n,) int64, song (n,), genres.

    `progress` is told how many clips are done, and of how many. Gives what could not be read, which is left out. Raises
    UsageError where `dataset` is not sound of these genres, DataError where something lies at `out` already.
    """
    songs = [track for track in dataset.tracks if track.genre in COURSE_GENRES]
    if dataset.medium != "audio" or not songs or any(track.seconds is not None for track in songs):
        raise UsageError(
            f"{dataset.name}: the course's clips are cut from GTZAN's whole tracks of {', '.join(COURSE_GENRES)}; "
            "give the data set gtzan without clips_per_track"
        )
    suffix = ".npz" if format == "arrays" else ""
    targets = {part: out / f"{part}{suffix}" for part in ("train", "valid")}
    for target in targets.values():
        if target.exists():
            raise DataError(f"{target}: already there; remove it or choose another folder")
    clips, faults = cut_into_clips(songs, count=CLIPS_PER_SONG, seconds=CLIP_SECONDS)
    x = np.empty((len(clips), *SHAPE), np.float32)
    kept: list[Track] = []
    for done, clip in enumerate(clips, start=1):
        try:
            x[len(kept)] = _clip_log_mel(clip.path or "", clip.start)
            kept.append(clip)
        except AudioError as error:
            faults.append(Fault(clip.id, f"left out: {error}"))
        if progress:
            progress(done, len(clips))
    y = np.array([COURSE_GENRES.index(clip.genre or "") for clip in kept], dtype=np.int64)
    song = np.array([clip.song for clip in kept])
    order = np.random.default_rng(seed).permutation(len(kept))
    cut = round(len(kept) * TRAIN_SHARE)
    for target, rows in zip(targets.values(), (order[:cut], order[cut:]), strict=True):
        if format == "tfdata":
            write_folder(target, x[rows][..., None], np.eye(len(COURSE_GENRES), dtype=np.float32)[y[rows]])
        else:
            packed = io.BytesIO()
            np.savez(packed, x=x[rows], y=y[rows], song=song[rows], genres=np.array(COURSE_GENRES))
            write_bytes(target, packed.getvalue())
    return faults


def _clip_log_mel(path: str, start: float) -> NDArray[np.float32]:
    clip = read_audio(path, sample_rate=SAMPLE_RATE, start=start, seconds=CLIP_SECONDS)
    require_sound(clip, f"{path} from {start:g} s on")
    return log_mel(clip.samples, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=N_MELS)
