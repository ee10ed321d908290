"""Build your own network, without a page."""

import pytest
import torch

from cnnlab.apps.build import NetworkBuilder
from cnnlab.apps.build_menu import PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_every_start_is_what_it_says(name):
    builder = NetworkBuilder(**PRESETS[name])
    if name.startswith("Broken"):
        with pytest.raises(ValueError, match=r"layers=(maxpool3|linear1): "):
            builder.module()
    else:
        table = builder.result()
        assert table.missing == () and table.rows[-1].output_shape == (1, builder.classes)
        assert builder.module().eval()(torch.zeros(2, builder.channels, builder.size, builder.size)).shape[0] == 2


def test_known_counts():
    assert NetworkBuilder(**PRESETS["LeNet-5"]).result().parameters == 61_706
    assert NetworkBuilder(**PRESETS["AlexNet"]).result().parameters == 62_378_344  # ungrouped, as in the lecture


def test_layers_are_filled_in_and_broken_stacks_can_be_set():
    builder = NetworkBuilder(layers=[{"kind": "linear", "features": 5}])
    assert builder.layers == [{"kind": "linear", "features": 5, "inputs": 0}]
    with pytest.raises(ValueError, match="at most 60 layers"):
        builder.layers = [{"kind": "relu"}] * 61
    with pytest.raises(ValueError, match="size=257: must be at most 256"):
        builder.size = 257
