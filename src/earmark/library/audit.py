"""What is wrong with a collection: files that are of no use, repetitions, and what a split lets leak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from earmark.audio.fingerprint import COLUMNS_PER_SECOND
from earmark.batches.mapping import Place
from earmark.catalog import DATASETS
from earmark.datasets.faults import Limits
from earmark.datasets.reference import kind_at, open_dataset
from earmark.errors import UsageError, nearest
from earmark.library.collection import collection
from earmark.library.examination import Examined, examine_all
from earmark.library.repetitions import LEAST_AGREEMENT, Repetition, find_repetitions
from earmark.splits import Split
from earmark.tracks import Dataset, Part, Track

Kind = Literal[
    "unreadable",
    "empty",
    "not_finite",
    "constant",
    "silent",
    "clipped",
    "too_short",
    "same_file",
    "same_sound",
    "same_recording",
    "version",
    "song_on_both_sides",
    "artist_on_both_sides",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Agreement that MP3 at 64 kbit/s, cuts and 3 dB more leave (benchmarks/audit.py), and other mixes and transfers do not.
NEAR = 0.85

TO_DO: dict[Kind, str] = {
    "unreadable": "get it again from its source, unless a decoder is missing",
    "empty": "leave it out",
    "not_finite": "compute or export it again",
    "constant": "leave it out, or compute it again",
    "silent": "listen to it, and leave it out",
    "clipped": "look for a copy that is not overdriven",
    "too_short": "leave it out, or look for all of it",
    "same_file": "keep one",
    "same_sound": "keep the one with the better tags",
    "same_recording": "keep the better one",
    "version": "listen to both, and keep what you want",
    "song_on_both_sides": "split by song: earmark split DATASET OUT.csv --kind by_track",
    "artist_on_both_sides": "split by artist: earmark split DATASET OUT.csv --kind by_artist",
}
SOUNDS_LIKE: dict[Kind, str] = {
    "same_recording": "the same recording as {}",
    "version": "largely the same as {}: another mix, cut or transfer of it, or a much poorer copy",
}
TO_DO_BETWEEN_PARTS = "keep one, or put both into the same part"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong.

    where      the track's id; of an artist or song its name
    other      the earlier track that it repeats
    parts      the two parts that a repetition stands in, where these differ
    agreement  of the fingerprints' bits: 1 where all are equal, 0 by chance
    offset     how much later than `other` it begins in the recording; in seconds of sound, in columns of arrays
    """

    kind: Kind
    where: str
    what: str
    to_do: str
    other: str | None = None
    parts: tuple[Part, Part] | None = None
    agreement: float | None = None
    offset: float | None = None


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and what was found, in the order of `KINDS` and, within one, of the tracks.

    `fingerprinted` counts the tracks among which similar ones could be looked for, `fingerprint_bytes` is what that
    took. `leak` is the split's own sentence, and `artists_unknown` counts its tracks without one.
    """

    dataset: str
    tracks: int
    fingerprinted: int
    fingerprint_bytes: int
    leak: str | None
    artists_unknown: int
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[Kind, int]:
        """Findings of each kind that there are any of."""
        count = Counter(finding.kind for finding in self.findings)
        return {kind: count[kind] for kind in KINDS if count[kind]}


def open_audited(reference: str, options: Mapping[str, Any]) -> Dataset:
    """The data set of that name or at that path; of a folder of audio all files, in whatever way they are sorted.

    Raises UsageError where there is neither.
    """
    path = Path(reference)
    if not options and path.exists() and kind_at(path) == "folder":
        return collection(path)
    if not path.exists() and reference not in DATASETS.names():
        known = ", ".join(DATASETS.names())
        raise UsageError(
            f"{reference}: no such file or folder, nor a data set of that name{nearest(reference, DATASETS.names())}; "
            f"known: {known}"
        )
    return open_dataset(reference, options)


def audit(
    dataset: Dataset,
    *,
    split: Split | None = None,
    limits: Limits | None = None,
    least_agreement: float = LEAST_AGREEMENT,
    place: Place | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Read every track once, changing nothing, and say what is wrong with it, alone and beside the others.

    split            whose parts to look across; None: those that the data set hands out, where it does
    limits           what counts as too short and as clipped; None: a second, a hundredth of the samples
    least_agreement  of the fingerprints of two tracks for a repetition: 0.3 is a bit error rate of 0.35
    place            where files are read; None: in this process

    Where tracks name no artist, their files' tags are asked. Repetitions are named once for each pair; but what equals
    an earlier track exactly is compared with no other. Clips that the data cut from one song do not repeat each other.
    Memory holds 52 bytes for each second of sound, beside what is read at the time.
    """
    examined = examine_all(dataset, limits or Limits(), place or Place(workers=0), progress=progress)
    tracks = [
        msgspec.structs.replace(track, artist=track.artist or examined[track.id].artist) for track in dataset.tracks
    ]
    dataset = dataset.only(tracks)
    parts: dict[str, Part] = split.parts if split else {track.id: track.part for track in tracks if track.part}
    leaks = (split or Split(kind="as_given", parts=parts)).leaks(dataset)
    distinct, exact = _exact(dataset, examined)
    prints = [(track, words) for track in distinct if (words := examined[track.id].fingerprint) is not None]
    near = find_repetitions([words for _, words in prints], least=least_agreement)
    findings = [
        *_flaws(examined),
        *exact,
        *_near(near, [track for track, _ in prints], COLUMNS_PER_SECOND if dataset.medium == "audio" else None),
        *(_both_sides("song_on_both_sides", song) for song in leaks.songs),
        *(_both_sides("artist_on_both_sides", artist) for artist in leaks.artists),
    ]
    song = {track.id: track.song for track in tracks}
    findings = [
        _with_parts(finding, parts)
        for finding in findings
        if finding.other is None or song[finding.where] != song[finding.other]
    ]
    return Audit(
        dataset=dataset.name,
        tracks=len(tracks),
        fingerprinted=len(prints),
        fingerprint_bytes=sum(words.nbytes for _, words in prints),
        leak=leaks.sentence,
        artists_unknown=leaks.artists_unknown,
        findings=tuple(sorted(findings, key=lambda finding: KINDS.index(finding.kind))),
    )


