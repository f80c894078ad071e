"""The log-mel spectrogram that musicnn was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from earmark.audio.log_mel import mel_power

SAMPLE_RATE = 16_000  # Hz
N_FFT = 512  # samples
HOP_LENGTH = 256  # samples, half a window: 62.5 frames a second
BANDS = 96
COMPRESSION = np.float32(10_000)
FLOAT16_MAX = np.finfo(np.float16).max


def musicnn_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """log10(10,000 · power + 1) of `samples` (n,) at 16,000 Hz, n at least 257: (1 + n // 256, 96) float32.

    Frames are centred on multiples of the hop, and the sound is mirrored beyond both ends, as librosa did until 0.9.
    Power is rounded to float16, because it was when the network was trained; only sound far beyond full scale comes
    near its largest value, and is held there. Raises AudioError as `mel_power` does.
    """
    mirrored = np.pad(samples, N_FFT // 2, mode="reflect")
    power = mel_power(mirrored, sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=BANDS)
    inner = power[:, 1:-1].T  # the outermost frames are centred on the ends of the mirror images
    rounded = np.minimum(inner, FLOAT16_MAX).astype(np.float16).astype(np.float32)
    compressed: NDArray[np.float32] = np.log10(COMPRESSION * rounded + np.float32(1))
    return compressed
