"""Commands that listen let their idle threads sleep."""

from __future__ import annotations

import os

import pytest


@pytest.mark.parametrize("words", [("predict", "gone.wav"), ("explain", "gone.wav"), ("evaluate", "gone")])
def test_idle_threads_sleep_unless_the_person_says_otherwise(earmark, trained, monkeypatch, words):
    model = () if words[0] == "evaluate" else ("--model", trained.folder)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    earmark(*words, *model)
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    earmark(*words, *model)
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
