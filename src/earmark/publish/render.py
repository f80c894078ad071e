"""A folder of spectrogram pictures from audio or log-mel arrays: what the data set `image_folder` reads."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import matplotlib as mpl
import msgspec
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from earmark.atomic import replacing
from earmark.audio.decode import AUDIO_SUFFIXES, probe
from earmark.audio.log_mel import log_mel
from earmark.audio.waveform import Waveform, require_sound
from earmark.errors import AudioError, DataError, UsageError, nearest
from earmark.splits import Split
from earmark.tracks import Dataset, Fault, Track

SAMPLE_RATE = 22_050  # Hz
N_MELS = 128
TOP_DB = 80.0
DPI = 100
AXES_SIZE = (640, 480)  # pixels: matplotlib's own
TITLE = "log-mel spectrogram"  # and not the track's name, which often tells the genre to whoever sees the whole picture
NEARLY_WHOLE = 0.9  # of a piece: a file's end that counts as one, since recordings of 30 s last 29.9


@dataclass(frozen=True)
class Style:
    """How pieces of sound, or arrays, are drawn.

    seconds     length of a piece; longer files give several, an array is one
    size        (width, height) in pixels; None: one pixel a frame and band, with axes 640 × 480
    axes        with title, ticks and colour bar; else the bare picture
    colour_map  matplotlib's name
    """

    seconds: float = 30.0
    size: tuple[int, int] | None = None
    axes: bool = False
    colour_map: str = "magma"

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise UsageError(f"seconds = {self.seconds:g}: a piece must have a length")
        if self.size is not None and min(self.size) < 1:
            raise UsageError(f"size {self.size[0]} × {self.size[1]}: pictures have at least one pixel")
        if self.colour_map not in mpl.colormaps:
            known = nearest(self.colour_map, mpl.colormaps)
            raise UsageError(f"no colour map {self.colour_map!r}{known}; see matplotlib's list of colour maps")


def render(
    dataset: Dataset,
    out: Path,
    style: Style,
    *,
    split: Split | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, list[Fault]]:
    """Draw every track of `dataset` into `out`/GENRE/TRACK_PIECE.png, with `split` into `out`/PART/GENRE/….

    A picture is the log-mel of a piece: 22,050 Hz, 128 bands, 80 dB below its maximum; of a data set of log-mel arrays
    each is drawn whole, as far as 80 dB below its maximum. The same data give the same bytes. Gives the number of
    pictures, and the tracks that could not be read (what comes before the damage is drawn) and pieces that are silent.
    `progress` hears how many tracks are done.

    Raises DataError for data that are neither audio nor log-mel, for a track without a genre, and where no track can be
    drawn; UsageError where `out` holds something already.
    """
    if dataset.medium not in ("audio", "log_mel"):
        raise DataError(f"{dataset.name}: holds {dataset.medium} data; pictures are drawn from audio or log-mel arrays")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: holds something already; name a new folder")
    wanted = [track for track in dataset.tracks if split is None or track.id in split.parts]
    names = _names(dataset.name, wanted)
    pictures = 0
    faults: list[Fault] = []
    for done, track in enumerate(wanted, start=1):
        place = out / (split.parts[track.id] if split is not None else "") / names[track.id]
        try:
            for number, piece in enumerate(_pieces(dataset, track, style.seconds)):
                path = place.with_name(f"{place.name}_{number:03d}.png")
                try:
                    picture = _picture(piece, style, where=f"{track.id}, piece {number}")
                except AudioError as error:
                    faults.append(Fault(track.id, str(error)))
                    continue
                with replacing(path, durable=False) as temporary:
                    picture.save(temporary, "PNG")
                pictures += 1
        except AudioError as error:
            faults.append(Fault(track.id, str(error)))
        if progress is not None:
            progress(done, len(wanted))
    if not pictures:
        reason = f"; the first: {faults[0].what}" if faults else ""
        raise DataError(f"{dataset.name}: none of {len(wanted)} tracks can be drawn{reason}")
    return pictures, faults


def _names(where: str, tracks: Sequence[Track]) -> dict[str, PurePosixPath]:
    """GENRE/NAME for each track: its id without genre, folders and, where that is enough, suffix."""
    whole, short = {}, {}
    for track in tracks:
        if track.genre is None:
            raise DataError(f"{where}: {track.id} has no genre, so that there is no folder for it")
        parts = PurePosixPath(track.id).parts
        inside = "-".join(parts[parts.index(track.genre) + 1 :] if track.genre in parts[:-1] else parts)
        stem, dot, suffix = inside.rpartition(".")
        sound = f".{suffix.lower()}" in AUDIO_SUFFIXES
        genre = _in_one_folder(track.genre)
        whole[track.id] = PurePosixPath(genre, _in_one_folder(f"{stem}-{suffix}" if sound else inside))
        short[track.id] = PurePosixPath(genre, _in_one_folder(stem if sound and dot else inside))
    taken = Counter(short.values())
    names = {name: place if taken[place] == 1 else whole[name] for name, place in short.items()}
    for place, n in Counter(names.values()).most_common(1):
        if n > 1:
            raise DataError(f"{where}: {n} tracks would all be drawn as {place}; rename them")
    return names


def _in_one_folder(name: str) -> str:
    """The name without what would lead to another folder, or hide it."""
    return name.replace("/", "-").replace("\\", "-").lstrip(".") or "-"


def _pieces(dataset: Dataset, track: Track, seconds: float) -> Iterator[Waveform | NDArray[np.float32]]:
    """The track in pieces of `seconds`, of which only one is in memory; what is left at the end and is none is dropped.

    A track shorter than a piece is one, and so is an array.
    """
    if dataset.medium == "log_mel":
        yield dataset.read(track)
        return
    total = track.seconds
    if total is None and track.path is not None:
        end = probe(track.path).seconds
        total = None if end is None else end - track.start
    if total is None or track.path is None:
        sound: Waveform = dataset.read(track)
        for number in range(_count(sound.seconds, seconds)):
            first, last = (round(place * seconds * sound.sample_rate) for place in (number, number + 1))
            yield Waveform(sound.samples[first:last], sound.sample_rate)
        return
    for number in range(_count(total, seconds)):
        start = number * seconds
        yield dataset.read(
            msgspec.structs.replace(track, start=track.start + start, seconds=min(seconds, total - start))
        )


def _count(total: float, seconds: float) -> int:
    return max(1, int(total / seconds + 1 - NEARLY_WHOLE))


def _picture(piece: Waveform | NDArray[np.float32], style: Style, *, where: str) -> Image.Image:
    """Raises AudioError naming `where` for silence."""
    if isinstance(piece, Waveform):
        require_sound(piece, where=where)
        decibels = log_mel(piece.at(SAMPLE_RATE).samples, sample_rate=SAMPLE_RATE, n_mels=N_MELS, top_db=TOP_DB)
        length, unit = piece.seconds, "time [s]"
    else:
        if np.ptp(piece) == 0:
            raise AudioError(f"{where}: silent: {piece.flat[0]:g} dB throughout")
        decibels = piece - piece.max()
        length, unit = piece.shape[1], "frame"
    return _with_axes(decibels, style, length, unit) if style.axes else _bare(decibels, style)


def _bare(decibels: NDArray[np.float32], style: Style) -> Image.Image:
    """Resized as decibels and coloured then, so that each pixel has a colour of the map."""
    bands, frames = decibels.shape
    levels = Image.fromarray(decibels[::-1]).resize(style.size or (frames, bands), Image.Resampling.BILINEAR)
    share = np.clip(1 + np.asarray(levels) / TOP_DB, 0, 1)
    return Image.fromarray(mpl.colormaps[style.colour_map](share, bytes=True)[..., :3])


def _with_axes(decibels: NDArray[np.float32], style: Style, length: float, unit: str) -> Image.Image:
    width, height = style.size or AXES_SIZE
    with mpl.rc_context():
        mpl.rcdefaults()  # the same picture, whatever a person has set
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
        axes = figure.add_subplot()
        drawn = axes.imshow(
            decibels,
            origin="lower",
            aspect="auto",
            extent=(0, length, 0, len(decibels)),
            cmap=style.colour_map,
            vmin=-TOP_DB,
            vmax=0,
        )
        axes.set(title=TITLE, xlabel=unit, ylabel="mel band")
        figure.colorbar(drawn, ax=axes, format="%+2.0f dB")
        content = io.BytesIO()
        figure.savefig(content, format="png", metadata={"Software": None})
        return Image.open(content)
