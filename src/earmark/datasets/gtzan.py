"""GTZAN: ten genres, a hundred excerpts of 30 s each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import msgspec

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.datasets.artists import read_artists
from earmark.datasets.sounds import cut_into_clips, read_sound, sound_digest
from earmark.errors import DataError, UsageError, nearest
from earmark.tracks import PARTS, Dataset, Fault, Part, Track

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
TRACKS = 1_000
EXCERPT_SECONDS = 30.0
KNOWN_FAULTS = {"jazz.00054": "left out: the file in circulation is corrupt and cannot be decoded"}
SOURCE = "GTZAN genre collection (10 genres, 100 excerpts of 30 s each, 22,050 Hz mono)"
LICENCE = "for research; no licence is stated, the recordings belong to their owners"
CITATION = (
    "G. Tzanetakis and P. Cook, Musical genre classification of audio signals, "
    "IEEE Transactions on Speech and Audio Processing 10(5), 2002"
)


def gtzan(
    *,
    path: str | Path,
    genres: Sequence[str] | None = None,
    artists: str | Path | None = None,
    split_lists: str | Path | None = None,
    clips_per_track: int | None = None,
) -> Dataset:
    """GTZAN's audio, in its published layout: `genres/blues/blues.00000.wav`; the track's id is `blues.00000`.

    `path` is the folder that holds genres/ or genres_original/, or that folder itself. `genres` takes some genres
    alone, in this order. `artists` is a CSV file with the columns id, artist, title (Sturm, An analysis of the GTZAN
    music genre dataset, MIRUM 2012). `split_lists` is a folder with the published lists train_filtered.txt,
    valid_filtered.txt and test_filtered.txt (Kereliuk, Sturm and Larsen, Deep learning and music adversaries, IEEE
    Transactions on Multimedia 17(11), 2015); they set `part`, and a track in no list has none. `clips_per_track` cuts
    each track into so many equal clips: 15 of 2 s.

    Raises DataError where the folder is not there or a list does not fit; UsageError for an unknown genre.
    """
    root = _root(Path(path))
    chosen = tuple(genres or GENRES)
    for genre in chosen:
        if genre not in GENRES:
            raise UsageError(f"GTZAN has no genre {genre!r}{nearest(genre, GENRES)}; it has: {', '.join(GENRES)}")
    known = [Fault(name, why) for name, why in KNOWN_FAULTS.items() if name.partition(".")[0] in chosen]
    faults = list(known)
    tracks = [track for genre in chosen for track in _genre(root / genre, faults)]
    if not tracks:
        raise DataError(f"{root}: no audio files named like {chosen[0]}/{chosen[0]}.00000.wav in it")
    missing = TRACKS // len(GENRES) * len(chosen) - len(known) - len(tracks)
    if missing > 0:
        faults.append(Fault(str(root), f"{missing} of GTZAN's tracks of these genres are not here"))
    if artists is not None:
        names = read_artists(artists)
        tracks = [
            msgspec.structs.replace(track, artist=artist, title=title)
            for track in tracks
            for artist, title in [names.get(track.id, (None, None))]
        ]
    if split_lists is not None:
        parts = _read_lists(Path(split_lists))
        tracks = [msgspec.structs.replace(track, part=parts.get(track.id)) for track in tracks]
    if clips_per_track is not None:
        tracks, cutting = cut_into_clips(tracks, count=clips_per_track, seconds=EXCERPT_SECONDS / clips_per_track)
        faults += cutting
    return Dataset(
        name="gtzan",
        medium="audio",
        genres=chosen,
        tracks=tuple(tracks),
        read=read_sound,
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
        faults=tuple(faults),
        digest=sound_digest,
    )


def _root(path: Path) -> Path:
    for root in (path / "genres", path / "genres_original", path):
        if any((root / genre).is_dir() for genre in GENRES):
            return root
    why = "no folder genres/ with blues/ to rock/ in it" if path.is_dir() else "no such folder"
    raise DataError(f"{path}: {why}; `earmark fetch gtzan` brings the data set (1.2 GB), or unpack genres.tar.gz there")


def _genre(place: Path, faults: list[Fault]) -> list[Track]:
    """The tracks of one genre in the order of their numbers; a known or foreign file goes to `faults`."""
    found = []
    for file in sorted(place.iterdir()) if place.is_dir() else ():
        named = file.stem.startswith(f"{place.name}.") and file.stem.removeprefix(f"{place.name}.").isdigit()
        if not named or file.suffix.lower() not in AUDIO_SUFFIXES:
            faults.append(Fault(f"{place.name}/{file.name}", "ignored: not a file of GTZAN"))
        elif file.stem not in KNOWN_FAULTS:
            found.append(Track(id=file.stem, path=str(file), genres=(place.name,)))
    return found


def _read_lists(folder: Path) -> dict[str, Part]:
    """Part by track id. Lines are ids, `blues.00029`, or paths, `blues/blues.00029.wav`: both are in circulation."""
    parts: dict[str, Part] = {}
    for part in PARTS:
        path = folder / f"{part}_filtered.txt"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read as a list of tracks: {error}") from error
        for number, line in enumerate(lines, start=1):
            file = PurePosixPath(line.strip())
            name = file.stem if file.suffix.lower() in AUDIO_SUFFIXES else file.name
            genre, _, digits = name.partition(".")
            if name and (genre not in GENRES or not digits.isdigit()):
                raise DataError(f"{path}: line {number}: {line!r} is not a track of GTZAN, as blues.00000 is")
            if name in parts:
                raise DataError(f"{path}: line {number}: {name} is in the part {parts[name]} already")
            if name:
                parts[name] = part
    return parts
