"""All commands under one name, and how an error becomes one line and one exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

import earmark
from earmark.cli import data, doctor, evaluate, fetch, models, predict, recipes, report, split, study, train
from earmark.errors import EarmarkError, UsageError

INTERRUPTED = 130
# What all errors of parsing derive from; in which package it stands depends on the release of typer.
ParseError: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="earmark",
    help="Name the genre of music: train, compare and use classifiers, and know how far to trust them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (predict, train, evaluate, report, study, data, split, fetch, models, recipes, doctor):
    app.command(module.__name__.rpartition(".")[2])(module.command)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"earmark {earmark.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def run(arguments: list[str]) -> int:
    """Run the command line, and give its exit code.

    0 done, 1 done but some files failed, 2 wrong usage, 3 input that cannot be used, 130 stopped with Ctrl-C.
    """
    debug = "--debug" in arguments
    try:
        outcome = app(arguments, standalone_mode=False)
    except EarmarkError as error:
        if debug:
            raise
        typer.echo(f"earmark: {error}", err=True)
        return error.exit_code
    except ParseError as error:
        error.show()
        return UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        outcome = INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe went away, as in `earmark predict … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if outcome == INTERRUPTED:  # typer turns Ctrl-C into this code by itself in some releases
        typer.echo("earmark: stopped", err=True)
    return outcome if isinstance(outcome, int) else 0
