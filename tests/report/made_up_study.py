"""A study that was never run: recipes of known skill, judged on songs of known difficulty."""

from __future__ import annotations

import numpy as np

from earmark.evaluation.comparison import compare
from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Evaluation
from earmark.predictions import Predictions
from earmark.report.contenders import Contender, Training
from earmark.report.study_page import StudyPage
from earmark.training.history import Epoch

GENRES = ("blues", "classical", "country", "disco", "hiphop", "metal", "pop", "reggae")
SKILLS = {
    "parallel_cnn": (2.6, 61_071, 7.5),
    "short_chunk_resnet": (2.9, 812_340, 31.0),
    "vgg": (2.55, 1_204_872, 18.2),
    "cnn_rnn": (2.3, 100_654, 6.0),
    "compact_transformer": (2.1, 330_120, 12.4),
    "parallel_cnn_plain": (1.6, 61_071, 7.1),
}


def predictions(skill, rng, songs, clips, easy):
    """Every clip of a song is as hard as the song."""
    n = songs * clips
    truth = np.repeat(np.arange(songs) % len(GENRES), clips)
    z = rng.normal(size=(n, len(GENRES)))
    z[np.arange(n), truth] += skill + np.repeat(easy, clips)
    probabilities = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    names = tuple(f"song {i:03d}" for i in range(songs) for _ in range(clips))
    return Predictions(GENRES, tuple(f"{s}@{i % clips}" for i, s in enumerate(names)), names, truth, probabilities)


def history(reached, epochs, rng):
    best = reached * (1 - np.exp(-np.arange(1, epochs + 1) / (epochs / 6))) + rng.normal(0, 0.01, epochs)
    return [Epoch(i, 0.02, 2 / i, min(1.0, float(b) + 0.05), 1.0, float(b), 3.5) for i, b in enumerate(best, start=1)]


def made_up_study(rng, *, recipes=6, seeds=3, songs=160, clips=3, epochs=40, part="valid", runs_there=True):
    """A page of `recipes` × `seeds` trainings; without `runs_there` only what results.csv holds."""
    easy = rng.normal(0, 1, songs)
    skills = list(SKILLS.items())[:recipes]
    skills += [(f"variant_{i}", (1.2 + 0.15 * i, 40_000 * (i + 1), 4.0 + i)) for i in range(recipes - len(skills))]
    contenders, judged = [], {}
    for name, (skill, parameters, minutes) in skills:
        trainings = []
        for seed in range(1, seeds + 1):
            found = predictions(skill + rng.normal(0, 0.08), rng, songs, clips, easy).by_song()
            judged.setdefault(name, []).append(found)
            scores = score(found, unit="track", resamples=100)
            done = epochs - seed
            evaluation = Evaluation(
                data="gtzan8", part=part, split="by clip, 9600 train / 2400 valid, seed 7", tracks=songs,
                synthetic=False, chosen_on_it=part == "valid", by_clip=None, by_track=scores, seed=seed,
                leak="by clip: clips of one track stand on both sides" if part == "valid" else None,
            )  # fmt: skip
            trainings.append(
                Training(
                    seed=seed, run=f"2026-11-21T10-32-0{seed}-{name}-s{seed}", part=part, unit="track", n=songs,
                    accuracy=scores.accuracy, macro_f1=scores.macro_f1.value, majority=scores.majority_accuracy,
                    parameters=parameters, epochs=done, kept_epoch=done - 2, minutes=minutes + 0.2 * seed,
                    evaluation=evaluation if runs_there else None,
                    history=history(scores.accuracy.value, done, rng) if runs_there else (),
                )
            )  # fmt: skip
        contenders.append(Contender(name, f"{len(contenders):012x}", f"Why {name} is worth a try.", trainings))
    return StudyPage(
        name="course",
        level=0.95,
        contenders=contenders,
        comparison=compare(judged, resamples=2000) if runs_there else None,
        remarks=() if runs_there else ("The folders of all runs are gone.",),
    )
