"""Damaged files of every format, given to all that reads files: does anything but an answer or a refusal come out?

    python benchmarks/fuzz.py [--files 10000] [--series 1] [--every 50] [--keep fuzz-found]
    python benchmarks/fuzz.py --only 4711 [--series 1]

Small files of every kind are damaged in ways that a number decides (tests/library/mutations.py). Each is read, judged
by a small network, planned, written and undone, audited, and read for what it teaches; every fiftieth by the default
classifier too. That happens in a process of its own with a limit of time and memory, so that crashes, hangs and what
takes too much memory are seen as well. Counts are printed; what went wrong is kept with its number, and `--only` does
one again, here.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "library"))
from fuzzing import MIB, Fuzzing, Report
from mutations import mutate
from seeds import MAKERS

from earmark.batches.mapping import Place, map_items
from earmark.batches.work import Lost
from listeners import write_classifier

SECONDS = 60.0  # for one file of some kilobytes


def main() -> None:
    """Print the counts; exit code 1 where anything went wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--series", type=int, default=1, help="another series is other files")
    parser.add_argument("--every", type=int, default=50, help="of how many files one is given to the default; 0: none")
    parser.add_argument("--only", type=int, help="one file, in this process")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"), help="where files that did harm are kept")
    asked = parser.parse_args()
    shared_memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # which nothing has to be flushed to
    with tempfile.TemporaryDirectory(dir=shared_memory) as name:
        folder = Path(name)
        os.environ["EARMARK_DATA"] = str(folder / "data")
        fuzzing = Fuzzing(asked.series, folder, write_classifier(folder / "model"), every=asked.every)
        numbers = range(asked.first, asked.first + asked.files) if asked.only is None else [asked.only]
        begun = time.monotonic()
        tally = Tally(asked.series, asked.keep)
        place = Place(workers=1 if asked.only is None else 0, seconds=SECONDS)
        for number, outcome in map_items(fuzzing, numbers, place):
            tally.add(number, outcome)
    tally.print(time.monotonic() - begun)
    sys.exit(1 if tally.harm else 0)


class Tally:
    """Counts, and the files that did harm."""

    def __init__(self, series: int, keep: Path) -> None:
        self.series, self.keep = series, keep
        self.files: Counter[str] = Counter()
        self.outcomes: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self.harm: Counter[str] = Counter()
        self.growth: list[int] = []
        self.seconds: list[float] = []

    def add(self, number: int, outcome: Report | Lost) -> None:
        """Count one file, and keep it where it did harm."""
        name = list(MAKERS)[number % len(MAKERS)]
        self.files[name] += 1
        if isinstance(outcome, Lost):
            self._keep(number, "hang" if "limit" in outcome.why else "crash", [outcome.why])
            return
        self.growth.append(outcome.growth)
        self.seconds.append(outcome.seconds)
        for stage, word in outcome.outcomes.items():
            self.outcomes[name][stage, word] += 1
        if outcome.defects:
            self._keep(number, "defect", [*outcome.defects, " ".join(outcome.steps)])
        if sum(self.files.values()) % 500 == 0:
            print(f"{sum(self.files.values()):,} files", file=sys.stderr, flush=True)

    def _keep(self, number: int, kind: str, said: list[str]) -> None:
        self.harm[kind] += 1
        mutant = mutate(number, series=self.series)
        self.keep.mkdir(parents=True, exist_ok=True)
        (self.keep / f"{self.series}-{number}.{mutant.suffix}").write_bytes(mutant.content)
        print(f"--only {number} --series {self.series}: {kind}, {mutant.name}\n" + "\n".join(said), flush=True)

    def print(self, seconds: float) -> None:
        """All counts, a line for each format."""
        stages: dict[tuple[str, str], None] = {}
        for counts in self.outcomes.values():
            stages |= dict.fromkeys(counts)
        columns = sorted(stages)
        print("\t".join(["format", "files", *(f"{stage}: {word}" for stage, word in columns)]))
        for name, counts in self.outcomes.items():
            print("\t".join([name, str(self.files[name]), *(str(counts[column]) for column in columns)]))
        whole = [str(sum(counts[column] for counts in self.outcomes.values())) for column in columns]
        print("\t".join(["all", str(sum(self.files.values())), *whole]))
        if self.growth:
            print(f"most memory that one file added: {max(self.growth) / MIB:.0f} MiB")
            print(f"longest that one file took: {max(self.seconds):.1f} s; all took {seconds:.0f} s")
        for kind in ("crash", "hang", "defect"):
            print(f"{kind}: {self.harm[kind]}")


if __name__ == "__main__":
    main()
