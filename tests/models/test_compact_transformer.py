"""The compact transformer: its attention against PyTorch's, its tokens and pooling by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from earmark.errors import ModelError, UsageError
from earmark.models.compact_transformer import CompactTransformer, _EncoderLayer


def test_an_encoder_layer_equals_pytorchs_with_the_same_weights() -> None:
    layer = _EncoderLayer(12, heads=3, drop_path=0.5).eval()
    reference = nn.TransformerEncoderLayer(12, 3, 24, 0.0, activation=layer.dense[2], batch_first=True, norm_first=True)
    reference.load_state_dict(
        {
            "self_attn.in_proj_weight": layer.queries_keys_values.weight,
            "self_attn.in_proj_bias": layer.queries_keys_values.bias,
            **{f"self_attn.out_proj.{name}": value for name, value in layer.joined.state_dict().items()},
            **{f"norm1.{name}": value for name, value in layer.attention_normalisation.state_dict().items()},
            **{f"norm2.{name}": value for name, value in layer.dense[0].state_dict().items()},
            **{f"linear1.{name}": value for name, value in layer.dense[1].state_dict().items()},
            **{f"linear2.{name}": value for name, value in layer.dense[3].state_dict().items()},
        }
    )
    tokens = torch.randn(4, 7, 12, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(layer(tokens), reference.train()(tokens), rtol=1e-5, atol=1e-5)


def test_stochastic_depth_leaves_whole_examples_as_they_came_and_scales_the_others() -> None:
    layer = _EncoderLayer(8, heads=2, drop_path=0.75)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        kept = layer._sometimes(torch.ones(400, 3, 8))
    per_example = kept.flatten(1)
    assert torch.equal(per_example.amin(1), per_example.amax(1))
    assert sorted(per_example[:, 0].unique().tolist()) == [0.0, 4.0]
    assert 60 < int((per_example[:, 0] > 0).sum()) < 140  # 100 expected, standard deviation 8.7
    assert torch.equal(layer.eval()._sometimes(torch.ones(4, 3, 8)), torch.ones(4, 3, 8))


@pytest.mark.parametrize(("shape", "tokens"), [((80, 80), 100), ((81, 88), 121), ((8, 8), 1)])
def test_a_token_stands_for_eight_bands_and_eight_frames(shape: tuple[int, int], tokens: int) -> None:
    model = CompactTransformer(shape, 3).eval()
    assert model.tokeniser(torch.zeros(1, 1, *shape)).flatten(2).shape == (1, 96, tokens)
    assert model.position.shape == (tokens, 96)
    assert model(torch.zeros(2, *shape)).shape == (2, 3)


def test_pooling_without_preference_is_the_mean_of_the_tokens() -> None:
    model = CompactTransformer((16, 24), 3, depth=1).eval()
    nn.init.zeros_(model.weigh.weight)
    x = torch.randn(2, 16, 24, generator=torch.Generator().manual_seed(1))
    tokens = model.tokeniser(x.unsqueeze(1)).flatten(2).transpose(1, 2) + model.position
    expected = model.head(model.normalisation(model.encoder(tokens)).mean(dim=1))
    torch.testing.assert_close(model(x), expected)


def test_an_exported_graph_takes_any_batch() -> None:
    model = CompactTransformer((16, 16), 3, depth=1).eval()
    batch = torch.export.Dim("batch", min=1, max=1024)
    graph = torch.export.export(model, (torch.zeros(2, 16, 16),), dynamic_shapes=({0: batch},)).module()
    x = torch.randn(5, 16, 16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(graph(x), model(x))


def test_a_width_that_heads_does_not_divide_is_refused() -> None:
    with pytest.raises(UsageError, match=r"compact_transformer: width = 50 must be a multiple of heads = 4"):
        CompactTransformer((80, 80), 8, width=50)


def test_a_shape_smaller_than_a_token_is_refused() -> None:
    with pytest.raises(ModelError, match=r"compact_transformer needs examples of at least 8 × 8 .*, not 7 × 80"):
        CompactTransformer((7, 80), 8)


def test_a_batch_of_another_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"this compact_transformer was built for examples of 16 × 16"):
        CompactTransformer((16, 16), 3)(torch.zeros(2, 16, 24))