def _flaws(examined: Mapping[str, Examined]) -> Iterator[Finding]:
    for name, track in examined.items():
        if track.unreadable:
            yield _flaw("unreadable", name, track.unreadable)
        for flaw in track.flaws:
            yield _flaw(flaw.kind, name, flaw.what)


def _flaw(kind: Kind, name: str, what: str) -> Finding:
    return Finding(kind=kind, where=name, what=what, to_do=TO_DO[kind])


def _exact(dataset: Dataset, examined: Mapping[str, Examined]) -> tuple[list[Track], list[Finding]]:
    """The tracks that could be read and equal no earlier one; what is to be said of those that do."""
    distinct: list[Track] = []
    findings: list[Finding] = []
    by_file: dict[str, Track] = {}
    by_content: dict[bytes, Track] = {}
    for track in dataset.tracks:
        seen = examined[track.id]
        if seen.unreadable:
            continue
        same_file = by_file.setdefault(seen.file or track.id, track)
        same_content = by_content.setdefault(seen.content, track)
        if same_content is track:
            distinct.append(track)
        elif same_file is not track:
            findings.append(_repeats("same_file", track, same_file, "the same file as {}"))
        else:
            findings.append(_repeats("same_sound", track, same_content, "exactly the same content as {}"))
    return distinct, findings


def _near(found: Sequence[Repetition], tracks: Sequence[Track], columns_per_second: float | None) -> Iterator[Finding]:
    for repetition in found:
        earlier, track = tracks[repetition.first], tracks[repetition.second]
        offset = round(repetition.lag / (columns_per_second or 1.0), 2)
        unit = "s" if columns_per_second else "column" if abs(offset) == 1 else "columns"
        begins = f"; begins {abs(offset):g} {unit} {'later' if offset > 0 else 'earlier'}" if offset else ""
        kind: Kind = "same_recording" if repetition.agreement >= NEAR else "version"
        finding = _repeats(kind, track, earlier, SOUNDS_LIKE[kind] + begins)
        yield msgspec.structs.replace(finding, agreement=round(repetition.agreement, 3), offset=offset)


def _repeats(kind: Kind, track: Track, earlier: Track, what: str) -> Finding:
    """Of two tracks, the later of which is named; `what` has a place for the earlier."""
    what = what.format(earlier.id)
    if track.genre and earlier.genre and track.genre != earlier.genre:
        what += f"; its genre is {track.genre}, there {earlier.genre}"
    return Finding(kind=kind, where=track.id, other=earlier.id, what=what, to_do=TO_DO[kind], agreement=1.0, offset=0.0)


def _both_sides(kind: Kind, name: str) -> Finding:
    what = "clips of it" if kind == "song_on_both_sides" else "tracks of this artist"
    return Finding(kind=kind, where=name, what=f"{what} stand both in train and in a judged part", to_do=TO_DO[kind])


def _with_parts(finding: Finding, parts: Mapping[str, Part]) -> Finding:
    """A repetition with the parts it stands in, where these differ."""
    one, other = parts.get(finding.where), parts.get(finding.other or "")
    if one is None or other is None or one == other:
        return finding
    return msgspec.structs.replace(
        finding,
        parts=(other, one),
        what=f"{finding.what}; one stands in {other}, the other in {one}",
        to_do=TO_DO_BETWEEN_PARTS,
    )
