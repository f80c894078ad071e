"""The server that runs the application: its address, its token, and its patience with clients."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from earmark.errors import UsageError
from earmark.web.app import create_app
from earmark.web.jobs import Jobs
from earmark.web.security import is_local
from earmark.web.settings import Settings

LEAST_TOKEN = 16  # characters: shorter ones can be guessed
HEAD_SECONDS = 20.0  # for the head of a request: who is slower only holds the connection
MOST_CONNECTIONS = 512
LEAVE_SECONDS = 3  # for connections that are open when the server ends


class Patience(H11Protocol):
    """HTTP/1.1, but connections on which no whole head of a request comes in time are closed."""

    late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self.late = self.loop.call_later(HEAD_SECONDS, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self.late is not None:
            self.late.cancel()
        super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        # Later requests of the same connection begin under uvicorn's own limit, timeout_keep_alive.
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """A server that ends its jobs before its connections."""

    def __init__(self, config: uvicorn.Config, jobs: Jobs) -> None:
        super().__init__(config)
        self.jobs = jobs

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever follows a job hears that it was cancelled, and need not be cut off."""
        await asyncio.to_thread(self.jobs.close)
        # Those that are cut off all the same, such as players that do not read on, are no defects with tracebacks.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


@dataclass(frozen=True)
class Ready:
    """A server that holds its port; `address` is what to open, with the token where there is one."""

    server: Server
    listener: socket.socket
    address: str

    def run(self) -> None:
        """Serve until Ctrl-C."""
        with self.listener:
            self.server.run(sockets=[self.listener])


def prepare(settings: Settings, *, host: str, port: int) -> Ready:
    """Take the port; 0 is any that is free.

    Bound to more than this machine, the server asks for a token, which is made where the settings have none. Raises
    UsageError where the address is taken or is none, and for a token that can be guessed.
    """
    token = settings.token
    if token is None and not is_local(host):
        token = secrets.token_urlsafe(24)
    if token is not None and len(token) < LEAST_TOKEN:
        raise UsageError(f"--token has {len(token)} characters and could be guessed; {LEAST_TOKEN} are the least")
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]
        raise UsageError(f"{host}:{port}: cannot listen there: {why}; --port 0 takes any that is free") from error
    hosts = (*settings.hosts, host, socket.gethostname())
    app = create_app(msgspec.structs.replace(settings, token=token, hosts=hosts))
    config = uvicorn.Config(
        app,
        http=Patience,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=LEAVE_SECONDS,
    )
    shown = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}/" + (f"?token={quote(token)}" if token else "")
    return Ready(Server(config, app.state.earmark.jobs), listener, address)
