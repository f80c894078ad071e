"""What every command must hold."""

from __future__ import annotations

import inspect
import re

import pytest
import typer.main

from earmark.cli.app import app, run

GROUP = typer.main.get_command(app)
COMMANDS = {info.name: info.callback for info in app.registered_commands}
every_command = pytest.mark.parametrize("name", COMMANDS)


@every_command
def test_help_says_what_it_does_and_what_each_word_is(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"Usage: earmark {name}" in said
    assert inspect.getdoc(COMMANDS[name]).partition(".")[0].split()[0] in said
    unsaid = [p.name for p in GROUP.commands[name].params if p.name != "help" and not p.help]
    assert unsaid == []


@every_command
def test_its_module_says_its_name(name):
    assert inspect.getmodule(COMMANDS[name]).__doc__.startswith(f"`earmark {name}`: ")


@every_command
def test_an_unknown_option_is_wrong_usage_in_one_line(name, capsys):
    assert run([name, "--no-such-option"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(rf"earmark: No such option.*; see earmark {name} --help\n", said.err)


@every_command
def test_options_are_spelt_with_dashes(name):
    spelt = [word for p in GROUP.commands[name].params for word in p.opts if word.startswith("-")]
    assert [word for word in spelt if not re.fullmatch(r"--[a-z]+(-[a-z]+)*|-h", word)] == []
