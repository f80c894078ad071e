"""What an evaluation says: scores that never stand alone, with interval, number, baseline, split and its leaks."""

from __future__ import annotations

from typing import Literal

import msgspec

from earmark.errors import DataError

Unit = Literal["clip", "track"]


class Score(msgspec.Struct, frozen=True):
    """One figure with its bootstrap interval: `level` of the resamples fall between `low` and `high`."""

    value: float
    low: float
    high: float


class GenreScore(msgspec.Struct, frozen=True):
    """How one genre fared; `support` is the number of judged things that truly are of it."""

    genre: str
    precision: float
    recall: float
    f1: float
    support: int


class Bin(msgspec.Struct, frozen=True):
    """Answers of about the same probability: how many, their mean probability, and the share that is right."""

    n: int
    probability: float
    right: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the probabilities of the likeliest genres mean what they say.

    temperature    what divided the logits, of a track the logarithm of its clips' mean probabilities
    ece            expected calibration error: how far they are from the share that is right, in the mean over `bins`
    ece_before     the same at temperature 1
    ece_by_chance  what `level` of perfectly calibrated answers with these probabilities stay below
    bins           least probable first, without the empty ones
    aurc           area under the risk-coverage curve: the share of wrong answers, in the mean over all numbers of
                   answers that may be given, surest first
    """

    temperature: float
    ece: float
    ece_before: float
    ece_by_chance: float
    level: float
    bins: tuple[Bin, ...]
    aurc: float


class Kept(msgspec.Struct, frozen=True):
    """What is left where only answers of at least this probability are given; accuracy is None of none."""

    threshold: float
    share: float
    accuracy: float | None


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """All figures at one level, clips or whole tracks.

    `log_loss` is in nats; `macro_f1` the plain mean over the genres that occur in truth or guess. `artists` counts what
    the bootstrap drew: all songs of an artist together, those of unknown ones each for itself; None: it drew songs.
    `calibration` is None in files that were written before there was one.
    """

    unit: Unit
    n: int
    songs: int
    level: float
    resamples: int
    accuracy: Score
    macro_f1: Score
    log_loss: Score
    top_k_accuracy: Score
    top_k: int
    majority_genre: str
    majority_accuracy: float
    genres: tuple[GenreScore, ...]
    confusion: tuple[tuple[int, ...], ...]  # rows: truth, columns: guess
    calibration: Calibration | None = None
    artists: int | None = None


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """How the judged things fared that are alike in one respect: their language or their decade."""

    by: Literal["language", "decade"]
    value: str
    n: int
    accuracy: Score
    macro_f1: Score
    majority_accuracy: float


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers read from one file of predictions, with what they were measured on.

    `chosen_on_it` says that the same tracks chose the epoch or a setting, so that the figures are validation, not test.
    `calibrated_on` says what the temperature was fitted on, None where nothing was; `calibrated_on_it` that it was
    these tracks.
    `leak` is the sentence of `Leaks.sentence`, None where nothing leaks. `left_out` counts by reason what was not
    judged. `by_clip` is None where each track gave one example, `by_track` where the data do not say which song a clip
    is from. `slices` are of the headline, and empty where the data do not tell things apart by language or decade.
    """

    data: str
    part: str
    split: str
    tracks: int
    synthetic: bool
    chosen_on_it: bool
    by_clip: Scores | None
    by_track: Scores | None
    seed: int | None = None
    leak: str | None = None
    left_out: dict[str, int] = {}
    calibrated_on: str | None = None
    calibrated_on_it: bool = False
    slices: tuple[Slice, ...] = ()
    format: int = 1

    @property
    def headline(self) -> Scores:
        """The figures to be quoted: over whole tracks where the songs are known, else over clips."""
        scores = self.by_track or self.by_clip
        if scores is None:
            raise DataError(f"{self.data}: an evaluation without any scores")
        return scores

    @property
    def remarks(self) -> list[str]:
        """What must be said beside every figure of this evaluation."""
        said = [f"{self.data}, {self.split}"]
        if self.synthetic:
            said.append("synthetic data: these are not recordings")
        if self.chosen_on_it:
            said.append("validation: it also chose the epoch, so a test score would be lower")
        if self.calibrated_on_it:
            said.append("it also set the temperature, so a test's calibration error would be higher")
        if self.leak is not None:
            said.append(self.leak)
        if (artists := self.headline.artists) is not None:
            said.append(f"intervals over artists, of whom there are {artists:,}: all songs by one are drawn together")
        return said + [f"left out: {count} ({reason})" for reason, count in self.left_out.items()]
