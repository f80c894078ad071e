"""Fingerprints of sound: 32 bits a column that stay nearly the same when a recording is copied.

After Haitsma & Kalker (2002, A highly robust audio fingerprinting system, ISMIR): a bit says whether the step from one
band to the next is higher than it was around that moment. So neither gain nor equaliser changes it, and of a lossy
codec's noise only what turns a sign. Columns are smoothed over a quarter of a second, so that two copies may be cut at
any sample, and so that point samples of a spectrogram do as well as all of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from earmark.audio.log_mel import log_mel
from earmark.audio.waveform import Waveform
from earmark.errors import DataError

Fingerprint = NDArray[np.uint32]

SAMPLE_RATE = 11_025  # Hz
N_FFT = 2048  # samples, 186 ms
HOP_LENGTH = 853  # samples, 77 ms: 12.9 columns a second, those of GTZAN's mel128.npz
LOWEST, HIGHEST = 100.0, 4_000.0  # Hz: what is left of a recording at the lowest bit rates and over the telephone
COLUMNS_PER_SECOND = SAMPLE_RATE / HOP_LENGTH
BITS = 32
SMOOTHING = 2.0  # columns, standard deviation
SURROUNDINGS = 8.0  # columns, standard deviation
UNHEARD = 0.05  # dB: a step that differs less from its surroundings says nothing


def fingerprint(waveform: Waveform) -> Fingerprint:
    """The fingerprint (columns,) of a sound, 12.9 columns a second; (0,) where it is shorter than a window of 0.19 s.

    A column of silence is 0, which hardly any other is.
    """
    samples = waveform.at(SAMPLE_RATE).samples
    if len(samples) < N_FFT:
        return np.zeros(0, np.uint32)
    bands = log_mel(
        samples,
        sample_rate=SAMPLE_RATE,
        n_fft=N_FFT,
        hop_length=HOP_LENGTH,
        n_mels=BITS + 1,
        fmin=LOWEST,
        fmax=HIGHEST,
    )
    return fingerprint_log_mel(bands)


def fingerprint_log_mel(bands: NDArray[np.float32]) -> Fingerprint:
    """The fingerprint (frames,) of a log-mel spectrogram (bands, frames) in dB, a column a frame.

    Those of spectrograms made alike can be compared. Raises DataError where there are fewer than 33 bands.
    """
    count = len(bands)
    if count <= BITS:
        raise DataError(f"a fingerprint takes {BITS + 1} bands or more; there are {count}")
    edges = np.arange(BITS + 1) * count // (BITS + 1)
    pooled = np.add.reduceat(bands, edges, axis=0) / np.diff(edges, append=count)[:, None]
    steps = np.diff(pooled, axis=0)
    change = gaussian_filter1d(steps, SMOOTHING, axis=1) - gaussian_filter1d(steps, SURROUNDINGS, axis=1)
    unheard = np.abs(change) <= UNHEARD
    # A step with nothing in it repeats the one below: were its bit always 0, all recordings without treble would agree.
    for step in range(1, BITS):
        change[step] = np.where(unheard[step], change[step - 1], change[step])
    packed = np.packbits(change > 0, axis=0, bitorder="little")
    words = np.ascontiguousarray(packed.T).view("<u4").ravel().astype(np.uint32)
    words[unheard.all(axis=0)] = 0
    return words
