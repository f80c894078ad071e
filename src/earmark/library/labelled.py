"""Which files of a library carry which genres, and what belongs together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from earmark.audio.files import audio_files
from earmark.errors import DataError, TagError
from earmark.genre_names import normal_form
from earmark.library.tags import read_genres
from earmark.library.tags.artist import read_artist
from earmark.tracks import Fault
from earmark.walk import once

By = Literal["tags", "folders"]


@dataclass(frozen=True)
class Labelled:
    """A file with the genres that it carries, and the artist that its tags name."""

    path: Path
    genres: tuple[str, ...]
    artist: str | None


@dataclass(frozen=True)
class Labels:
    """The files that carry a genre; how many do not, by reason; those that cannot be read."""

    tracks: list[Labelled]
    left_out: Counter[str]
    faults: list[Fault]


def read_labels(library: Path, by: By) -> Labels:
    """The genres of all files below `library`: what their tags say, or the first folder that they lie in.

    Spellings of one genre are one, in the commonest; see `earmark.genre_names`.
    Raises DataError where `library` is no folder with audio files below it.
    """
    files, faults = audio_files([library])
    if library.is_file():
        raise DataError(f"{library}: a file, not a folder of music")
    if not files:
        raise DataError(f"{library}: {faults[0].what}")
    found, left_out = [], Counter[str]()
    for path in once(files):
        try:
            said = read_genres(path) if by == "tags" else path.relative_to(library).parts[:-1][:1]
            genres, artist = tuple(dict.fromkeys(said)), read_artist(path, of_album=True)
        except (TagError, OSError) as error:
            faults.append(Fault(str(path), str(error)))
            continue
        if genres:
            found.append(Labelled(path, genres, artist))
        else:
            left_out["no genre in its tags" if by == "tags" else "in no genre's folder"] += 1
    return Labels(_of_one_spelling(found), left_out, faults)


def given_labels(given: Mapping[Path, str]) -> Labels:
    """The genres that a person has given to files, whatever these say themselves."""
    found, faults = [], []
    for path, genre in given.items():
        try:
            found.append(Labelled(path, (genre,), read_artist(path, of_album=True)))
        except (TagError, OSError) as error:
            faults.append(Fault(str(path), str(error)))
    return Labels(found, Counter(), faults)


def _of_one_spelling(tracks: list[Labelled]) -> list[Labelled]:
    commonest: dict[str, str] = {}
    for genre, _ in counts(tracks).most_common():
        commonest.setdefault(normal_form(genre), genre)
    return [
        Labelled(track.path, tuple(dict.fromkeys(commonest[normal_form(g)] for g in track.genres)), track.artist)
        for track in tracks
    ]


def groups(tracks: Sequence[Labelled]) -> list[str]:
    """What each track is held out together with: all others of its artist or, where none is named, of its folder.

    Where the folder holds more than half of a genre's tracks, it is the genre's folder, without which there would be
    little to learn it from: a track in it stands for itself.
    """
    inside = Counter((genre, track.path.parent) for track in tracks for genre in track.genres)
    all_of = counts(tracks)
    of_a_genre = {folder for (genre, folder), n in inside.items() if 2 * n > all_of[genre]}
    return [
        track.artist.casefold()
        if track.artist is not None
        else str(track.path if track.path.parent in of_a_genre else track.path.parent)
        for track in tracks
    ]


def counts(tracks: Iterable[Labelled]) -> Counter[str]:
    """How many tracks carry each genre."""
    return Counter(genre for track in tracks for genre in track.genres)


def choose(labels: Labels, *, least: int, most: int, seed: int) -> tuple[list[Labelled], tuple[str, ...]]:
    """Tracks of the genres that are frequent enough, at most `most` of each, drawn by `seed`; and these genres.

    Those that are not taken are counted in `labels.left_out`.
    """
    genres = tuple(sorted(genre for genre, n in counts(labels.tracks).items() if n >= least))
    taken, kept = Counter[str](), []
    for place in np.random.default_rng(seed).permutation(len(labels.tracks)):
        track = labels.tracks[place]
        own = tuple(genre for genre in track.genres if genre in genres)
        if not own:
            labels.left_out[f"of a genre with fewer than {least} tracks"] += 1
        elif all(taken[genre] >= most for genre in own):
            labels.left_out[f"of a genre with {most} tracks already"] += 1
        else:
            taken.update(own)
            kept.append(Labelled(track.path, own, track.artist))
    return sorted(kept, key=lambda track: track.path), genres
