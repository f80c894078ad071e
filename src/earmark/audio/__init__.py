"""Sound: files to samples, samples to log-mel, and the embedded songs."""
