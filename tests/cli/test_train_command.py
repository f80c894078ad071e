"""`earmark train` before a person: plain lines in a pipe, bars on a terminal, and a way back after Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from earmark.run import open_run
from earmark.training.history import read_history

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"  # the cursor


def test_a_pipe_gets_a_line_an_epoch_and_the_figures(earmark, recipe_file: Path, tmp_path: Path):
    words = ["train", recipe_file, "--device", "cpu", "--set", "training.epochs=2", "--seed", "3"]
    code, out, err = earmark(*words)
    assert code == 0
    run = open_run(tmp_path / "runs")
    assert run.name.endswith("-cnn_rnn-s3")
    assert [epoch.epoch for epoch in read_history(run.history)] == [1, 2]
    lines = err.splitlines()
    figures = r"loss \d\.\d{3}  accuracy \d\.\d{3}  valid loss \d\.\d{3}  valid accuracy \d\.\d{3}  \d+\.\d s"
    assert [bool(re.fullmatch(rf"epoch \d/2  {figures}", line)) for line in lines].count(True) == 2
    assert [row.split("\t")[:2] for row in out.splitlines()] == [
        [part, unit] for part in ("valid", "test") for unit in ("track", "clip")
    ]
    assert "valid: validation: it also chose the epoch, so a test score would be lower" in lines
    assert f"report: {run.report.relative_to(tmp_path)}" in lines


def test_more_epochs_go_on_from_the_last(earmark, recipe_file: Path):
    earmark("train", recipe_file, "--device", "cpu", "--set", "training.epochs=1")
    code, _, err = earmark("train", "--resume", "runs", "--more-epochs", "1", "--device", "cpu")
    assert code == 0
    assert "epoch 2/2" in err
    assert "epoch 1/" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_a_terminal_gets_bars_and_is_left_as_it_was_after_ctrl_c(recipe_file: Path, tmp_path: Path):
    import pty

    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "earmark.cli", "train", str(recipe_file), "--set", "training.epochs=5000"]
    size = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=terminal, stderr=terminal, env={**os.environ, **size}
    ) as process:
        os.close(terminal)
        shown, stopped = "", False
        while piece := _read(screen):
            shown += piece
            if not stopped and re.search(r"epochs.*━.*\b[3-9]/5000", shown):
                process.send_signal(signal.SIGINT)
                stopped = True
    os.close(screen)
    assert process.returncode == 130
    assert re.search(r"loss \d\.\d{3}  accuracy \d\.\d{3}  valid loss \d\.\d{3}  valid accuracy \d\.\d{3}", shown)
    assert shown.count(HIDE) == shown.count(SHOW) == 1
    left = shown[shown.index(SHOW) :]
    assert "━" not in left
    run = open_run(tmp_path / "runs").folder.relative_to(tmp_path)
    assert re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", left).split("\n") == [
        f"to go on: earmark train --resume {run}",
        "earmark: stopped",
        "",
    ]


def _read(screen: int) -> str:
    try:
        return os.read(screen, 65536).decode(errors="replace")
    except OSError:  # how Linux says that the other side has closed
        return ""
