"""What an augmentation's options may be."""

from __future__ import annotations

import math

from earmark.errors import UsageError


def within(augmentation: str, option: str, value: float, least: float, most: float = math.inf) -> None:
    """Raise UsageError where `value` is not from `least` to `most`."""
    if not least <= value <= most:
        limits = f"{least:g} or more" if most == math.inf else f"from {least:g} to {most:g}"
        raise UsageError(f"{augmentation}: {option} = {value:g} must be {limits}")
