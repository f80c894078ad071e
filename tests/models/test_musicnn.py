"""musicnn as it is defined, and its fast form, which must give the same; weights are random here."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from earmark.models import musicnn_fast
from earmark.models.musicnn import PATCH_FRAMES, TAGS, MusicnnNetwork
from earmark.models.musicnn_fast import FastMusicnn
from earmark.models.parameters import parameter_count

Norm = nn.BatchNorm1d | nn.BatchNorm2d


@pytest.fixture(scope="module")
def network() -> MusicnnNetwork:
    """A network whose normalisations are of all kinds: factors below 0 and above, variances that are small."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        made = MusicnnNetwork().eval()
        for module in made.modules():
            if isinstance(module, Norm):
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
                nn.init.normal_(module.running_mean, std=0.2)
                nn.init.uniform_(module.running_var, 1e-4, 1)
    return made


def sound(frames: int) -> Tensor:
    return torch.rand((frames, 96), generator=torch.Generator().manual_seed(frames)) * 4


def test_it_has_the_parameters_that_the_paper_counts(network: MusicnnNetwork) -> None:
    assert sum(parameter.numel() for parameter in network.parameters()) == 787_159
    assert parameter_count(network) == 792_079  # and those that are not trained


def test_tags_are_fifty_different_ones() -> None:
    assert len(TAGS) == len(set(TAGS)) == 50
    assert (TAGS[0], TAGS[13], TAGS[-1]) == ("rock", "male vocalists", "happy")


@torch.no_grad()
def test_normalisation_follows_the_relu_and_the_strongest_band_counts(network: MusicnnNetwork) -> None:
    filters = network.front[4]  # 32 frames of one band: 15 before and 16 after
    x = sound(40)
    padded = torch.cat([torch.zeros(15, 96), x, torch.zeros(16, 96)])
    answers = torch.stack([filters.conv.weight[:, 0, :, 0] @ padded[t : t + 32] for t in range(40)], dim=1)
    answers = (answers + filters.conv.bias[:, None, None]).relu()
    scale = filters.norm.weight / (filters.norm.running_var + 1e-3).sqrt()
    expected = (answers - filters.norm.running_mean[:, None, None]) * scale[:, None, None]
    expected = (expected + filters.norm.bias[:, None, None]).amax(2)
    torch.testing.assert_close(filters(x[None])[0], expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_pools_of_one_filter_stand_side_by_side(network: MusicnnNetwork) -> None:
    outputs = network(sound(PATCH_FRAMES)[None])
    interleaved = torch.stack([outputs.max_pool, outputs.mean_pool], dim=2).reshape(1, -1)
    penultimate = network.dense_norm(network.dense(network.pooled_norm(interleaved)).relu())
    torch.testing.assert_close(outputs.penultimate, penultimate)
    torch.testing.assert_close(outputs.tags, torch.sigmoid(network.answer(penultimate)))
    assert [part.shape[1] for part in outputs] == [753, 753, 200, 50]


@pytest.mark.parametrize(
    ("frames", "hop"),
    [(187, 187), (373, 187), (374, 187), (561, 187), (320, 61), (191, 1), (300, 100), (500, 200), (400, 50)],
)
@torch.no_grad()
def test_the_fast_form_gives_the_same_for_every_overlap(
    network: MusicnnNetwork, frames: int, hop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(musicnn_fast, "GROUP", 2)
    x = sound(frames)
    patches = torch.stack([x[begin : begin + 187] for begin in range(0, frames - 186, hop)])
    for fast, plain in zip(FastMusicnn(network)(x, hop), network(patches), strict=True):
        torch.testing.assert_close(fast, plain, rtol=1e-5, atol=5e-5)


def test_the_fast_form_keeps_the_weights_it_was_made_with(network: MusicnnNetwork) -> None:
    x = sound(187)
    fast = FastMusicnn(network)
    moved = FastMusicnn(network)
    moved.load_state_dict(fast.state_dict())
    assert torch.equal(moved(x).logits, fast(x).logits)
    assert not fast(x).logits.requires_grad
