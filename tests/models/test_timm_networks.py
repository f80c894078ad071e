"""DenseNet-121 and Inception-ResNet-v2 hold and answer what timm's do, so that published weights load into them."""

from __future__ import annotations

import pytest
import torch
from timm_weights import CLASSES, PICTURE, fill, logits_of_timm, shapes_in_timm, waves
from torch import nn

from earmark.errors import ModelError
from earmark.models.densenet121 import DenseNet121
from earmark.models.inception_resnet_v2 import InceptionResNetV2

NETWORKS = {"densenet121": DenseNet121, "inception_resnet_v2": InceptionResNetV2}
LEAST = {"densenet121": 29, "inception_resnet_v2": 75}

every_network = pytest.mark.parametrize("name", NETWORKS)


@pytest.mark.parametrize(("name", "learned"), [("densenet121", 7_978_856), ("inception_resnet_v2", 55_843_464)])
def test_a_published_file_loads_as_it_is(name: str, learned: int) -> None:
    with torch.device("meta"):
        network = NETWORKS[name]((3, 224, 224), 1000)
    assert {key: tuple(value.shape) for key, value in network.state_dict().items()} == shapes_in_timm(name)
    assert sum(parameter.numel() for parameter in network.parameters()) == learned


@every_network
def test_the_same_numbers_give_timms_logits(name: str) -> None:
    network = NETWORKS[name](PICTURE, CLASSES)
    fill(network)
    with torch.no_grad():
        logits = network.eval()(waves((1, *PICTURE)))[0]
    torch.testing.assert_close(logits, logits_of_timm(name), rtol=1e-4, atol=1e-4)


@every_network
def test_bands_and_frames_are_a_picture_of_one_channel(name: str) -> None:
    flat, deep = NETWORKS[name]((75, 80), 3).eval(), NETWORKS[name]((1, 75, 80), 3).eval()
    deep.load_state_dict(flat.state_dict())
    x = waves((2, 75, 80))
    with torch.no_grad():
        torch.testing.assert_close(flat(x), deep(x.unsqueeze(1)))


@every_network
def test_dropout_acts_on_what_the_last_layer_reads(name: str) -> None:
    network = NETWORKS[name]((3, 75, 75), 3, dropout=0.5)
    reads: dict[type[nn.Module], torch.Tensor] = {}
    for module in network.modules():
        if isinstance(module, nn.Dropout | nn.Linear):
            module.register_forward_hook(lambda module, given, _: reads.update({type(module): given[0]}))
    with torch.no_grad():
        network.train()(waves((2, 3, 75, 75)))
    before, after = reads[nn.Dropout], reads[nn.Linear]
    kept = after != 0
    assert kept[before != 0].float().mean().item() == pytest.approx(0.5, abs=0.1)
    torch.testing.assert_close(after[kept], 2 * before[kept])


@every_network
def test_other_shapes_are_refused(name: str) -> None:
    network, least = NETWORKS[name], LEAST[name]
    with torch.device("meta"):
        assert network((1, least, least), 3).eval()(torch.zeros(2, 1, least, least)).shape == (2, 3)
        small = rf"{name} needs pictures of at least {least} × {least} \(height × width\), not"
        with pytest.raises(ModelError, match=rf"{small} 3 × {least - 1} × 200; make them larger, or cut longer clips"):
            network((3, least - 1, 200), 3)
        with pytest.raises(ModelError, match=rf"{small} 200 × {least - 1}; make"):
            network((200, least - 1), 3)
        for shape, written in (((80,), "80"), ((2, 3, 80, 80), "2 × 3 × 80 × 80"), ((0, 80, 80), "0 × 80 × 80")):
            with pytest.raises(ModelError, match=rf"{name} takes pictures of .*, not {written}$"):
                network(shape, 3)
        with pytest.raises(ModelError, match=rf"this {name} was built for examples of 3 × 80 × 80, the batch holds"):
            network((3, 80, 80), 3)(torch.zeros(2, 3, 80, 96))
