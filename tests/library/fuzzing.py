"""One damaged file given to all that reads files; what came of it, and what should not have."""

from __future__ import annotations

import contextlib
import os
import resource
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
from mutations import Mutant, mutate

from earmark.audio.decode import probe, read_audio
from earmark.batches.mapping import Place
from earmark.classifier import DEFAULT, Classifier, Fusion, load, predict_files
from earmark.errors import EarmarkError
from earmark.library.audit import audit
from earmark.library.change import Change
from earmark.library.collection import collection
from earmark.library.journal import Journal, open_journal
from earmark.library.labelled import read_labels
from earmark.library.listen import look
from earmark.library.tags import read_genres
from earmark.library.undo import undo
from earmark.library.write import write_changes
from earmark.tracks import Fault

MIB = 1 << 20
MOST_GROWTH = 128 * MIB  # bytes that one file of some kilobytes may add to the memory in use
MOST_ADDRESSES = 6 << 30  # bytes beyond what is mapped at first: whatever asks for more is refused
NOT_READ = "refused"


class Report(msgspec.Struct, frozen=True):
    """What came of one file.

    outcomes  of each stage, a word
    growth    bytes that it added to the memory in use, at the highest
    defects   what must not be: each a line or a traceback
    """

    number: int
    name: str
    steps: tuple[str, ...]
    outcomes: dict[str, str]
    growth: int
    seconds: float
    defects: tuple[str, ...]


@dataclass(frozen=True)
class Fuzzing:
    """What each worker makes: the classifiers and a library, loaded once.

    series  which files. every  of how many files one is given to the default classifier too; 0: none.
    limited  whether the process may address only so much, which it cannot take back.
    """

    series: int
    folder: Path
    model: Path
    every: int = 0
    limited: bool = True

    def __call__(self) -> Callable[[int], Report]:
        small = load(self.model)
        default = load(DEFAULT) if self.every else None
        library = Path(tempfile.mkdtemp(dir=self.folder))
        bench = Bench(library, small, default, open_journal(library), Path(tempfile.mkstemp(dir=self.folder)[1]))
        if self.limited:
            limit = _memory("VmSize") + MOST_ADDRESSES
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        return partial(self.try_out, bench)

    def try_out(self, bench: Bench, number: int) -> Report:
        """Damage that file and try it out."""
        mutant = mutate(number, series=self.series)
        return try_out(mutant, bench, with_default=self.every > 0 and number % self.every == 0)


@dataclass(frozen=True)
class Bench:
    """What files are tried out with. `talk` takes what libraries print to standard error."""

    library: Path
    small: Classifier | Fusion
    default: Classifier | Fusion | None
    journal: Journal
    talk: Path


def try_out(mutant: Mutant, bench: Bench, *, with_default: bool = False) -> Report:
    """Read, judge, tag and audit one file. The library is empty before and after."""
    path = bench.library / f"{mutant.number}.{mutant.suffix}"
    path.write_bytes(mutant.content)
    stages: dict[str, Callable[[], str]] = {
        "read": lambda: _read(path),
        "predict": lambda: _predict(path, bench.small),
        "plan": lambda: _plan(path, bench.small),
        "write and undo": lambda: _tag(path, bench.journal),
        "audit": lambda: _audit(path),
        "teach": lambda: _labels(bench.library),
    }
    if with_default and bench.default is not None:
        default = bench.default
        stages["predict with the default"] = lambda: _predict(path, default)
    begun = time.monotonic()
    outcomes: dict[str, str] = {}
    defects: list[str] = []
    growth = 0
    for stage, work in stages.items():
        before = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the highest is counted anew
        try:
            with _listening(bench.talk):
                outcomes[stage] = work()
        except EarmarkError as error:
            outcomes[stage] = NOT_READ
            if "\n" in str(error):
                defects.append(f"{stage}: more than one line: {error!r}")
        except Exception:  # which is what this looks for
            outcomes[stage] = "defect"
            defects.append(f"{stage}: {traceback.format_exc()}")
        more = _memory("VmHWM") - before
        growth = max(growth, more)
        if more > MOST_GROWTH:
            defects.append(f"{stage}: {more / MIB:.0f} MiB more in use")
        if path.read_bytes() != mutant.content:
            defects.append(f"{stage}: the file is another than before")
            path.write_bytes(mutant.content)
        if printed := bench.talk.read_bytes():
            defects.append(f"{stage}: printed {printed[:200]!r}")
    path.unlink()
    for left in bench.library.iterdir():
        defects.append(f"{left.name} was left over")
        left.unlink()
    seconds = time.monotonic() - begun
    return Report(mutant.number, mutant.name, mutant.steps, outcomes, growth, seconds, tuple(defects))


def _read(path: Path) -> str:
    with contextlib.suppress(EarmarkError):
        probe(path)
        read_audio(path, sample_rate=22_050, start=0.5, seconds=0.25)
    read_audio(path, allow_partial=True)
    return "read"


def _predict(path: Path, classifier: Classifier | Fusion) -> str:
    return _unless(predict_files(classifier, [path])[1], "answered")


def _plan(path: Path, classifier: Classifier | Fusion) -> str:
    seen = look(classifier, path)
    return _unless([seen] if isinstance(seen, Fault) else [], "answered")


def _tag(path: Path, journal: Journal) -> str:
    """Written and undone whether or not its sound can be read: that its bytes are as before, the caller sees."""
    genres = read_genres(path)
    change = Change(path=path, old=genres, new=("Fuzzed",), probability=None, classifier="a fuzzing")
    tagging = write_changes([change], journal)
    if tagging.faults:
        return _unless(tagging.faults, "")
    kept = undo(journal, tagging.id).kept
    if kept:
        raise ValueError(f"undoing left it alone: {kept[0].what}")
    return "written, restored"


def _audit(path: Path) -> str:
    found = audit(collection(path), place=Place(workers=0)).findings
    return _unless([Fault(path.name, one.what) for one in found if one.kind == "unreadable"], "examined")


def _labels(library: Path) -> str:
    labels = read_labels(library, "tags")
    return _unless(labels.faults, "labelled" if labels.tracks else "no label")


def _unless(faults: list[Fault] | tuple[Fault, ...], outcome: str) -> str:
    """The outcome, or that the file was refused. What hides a defect behind a refusal is raised."""
    for fault in faults:
        if "defect of earmark" in fault.what or "MemoryError" in fault.what or "\n" in fault.what:
            raise ValueError(fault.what)
    return NOT_READ if faults else outcome


def _memory(what: str) -> int:
    """Bytes, as the kernel counts them: VmSize, VmRSS or, the highest so far, VmHWM."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))


@contextlib.contextmanager
def _listening(talk: Path) -> Iterator[None]:
    """Let `talk` take what is printed to standard error, by whatever library."""
    screen = os.dup(2)
    sink = os.open(talk, os.O_WRONLY | os.O_TRUNC)
    os.dup2(sink, 2)
    os.close(sink)
    try:
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)
