"""Half precision where it saves time, and nowhere else."""

from __future__ import annotations

import pytest
import torch

from earmark.training.precision import precision_on


@pytest.mark.parametrize(("capability", "found"), [("AVX512", "bfloat16"), ("AVX2", "float32"), ("DEFAULT", "float32")])
def test_a_cpu_without_the_instructions_stays_in_float32(
    capability: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert precision_on(torch.device("cpu"), "bfloat16") == found
    assert precision_on(torch.device("cpu"), "float32") == "float32"
    assert precision_on(torch.device("cuda"), "bfloat16") == "bfloat16"
