"""How threads wait for each other."""

from __future__ import annotations

import os


def wait_asleep() -> None:
    """Let idle threads of OpenMP sleep, unless the person has said how they shall wait. Call it before torch is loaded.

    They would keep their cores busy for moments at a time. Beside other work on all cores that took ten times the
    processor time, and four times as long, for judging four clips.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
