"""A run: the folder that an experiment leaves. Its files, and what they are called."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from earmark.atomic import write_bytes
from earmark.errors import DataError, ModelError


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was made with: for a reader who wants to make it again.

    `precision` is the one that a network was trained in, whatever its recipe asked for.
    """

    earmark: str
    python: str
    platform: str
    packages: dict[str, str]
    device: str
    threads: int
    git_commit: str | None
    data_checksum: str
    started: str
    data_licence: str = ""
    precision: str = ""
    format: int = 1


class Run:
    """The files of one run. No path inside any of them is absolute, so a run may be moved or zipped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recipe = folder / "recipe.toml"
        self.split = folder / "split.csv"
        self.learned = folder / "learned.txt"
        self.environment = folder / "environment.json"
        self.classifier = folder / "classifier.json"
        self.weights = folder / "weights.safetensors"
        self.inheritance = folder / "inheritance.json"
        self.autoencoder = folder / "autoencoder.json"
        self.reconstruction = folder / "reconstruction.json"
        self.last = folder / "last.safetensors"
        self.history = folder / "history.csv"
        self.report = folder / "report.html"
        self.metrics = folder / "metrics.json"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name

    def curves(self, suffix: str) -> Path:
        """Where the learning curves are drawn, as "svg" or "png"."""
        return self.folder / f"curves.{suffix}"

    def predictions(self, part: str, *, by_track: bool = False) -> Path:
        """The predictions for one part or other data set; `by_track` where its tracks were cut into clips."""
        return self.folder / "predictions" / (f"{part}-by-track.csv" if by_track else f"{part}.csv")


def create_run(root: Path, name: str, seed: int) -> Run:
    """Make a new folder `root`/TIME-NAME-sSEED; a number is added where it is taken."""
    stamp = dt.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    for attempt in range(1, 1000):
        folder = root / (f"{stamp}-{name}-s{seed}" + (f"-{attempt}" if attempt > 1 else ""))
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise DataError(
                f"{folder}: the run's folder cannot be made: {error.strerror}; use --runs FOLDER"
            ) from error
        return Run(folder)
    raise DataError(f"{root}: a thousand runs of {name} began in the same second")


def open_run(path: Path) -> Run:
    """The run in folder `path`, or the newest of the runs in it. Raises ModelError where there is none."""
    inside = sorted(path.glob("*/recipe.toml")) if path.is_dir() else []
    run = Run(path) if (path / "recipe.toml").is_file() or not inside else Run(inside[-1].parent)
    if not run.recipe.is_file():
        raise ModelError(f"{path}: neither a run nor a folder of runs; runs are folders that earmark train writes")
    return run


def environment(
    *, device: str, threads: int, data_checksum: str, data_licence: str = "", precision: str = ""
) -> Environment:
    """Versions, platform and commit as they are now."""
    packages = {}
    for package in ("torch", "numpy", "scipy", "scikit-learn", "soundfile", "soxr"):
        try:
            packages[package] = version(package)
        except PackageNotFoundError:
            packages[package] = "not installed"
    return Environment(
        earmark=version("earmark"),
        python=platform.python_version(),
        platform=platform.platform(),
        packages=packages,
        device=device,
        threads=threads,
        git_commit=git_commit(),
        data_checksum=data_checksum,
        started=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        data_licence=data_licence,
        precision=precision,
    )


def git_commit() -> str | None:
    """The commit checked out in the working directory, "+" where something is not committed; None outside of one."""
    try:
        commit = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return commit.stdout.strip() or None


def write_json(path: Path, content: Any) -> None:
    """Write a struct as indented JSON, atomically."""
    write_bytes(path, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
