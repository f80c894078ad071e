"""People who speak, by espeak-ng (Debian's package of that name): no words, but the rhythm of many languages."""

from __future__ import annotations

import io
import subprocess

import numpy as np
import soundfile
from sounds.recording import SAMPLE_RATE, SAMPLES, SECONDS, Sound, drifting, recorded, scaled, within

VOICES = (
    "af", "ca", "cs", "cy", "da", "de", "en-gb", "en-gb-scotland", "en-us", "eo", "es", "et", "fi", "fr-fr", "hr", "hu",
    "id", "it", "lt", "lv", "nb", "nl", "pl", "pt-br", "ro", "sk", "sq", "sv", "sw", "tr", "vi"
)  # fmt: skip
VARIANTS = ["", "+m1", "+m3", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5", "+klatt", "+klatt2", "+klatt3", "+croak"]
ONSETS = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "st", "tr", "pl", "gr", "", "", ""]
CODAS = ["", "", "", "n", "s", "r", "l", "t"]
WORDS_A_SENTENCE = 7  # on average


def speech(voice: str, rng: np.random.Generator) -> Sound:
    """One who reads, two who talk by turns, or several at once; recorded somewhere."""
    kind = rng.random()
    if kind < 0.7:
        x = spoken(voice, rng)
    elif kind < 0.9:
        x = np.where(drifting(rng, 0.3) > 0, spoken(voice, rng), spoken(voice, rng) * within(rng, (0.4, 1.5)))
    else:
        x = sum(spoken(voice, rng) * scaled(rng, (0.3, 1)) for _ in range(rng.integers(2, 5)))
    return recorded(x, rng, signal_to_noise=(15, 60))


def spoken(voice: str, rng: np.random.Generator) -> Sound:
    """Made-up sentences for 30 s, each with a pitch, pace and pause of its own; or a list of words, evenly read."""
    words_a_minute, pause = int(rng.integers(110, 215)), scaled(rng, (80, 900))
    is_list = rng.random() < 0.2
    most = 2 if is_list else 12
    count = SECONDS * words_a_minute // 60 // (1 if is_list else WORDS_A_SENTENCE) + 4
    lengths = pause * (np.ones(count) if is_list else rng.exponential(size=count))
    sentences = "".join(
        f'<prosody pitch="{rng.integers(-25, 26):+d}%" rate="{rng.integers(85, 118)}%">{sentence(rng, most)}</prosody>'
        f'<break time="{int(length)}ms"/> '
        for length in lengths
    )
    command = ["espeak-ng", "-m", "-v", voice + str(rng.choice(VARIANTS)), "-s", str(words_a_minute)]
    command += ["-p", str(rng.integers(10, 90)), "--stdin", "--stdout"]
    wave = subprocess.run(command, input=f"<speak>{sentences}</speak>".encode(), capture_output=True, check=True).stdout
    x, sample_rate = soundfile.read(io.BytesIO(wave))
    if sample_rate != SAMPLE_RATE:
        raise RuntimeError(f"espeak-ng speaks at {sample_rate} Hz, not {SAMPLE_RATE}")
    return np.resize(x, SAMPLES)


def sentence(rng: np.random.Generator, most: int) -> str:
    """Up to `most` words that mean nothing, and a mark."""
    words = " ".join(word(rng) for _ in range(rng.integers(1, most + 1)))
    return words + str(rng.choice([".", ",", "?", "!"], p=[0.5, 0.35, 0.1, 0.05]))


def word(rng: np.random.Generator) -> str:
    """One to four syllables."""
    syllables = (rng.choice(ONSETS) + rng.choice(list("aeiou")) + rng.choice(CODAS) for _ in range(rng.integers(1, 5)))
    return "".join(syllables)
