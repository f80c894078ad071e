"""What this machine has: versions, decoders, devices, caches."""

from __future__ import annotations

import torch

from earmark.audio.decode import decoders
from earmark.features.cache import FeatureCache
from earmark.pretrained.musicnn import musicnn_folder
from earmark.pretrained.wheels import WEIGHTS
from earmark.run import environment


def examine() -> list[tuple[str, str]]:
    """What was looked for, and what was found."""
    here = environment(device="", threads=torch.get_num_threads(), data_checksum="")
    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    cache, weights = FeatureCache(), musicnn_folder() / WEIGHTS
    return [
        ("earmark", here.earmark),
        ("python", here.python),
        ("platform", here.platform),
        *here.packages.items(),
        *((f"decoder {decoder.name}", decoder.describe()) for decoder in decoders()),
        ("threads", str(here.threads)),
        ("cuda device", cuda),
        ("musicnn", str(weights) if weights.is_file() else "not here yet; earmark fetch musicnn brings it"),
        ("feature cache", f"{cache.folder}, {cache.size() / 1e6:.0f} of {cache.limit_bytes / 1e6:.0f} MB"),
    ]
