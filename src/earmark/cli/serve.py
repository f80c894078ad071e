"""`earmark serve`: the web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from earmark.cli.show import note
from earmark.errors import UsageError, need


def command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Your music; without it only uploads are listened to.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen at; others than this machine's own need a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")] = 8765,
    model: Annotated[
        str | None, typer.Option(help="The classifier: a run's folder or a name; without one the default answers.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="The folder of runs.")] = Path("runs"),
    token: Annotated[
        str | None,
        typer.Option(envvar="EARMARK_TOKEN", help="What everyone is asked for; made and printed where one is needed."),
    ] = None,
) -> None:
    """Open a page in the browser: drop songs, tag and teach your library, look at runs. Ctrl-C ends it.

    It is reached from this machine alone, unless --host says otherwise.
    """
    for module in ("starlette", "uvicorn"):
        need(module, extra="web", purpose="earmark serve")
    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; FOLDER is where your music is")
    with Console(stderr=True).status("starting"):  # seconds, which importing torch takes
        from earmark.classifier import DEFAULT, locate
        from earmark.web.server import prepare
        from earmark.web.settings import Settings

        locate(model or DEFAULT)
        settings = Settings(folder=folder, runs=runs, model=model or DEFAULT, token=token, ready=True)
        ready = prepare(settings, host=host, port=port)
    note(f"open {ready.address}   (Ctrl-C ends it)")
    ready.run()
