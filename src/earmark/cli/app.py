"""All commands under one name, and how an error becomes one line and one exit code."""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import earmark
from earmark.cli import (
    audit,
    card,
    data,
    doctor,
    evaluate,
    explain,
    export,
    fetch,
    fuse,
    models,
    pack,
    predict,
    recipes,
    render,
    report,
    serve,
    split,
    study,
    tag,
    teach,
    train,
    undo,
)
from earmark.cli.show import note
from earmark.errors import EarmarkError, UsageError, nearest

DEFECT = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130
# What all errors of parsing derive from; in which package it stands depends on the release of typer.
ParseError: Any = typer.BadParameter.__mro__[2]


class Commands(TyperGroup):
    """The commands by name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first of `args` names. Raises UsageError listing the known names."""
        if args[0] not in self.commands:
            known = ", ".join(self.commands)
            raise UsageError(f"no command {args[0]!r}{nearest(args[0], self.commands)}; known: {known}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="earmark",
    cls=Commands,
    help="Name the genre of music: train, compare and use classifiers, and know how far to trust them.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    predict,
    explain,
    train,
    evaluate,
    fuse,
    report,
    study,
    tag,
    undo,
    teach,
    audit,
    serve,
    data,
    split,
    render,
    pack,
    export,
    card,
    fetch,
    models,
    recipes,
    doctor,
):
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


class Talk(logging.Handler):
    """Says to the person what the library says meanwhile."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print it on standard error."""
        note(record.getMessage())


def run(arguments: list[str]) -> int:
    """Run the command line, and give its exit code.

    0 done, 1 done but some files failed, 2 wrong usage, 3 input that cannot be used, 70 a defect of earmark's own,
    130 stopped with Ctrl-C. All but 0 and 1 leave one line on standard error; `--debug`, at any place, puts the
    traceback before it.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be text
    talk = logging.getLogger("earmark")
    talk.setLevel(logging.INFO)
    if not talk.handlers:
        talk.addHandler(Talk())
    try:
        words = [word for word in arguments if word != "--debug"] or ["--help"]
        outcome = app(words, prog_name="earmark", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        outcome = INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the pipe's reader went away, as in `… | head`; typer exits for it by itself
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exception(error)
        line, outcome = _explain(error)
        typer.echo("earmark: " + " ".join(part.strip() for part in line.splitlines()), err=True)
    if outcome == INTERRUPTED:  # typer turns Ctrl-C into this code by itself in some releases
        typer.echo("earmark: stopped", err=True)
    return outcome if isinstance(outcome, int) else 0


def _explain(error: Exception) -> tuple[str, int]:
    """The one line for a person, and the exit code."""
    if isinstance(error, EarmarkError):
        return str(error), error.exit_code
    if isinstance(error, ParseError):
        context = getattr(error, "ctx", None)
        more = f"; see {context.command_path} --help" if context is not None else ""
        return error.format_message().rstrip(".") + more, UsageError.exit_code
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror, EarmarkError.exit_code
    what = f"{type(error).__name__}: {error}"
    return f"internal error: {what}; this is a defect of earmark: run with --debug and report it", DEFECT
