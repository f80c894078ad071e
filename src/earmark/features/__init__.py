"""Raw things to `Examples`, with the on-disk cache."""
