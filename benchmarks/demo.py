"""What `make demo` takes once earmark is installed: seconds and peak memory of each of its commands.

    python benchmarks/demo.py

Runs the commands that the Makefile's demo runs, in an empty folder and with an empty feature cache.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 180  # seconds for all of it on two cores


def commands() -> list[list[str]]:
    """The earmark commands under `demo:` in the Makefile."""
    makefile = (Path(__file__).parents[1] / "Makefile").read_text()
    rule = re.search(r"^demo:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    if rule is None:
        sys.exit("the Makefile has no rule named demo")
    return [shlex.split(line)[1:] for line in rule[1].splitlines()]


def main() -> None:
    earmark = shutil.which("earmark", path=str(Path(sys.executable).parent))
    if earmark is None:
        sys.exit("earmark is not installed beside this Python")
    total = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for arguments in commands():
            begun = time.perf_counter()
            process = subprocess.Popen(
                [earmark, *arguments],
                cwd=folder,
                env={**os.environ, "EARMARK_CACHE": str(Path(folder) / "cache")},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            total += seconds
            if os.waitstatus_to_exitcode(status):
                sys.exit(f"earmark {shlex.join(arguments)}: exit code {os.waitstatus_to_exitcode(status)}")
            print(f"{seconds:6.1f} s  {usage.ru_maxrss / 1024:6.0f} MB  earmark {shlex.join(arguments)}")
    print(f"seconds {total:.1f}\nratio_to_limit {total / LIMIT:.2f}")


if __name__ == "__main__":
    main()
