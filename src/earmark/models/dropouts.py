"""The one line that refuses a dropout that leaves nothing, or is no share at all."""

from __future__ import annotations

from earmark.errors import UsageError


def refuse_no_share(model: str, **dropouts: float) -> None:
    """Raise UsageError naming the first of a model's `dropouts` that is not from 0 up to, not including, 1."""
    for key, share in dropouts.items():
        if not 0 <= share < 1:
            raise UsageError(f"{model}: {key} = {share:g} is not a share from 0 up to, not including, 1")
