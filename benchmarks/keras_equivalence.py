"""The course's networks here and in Keras: the same numbers from the same weights?

    python benchmarks/keras_equivalence.py --keras PYTHON      PYTHON has TensorFlow

For each network the parameter counts, the largest difference of a logit, and the largest difference of a gradient
relative to the largest gradient of its weight; exits with 1 where one is beyond float32 rounding.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from earmark.catalog import MODELS
from earmark.models.parameters import parameter_count

CLIPS = 64
ROUNDING = 1e-4


def in_keras_layout(name: str, tensors: dict[str, np.ndarray]) -> list[np.ndarray]:
    """A network's weights, or their gradients, in the order and axes of the same layers in course_in_keras.py."""
    arranged = [arrange(tensor) for tensor in tensors.values()]
    if name == "parallel_cnn":
        # Keras flattens (bands, frames, filters), torch (filters, bands, frames).
        wide, fine = np.split(arranged[4], [3 * 20 * 20])
        rows = [branch.reshape(filters, cells, cells, -1) for branch, filters, cells in ((wide, 3, 20), (fine, 4, 40))]
        arranged[4] = np.concatenate([branch.transpose(1, 2, 0, 3).reshape(-1, branch.shape[-1]) for branch in rows])
    return arranged


def arrange(tensor: np.ndarray) -> np.ndarray:
    """Torch has (outputs, inputs, …) where Keras has (…, inputs, outputs)."""
    return np.ascontiguousarray(np.moveaxis(tensor, (0, 1), (-1, -2))) if tensor.ndim > 1 else tensor


def compare(name: str, keras: str) -> bool:
    """Print one line; whether all agrees."""
    torch.manual_seed(1)
    model = MODELS.find(name)((80, 80), 8).eval()
    for parameter in model.parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter, std=0.1)  # a bias of 0 would hide one in the wrong place
    x, y = torch.randn(CLIPS, 80, 80), torch.arange(CLIPS) % 8
    logits = model(x)
    nn.functional.cross_entropy(logits, y).backward()
    weights = in_keras_layout(name, {key: p.detach().numpy() for key, p in model.named_parameters()})
    gradients = in_keras_layout(name, {key: p.grad.numpy() for key, p in model.named_parameters()})

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(source, x=x.numpy(), y=y.numpy(), **{f"weight_{i}": w for i, w in enumerate(weights)})
        script = Path(__file__).with_name("course_in_keras.py")
        subprocess.run([keras, script, "gradients", name, source, target], check=True)
        theirs = dict(np.load(target))

    logit = np.abs(theirs["logits"] - logits.detach().numpy()).max()
    gradient = max(
        np.abs(theirs[f"gradient_{i}"] - ours).max() / np.abs(ours).max() for i, ours in enumerate(gradients)
    )
    count = sum(value.size for key, value in theirs.items() if key.startswith("gradient_"))
    same = bool(parameter_count(model) == count and logit < ROUNDING and gradient < ROUNDING)
    print(
        f"{name:13} parameters {parameter_count(model):,} / {count:,}   logits max |Δ| {logit:.1e} "
        f"(largest {np.abs(theirs['logits']).max():.2f})   gradients max |Δ| / max {gradient:.1e}   "
        f"{'same' if same else 'DIFFERENT'}"
    )
    return same


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keras", required=True, help="a Python with TensorFlow")
    keras = parser.parse_args().keras
    agree = [compare(name, keras) for name in ("parallel_cnn", "cnn_rnn")]
    sys.exit(not all(agree))
