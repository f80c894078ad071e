"""One file an augmentation, on batches of standardised log-mel, pictures of it, or photographs.

Each factory gives a function `(x, target, generator) → (x, target)`: x (batch, bands, frames) or (batch, channels,
height, width) float32 on any device, target (batch, classes) shares of the classes. Time is the last axis and bands are
the one before; all channels of a picture are moved, masked and filtered alike. It may change x in place, and draws from
`generator` alone.
"""
