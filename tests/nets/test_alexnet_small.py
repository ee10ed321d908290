"""The small AlexNet with its switches."""

import pytest
import torch
from torch import nn

from cnnlab.nets.architectures.alexnet_small import AlexNetSmall


def kinds(model):
    return [type(module) for module in model.modules()]


@pytest.mark.parametrize("channels, side", [(1, 28), (3, 32), (3, 64)])
@pytest.mark.parametrize("overlapping", [True, False])
def test_it_takes_small_pictures(channels, side, overlapping):
    model = AlexNetSmall(7, channels, overlapping=overlapping)
    assert model(torch.zeros(2, channels, side, side)).shape == (2, 7)


def test_each_switch_changes_its_part_alone():
    base = kinds(AlexNetSmall())
    assert base.count(nn.ReLU) == 7 and base.count(nn.LocalResponseNorm) == 2
    tanh = kinds(AlexNetSmall(activation="tanh"))
    assert [nn.ReLU if kind is nn.Tanh else kind for kind in tanh] == base
    without = kinds(AlexNetSmall(lrn=False))
    assert [kind for kind in base if kind is not nn.LocalResponseNorm] == [k for k in without if k is not nn.Identity]
    pools = [m for m in AlexNetSmall(overlapping=False).modules() if isinstance(m, nn.MaxPool2d)]
    assert [(pool.kernel_size, pool.stride) for pool in pools] == [(2, 2)] * 3
    assert {m.p for m in AlexNetSmall(dropout=0.2).modules() if isinstance(m, nn.Dropout)} == {0.2}


@pytest.mark.parametrize("switch, value", [("activation", "gelu"), ("lrn", 1), ("overlapping", None), ("dropout", 1)])
def test_impossible_switches_are_refused(switch, value):
    with pytest.raises(ValueError, match=f"^{switch}="):
        AlexNetSmall(**{switch: value})
