"""What the Dockerfile and the systemd unit name is there: files, extras, options of the command."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from configparser import RawConfigParser
from pathlib import Path

import pytest
import typer
from blocks import REPOSITORY

from earmark.cli.app import app

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
UNIT = REPOSITORY / "docs" / "assets" / "earmark.service"


def understood(words: list[str]) -> dict[str, object]:
    """What `earmark` takes a command and its options for. Raises a usage error where it knows one of them not."""
    command = typer.main.get_command(app).commands[words[0]]
    return command.make_context(words[0], words[1:], resilient_parsing=True).params


def test_the_image_serves() -> None:
    words = json.loads(re.search(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[1])
    options = understood(words)
    assert options["host"] == "0.0.0.0"
    assert f"EXPOSE {options['port']}" in DOCKERFILE
    assert str(options["folder"]) in DOCKERFILE.split("CMD")[0]


def test_the_image_is_built_from_what_is_there_and_let_through() -> None:
    copied = [path for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE) for path in shlex.split(line)[:-1]]
    let_through = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").split()
    assert copied
    assert [path for path in copied if not (REPOSITORY / path).exists() or f"!{path}" not in let_through] == []
    needed = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {needed["readme"], *needed["license-files"]} <= set(copied)


def test_the_image_installs_extras_that_there_are() -> None:
    extras = re.search(r"\.whl\)\[([\w,]+)\]", DOCKERFILE)[1].split(",")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(extras) <= set(project["optional-dependencies"])


def test_the_unit_serves_what_it_may_write() -> None:
    unit = RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(UNIT, encoding="utf-8")
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    options = understood(words)
    assert Path(program).name == "earmark"
    assert str(options["folder"]) == unit["Service"]["ReadWritePaths"]
    assert str(options["runs"]).startswith(f"/var/lib/{unit['Service']['StateDirectory']}")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8").replace("/opt/earmark/bin/earmark", sys.executable)
    (tmp_path / "earmark.service").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "earmark.service")], capture_output=True, text=True
    )
    assert "earmark.service" not in done.stderr, done.stderr
