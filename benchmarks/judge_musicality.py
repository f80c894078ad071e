"""How often folders of sound are taken for music, and for what else.

    python benchmarks/judge_musicality.py [--join] FOLDER…

Each folder is of one kind. A file is cut into pieces of 30 s; what is shorter is repeated. With --join the files of a
folder, such as single words and sentences, are put together to pieces of 30 s with uneven pauses, in the order of
their names; alone, those under a second are left out. Prints for each folder how many pieces there are, how many are
taken for music, and the reasons given for the others.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from earmark.audio.decode import read_audio
from earmark.audio.files import audio_files
from earmark.audio.waveform import SILENCE, Waveform
from earmark.classifier.musicality import musicality
from earmark.classifier.pieces import SHORTEST_SECONDS, cut
from earmark.errors import AudioError
from earmark.features.log_mel import log_mel_features

FEATURES = log_mel_features(like="gtzan_mel128", standardise="none")
SECONDS, RATE = FEATURES.clip_seconds, FEATURES.sample_rate
PAUSE_SECONDS = 0.4  # on average


def sounds(folder: Path) -> list[Waveform]:
    """All that can be read and is not silent, at one rate."""
    found = []
    for path in audio_files([folder])[0]:
        try:
            waveform = read_audio(path, sample_rate=RATE)
        except AudioError as error:
            print(error, file=sys.stderr)
            continue
        if np.any(np.abs(waveform.samples) >= SILENCE):
            found.append(waveform)
    return found


def joined(parts: list[Waveform]) -> Iterator[Waveform]:
    """Pieces of many short sounds, each as loud as the others; what is left over and fills no piece is dropped."""
    rng = np.random.default_rng(0)
    row: list[np.ndarray] = []
    for part in parts:
        pause = np.zeros(round(rng.exponential(PAUSE_SECONDS) * RATE), np.float32)
        row += [part.samples / np.abs(part.samples).max(), pause]
        if sum(map(len, row)) >= SECONDS * RATE:
            yield Waveform(np.concatenate(row), RATE)
            row = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--join", action="store_true", help="put short files together")
    asked = parser.parse_args()
    for folder in asked.folders:
        reasons: Counter[str | None] = Counter()
        found = sounds(folder)
        for sound in joined(found) if asked.join else (one for one in found if one.seconds >= SHORTEST_SECONDS):
            pieces = cut(sound, SECONDS, where=str(folder)).at(RATE)
            x = np.concatenate([FEATURES.clips(piece, str(folder))[0] for piece in pieces])
            reasons.update(musicality(x).reasons_over_time)
        others = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common() if reason)
        print(f"{folder}: {reasons.total()} pieces, music {reasons[None]}; {others}")


if __name__ == "__main__":
    main()
