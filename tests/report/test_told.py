"""An explanation as JSON: what the struct holds, under the names that programs know."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from earmark.classifier.answer import Answer
from earmark.classifier.explanation import Evidence, Explanation
from earmark.classifier.neighbours import Neighbour
from earmark.report.told import Told, told


def explanation(**parts: object) -> Explanation:
    over_time = np.array([[0.7, 0.3], [0.5000001, 0.4999999]])
    answer = Answer(
        "song.mp3", ("jazz", "pop"), over_time.mean(0), np.array([0.0, 10.0]), over_time, min_confidence=0.6
    )
    whole = {
        "classifier": "mine", "note": None, "answer": answer, "spans": np.array([[0.0, 10.0], [10.0, 20.00049]]),
        "second": "pop", "pieces": (1, 2),
        "evidence": (Evidence("sound", "it", 0.8472979, {"beat": 1.0000004}, -0.1527),),
        "taggram": None, "nearest": (Neighbour("a", ("jazz",), 0.98765),), "trained_on": "songs", "held_out": None,
        "lacks": ("no tags",),
    }  # fmt: skip
    return Explanation(**(whole | parts))  # type: ignore[arg-type]


def test_json_has_the_names_that_programs_know_and_round_numbers() -> None:
    plain = msgspec.json.decode(msgspec.json.encode(told(explanation())))
    assert plain["stretches"] == [
        {"from": 0.0, "to": 10.0, "verdict": "music", "probabilities": {"jazz": 0.7, "pop": 0.3}},
        {"from": 10.0, "to": 20.0, "verdict": "unsure", "probabilities": {"jazz": 0.5, "pop": 0.5}},
    ]
    assert (plain["verdict"], plain["genre"], plain["second"], plain["pieces"]) == ("music", "jazz", "pop", [1, 2])
    assert plain["evidence"] == [{"voice": "sound", "log_odds": 0.847298, "constant": -0.1527, "parts": {"beat": 1.0}}]
    assert plain["nearest"] == [{"track": "a", "genres": ["jazz"], "similarity": 0.9877}]
    assert sum(plain["probabilities"].values()) == pytest.approx(1)


def test_what_is_told_can_be_read_again_and_no_evidence_is_no_odds() -> None:
    plain = told(explanation(evidence=()))
    assert plain.log_odds is None
    assert msgspec.json.decode(msgspec.json.encode(plain), type=Told) == plain
