"""One file an augmentation, on batches."""
