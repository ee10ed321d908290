"""Networks from lists of layers: what they become, and the sentence for what does not fit."""

import pytest
import torch

from cnnlab import nets
from cnnlab.nets import layer_list
from cnnlab.nets.layer_list import build_module


def test_every_kind_becomes_its_module():
    layers = [
        {"kind": "conv", "channels": 4, "kernel": 5, "stride": 2, "padding": 2},
        {"kind": "norm"},
        {"kind": "relu"},
        {"kind": "maxpool", "kernel": 3, "stride": 1, "padding": 1},
        {"kind": "depthwise"},
        {"kind": "avgpool"},
        {"kind": "adaptive", "size": 3},
        {"kind": "flatten"},
        {"kind": "norm"},
        {"kind": "dropout", "percent": 20},
        {"kind": "linear", "features": 7, "inputs": 36},
    ]
    assert {layer["kind"] for layer in layers} == set(layer_list.KINDS)
    net = build_module(layers, in_channels=3, num_classes=5, size=24)
    assert net(torch.zeros(2, 3, 24, 24)).shape == (2, 5)
    assert [name for name, _ in net.named_children()][-3:] == ["dropout1", "linear1", "logits"]
    assert (net.dropout1.p, net.depthwise1.groups, net.norm2.num_features) == (0.2, 4, 36)
    table = nets.summary(net, (1, 3, 24, 24))
    assert table["maxpool1"].receptive_field == (5 + 2 * 2,) * 2


@pytest.mark.parametrize(
    "layers, message",
    [
        ([{"kind": "conv", "kernel": 9, "padding": 0}], "layers=conv1: spans 9 cells, more than the 8"),
        ([{"kind": "linear"}], "layers=linear1: reads a list of numbers, and gets 1 maps of 8x8"),
        ([], "layers=logits: reads a list of numbers"),
        ([{"kind": "flatten"}, {"kind": "maxpool"}], "layers=maxpool1: reads maps, and gets a list of 64"),
        ([{"kind": "flatten"}, {"kind": "linear", "inputs": 65}], "layers=linear1: reads 65 numbers, and gets 64"),
        ([{"kind": "avgpool", "kernel": 3, "padding": 2}], "layers=avgpool1: has padding 2, more than half"),
        ([{"kind": "adaptive", "size": 9}], "layers=adaptive1: averages to 9x9, and gets maps of 8x8"),
        ([{"kind": "lstm"}], r"layers\[0\]\['kind'\]=lstm"),
        ([{"kind": "conv", "padding": 6}], r"layers\[0\]\['padding'\]=6: must be at most 5"),
        ([{"kind": "relu", "kernel": 2}], r"layers\[0\]=kernel: is no setting of relu"),
        ("conv", "layers=conv: must be a list"),
        ([("conv", 3)], r"layers\[0\]=.*must be a dict"),
    ],
)
def test_what_does_not_fit_is_named(layers, message):
    with pytest.raises(ValueError, match=message):
        build_module(layers, size=8)
