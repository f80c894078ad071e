"""The genre in a file's tags: one file for each family of containers."""

from earmark.library.tags.files import read_genres

__all__ = ["read_genres"]
