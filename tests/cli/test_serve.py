"""`earmark serve`: what it prints, and what it refuses before a port is taken."""

from __future__ import annotations

import sys

import uvicorn


def test_it_prints_the_address_and_serves(earmark, monkeypatch, tmp_path) -> None:
    served = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, **_: served.append(server.config.app.state.earmark))
    code, out, said = earmark("serve", str(tmp_path), "--port", "0", "--runs", str(tmp_path / "runs"))
    assert (code, out) == (0, "")
    assert said.startswith("open http://127.0.0.1:")
    assert "token" not in said
    (state,) = served
    assert (state.library.root, state.runs, state.settings.model) == (tmp_path.resolve(), None, "default")
    _, _, said = earmark("serve", "--host", "0.0.0.0", "--port", "0", "--token", "sixteen letters at least")
    assert "?token=sixteen%20letters%20at%20least" in said
    monkeypatch.setenv("EARMARK_TOKEN", "a token of the environment")
    assert "?token=a%20token%20of" in earmark("serve", "--port", "0")[2]


def test_what_cannot_be_is_said_in_one_line(earmark, tmp_path) -> None:
    assert earmark("serve", str(tmp_path / "none")) == (
        2, "", f"earmark: {tmp_path / 'none'}: no such folder; FOLDER is where your music is\n",
    )  # fmt: skip
    code, _, said = earmark("serve", "--model", "defualt")
    assert (code, "did you mean 'default'?" in said) == (3, True)


def test_without_the_extra_one_line_says_what_to_install(earmark, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert earmark("serve") == (
        2, "", "earmark: earmark serve needs starlette, which is not installed; pip install 'earmark[web]'\n",
    )  # fmt: skip
