"""One file an augmentation, on batches of standardised log-mel.

Each factory gives a function `(x, target, generator) → (x, target)`: x (batch, bands, frames) float32 on any device,
target (batch, classes) shares of the classes. It may change x in place, and draws from `generator` alone.
"""
