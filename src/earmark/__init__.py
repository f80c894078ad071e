"""earmark names the genre of music and says how far the answer can be trusted."""

__version__ = "0.1.0"
