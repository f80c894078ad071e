"""Who is learned from and who is judged."""

from earmark.splits.drawing import draw, sample
from earmark.splits.split import Kind, Leaks, Split, read_split

__all__ = ["Kind", "Leaks", "Split", "draw", "read_split", "sample"]
