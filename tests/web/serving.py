"""A server on a real port, in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from earmark.web.server import prepare
from earmark.web.settings import Settings


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """The address of a server that runs until the block ends."""
    ready = prepare(settings, host="127.0.0.1", port=0)
    thread = threading.Thread(target=ready.run)
    thread.start()
    try:
        while not ready.server.started:
            time.sleep(0.01)
        yield ready.address
    finally:
        ready.server.should_exit = True
        thread.join(30)
