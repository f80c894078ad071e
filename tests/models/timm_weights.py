"""What timm's networks hold and answer. The files in timm_reference/ were written by timm 1.0.31 (Apache-2.0) with

python tests/models/timm_weights.py tests/models/timm_reference
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import torch
from torch import Tensor, nn

REFERENCE = Path(__file__).with_name("timm_reference")
OF_BATCH_NORMALISATION = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
PICTURE = (3, 107, 91)
CLASSES = 10


def shapes_in_timm(name: str) -> dict[str, tuple[int, ...]]:
    """Shape by key of timm's published file; a line is a key with its shape, or a batch normalisation's width."""
    found: dict[str, tuple[int, ...]] = {}
    for line in (REFERENCE / f"{name}.txt").read_text().splitlines():
        key, *sizes = line.split()
        if key.endswith((".weight", ".bias")):
            found[key] = tuple(map(int, sizes))
        else:
            found |= {f"{key}.{part}": (int(sizes[0]),) for part in OF_BATCH_NORMALISATION}
            found[f"{key}.num_batches_tracked"] = ()
    return found


def logits_of_timm(name: str) -> Tensor:
    """Timm's logits for `waves(PICTURE)`, with all that it holds set by `fill`."""
    return torch.tensor([float(line) for line in (REFERENCE / f"{name}_logits.txt").read_text().split()])


def waves(shape: tuple[int, ...]) -> Tensor:
    """Values from -1 to 1 that anyone can make again."""
    return torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * 1.7).reshape(shape).float()


@torch.no_grad()
def fill(network: nn.Module) -> None:
    """Give every number of the network a value that depends on its key's shape alone."""
    for key, value in network.state_dict().items():
        if key.endswith("running_var"):
            value.copy_(1 + 0.5 * waves(value.shape))
        elif value.dim() > 1:
            value.copy_(waves(value.shape) * (4 / value[0].numel()) ** 0.5)
        elif value.dim() == 1:
            value.copy_(0.1 * waves(value.shape) + float(key.endswith("weight")))


def main(folder: Path) -> None:
    """Write what timm's networks hold and answer into `folder`."""
    import timm

    for name in ("densenet121", "inception_resnet_v2"):
        state = timm.create_model(name).state_dict()
        lines = []
        for key, value in state.items():
            owner, _, part = key.rpartition(".")
            if f"{owner}.running_mean" not in state:
                lines.append(f"{key} {' '.join(map(str, value.shape))}\n")
            elif part == "weight":
                lines.append(f"{owner} {len(value)}\n")
        (folder / f"{name}.txt").write_text("".join(lines))
        network = timm.create_model(name, num_classes=CLASSES).eval()
        fill(network)
        with torch.no_grad():
            logits = network(waves((1, *PICTURE)))[0]
        (folder / f"{name}_logits.txt").write_text("".join(f"{value:.7g}\n" for value in logits.tolist()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
