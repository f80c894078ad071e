"""The fenced blocks of a document, and a terminal to run them in.

A `console` block holds commands after `$ ` and lines that they print; a `python` block is a program. Under
`<!-- file: PATH -->` a block is written there instead, under `<!-- not run: REASON -->` a `sh` block is left alone.
What follows `<!-- in a new folder -->` needs nothing of what stands before it.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
NEW_FOLDER = "<!-- in a new folder -->"
NO_BARS = dict.fromkeys(map(ord, "█▏▎▍▌▋▊▉"), " ")


@dataclass(frozen=True)
class Block:
    """One fenced block; `line` is that of its fence, `chapter` counts from 0."""

    line: int
    chapter: int
    mark: str
    language: str
    body: str

    @property
    def file(self) -> str | None:
        """The path that a reader is asked to save it under."""
        return self.mark.removeprefix("file: ") if self.mark.startswith("file: ") else None

    @property
    def reason(self) -> str | None:
        """Why it is not run."""
        return self.mark.removeprefix("not run: ") if self.mark.startswith("not run: ") else None

    @property
    def is_run(self) -> bool:
        """Whether it holds commands or a program to run as it is."""
        return self.language in ("console", "python") and not self.mark


def read_blocks(document: Path) -> list[Block]:
    """The blocks of a document in their order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(
            line=text.count("\n", 0, found.start("language")) + 1,
            chapter=text.count(NEW_FOLDER, 0, found.start()),
            mark=found["mark"] or "",
            language=found["language"],
            body=found["body"],
        )
        for found in FENCE.finditer(text)
    ]


def read_commands(block: Block) -> list[tuple[str, list[str]]]:
    """Each command of a console block, with the lines that the document shows below it."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.body.splitlines():
        if line.startswith("$ "):
            commands.append((line.removeprefix("$ "), []))
        elif line.strip():
            commands[-1][1].append(line)
    return commands


def run(command: list[str], folder: Path) -> tuple[int, str]:
    """Run in a terminal 120 columns wide; gives the exit code, and what a person saw."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "site-packages"),
        "EARMARK_CACHE": str(folder / "cache"),
        "EARMARK_DATA": str(folder / "journals"),
        "OMP_NUM_THREADS": "1",  # tests run side by side
        "COLUMNS": "120",
        "LINES": "50",
        "TERM": "dumb",
        # A reader's `pip install` goes to that folder, and asks no index.
        "PIP_TARGET": str(folder / "site-packages"),
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way of writing that it is off
    }
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower
    )
    os.close(follower)
    seen = b""
    with contextlib.suppress(OSError):  # Linux says so that the other end is closed
        while piece := os.read(leader, 65536):
            seen += piece
    os.close(leader)
    return process.wait(), seen.decode()


def follow(document: Path, folder: Path, *, chapter: int = 0) -> None:
    """Do in `folder` what a chapter tells a reader to do. Raises AssertionError where a command fails, or prints
    something else than what is shown."""
    for block in (block for block in read_blocks(document) if block.chapter == chapter):
        where = f"{document.name}, line {block.line}"
        if block.file is not None:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            code, seen = run([sys.executable, "-c", block.body], folder)
            assert code == 0, f"{where}:\n{seen}"
        elif block.language == "console":
            for command, shown in read_commands(block):
                code, seen = run(["bash", "-c", command], folder)
                assert code == 0, f"{where}: {command}\n{seen}"
                assert missing(shown, seen) is None, f"{where}: {command}\n{missing(shown, seen)!r} is not in\n{seen}"


def missing(shown: list[str], seen: str) -> str | None:
    """The first shown line that was not seen after those before it; figures, bars and what … stands for may differ."""
    lines = iter([plain(line) for line in seen.splitlines()])
    for line in shown:
        pattern = re.sub(r"\d+", r"\\d+", re.escape(plain(line))).replace("…", ".*")
        if not any(re.fullmatch(pattern, other) for other in lines):
            return line
    return None


def plain(line: str) -> str:
    """A line without bars, its columns one blank apart."""
    return " ".join(line.translate(NO_BARS).split())
