"""Layer tables of any torch module: counts, shapes, fields; the model is left as it was."""

import math

import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils.flop_counter import FlopCounterMode

from cnnlab import nets

NAMES = nets.names()


def test_resnet_50_as_published():
    net = nets.summary("resnet50", (1, 3, 224, 224))
    assert (net.parameters, net.trainable, net.buffers) == (25_557_032, 25_557_032, 53_173)
    assert net.multiply_adds == 4_089_184_256  # torchvision: 4.09 G
    last = net["layer4.2.conv3"]
    assert (last.output_shape, last.receptive_field, last.jump) == ((1, 2048, 7, 7), (427, 427), (32, 32))
    assert net.missing == ()


@pytest.mark.parametrize("name", NAMES)
def test_counts_of_every_architecture(name):
    net, known = nets.summary(name), nets.info(name)
    with torch.device("meta"):
        twin = nets.build(name).eval()
    assert net.parameters == sum(p.numel() for p in twin.parameters())
    assert net.buffers == sum(b.numel() for b in twin.buffers())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        result = twin(torch.empty(1, *known.input_size, device="meta"))
    assert 2 * net.multiply_adds == counter.get_total_flops()
    called = [row for row in net if row.output_shape is not None]
    assert math.prod(called[-1].output_shape) == result.numel()
    if net.parameters < 3e5:  # a model with numbers gives what its twin without memory gives
        assert nets.summary(nets.build(name), (1, *known.input_size)).rows == net.rows


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.left = nn.Conv2d(8, 8, 5, padding=2)
        self.right = nn.Conv2d(8, 8, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.scale = nn.Parameter(torch.ones(16, 1, 1))
        self.head = nn.Linear(16, 4)
        self.spare = nn.Linear(2, 2)

    def forward(self, x):
        x = self.relu(self.stem(x))
        x = torch.cat([self.relu(self.left(x)), F.max_pool2d(self.right(x), 3, 1, 1)], 1) * self.scale
        return self.head(torch.flatten(self.pool(x), 1))


def test_rows_of_a_net_with_branches_reuse_and_functions():
    net = nets.summary(Branches(), (2, 3, 8, 9))
    assert [(row.name, row.type, row.call) for row in net] == [
        ("stem", "Conv2d", 1),
        ("relu", "ReLU", 1),
        ("left", "Conv2d", 1),
        ("relu", "ReLU", 2),
        ("right", "Conv2d", 1),
        ("max_pool2d", "max_pool2d", 1),
        ("cat", "cat", 1),
        ("mul", "mul", 1),
        ("pool", "AdaptiveAvgPool2d", 1),
        ("head", "Linear", 1),
        ("", "Branches", 1),
        ("spare", "Linear", 1),
    ]
    fields = {row.name: row.receptive_field for row in net}
    assert (fields["left"], fields["max_pool2d"], fields["cat"]) == ((7, 7), (5, 5), (7, 7))
    assert net["pool"].receptive_field == (7 + 7, 7 + 8)
    assert net["relu"].memory == 0 and net["stem"].memory == 2 * 8 * 8 * 9 * 4
    assert (net[""].parameters, net["spare"].parameters, net["spare"].output_shape) == (16, 6, None)
    assert net.multiply_adds == 2 * 72 * (8 * 27 + 8 * 200 + 64) + 2 * 64
    assert "not called" in str(net) and "relu (call 2)" in net._repr_html_()
    assert list(net.frame().parameters) == [row.parameters for row in net]
    assert isinstance(net.frame(), pd.DataFrame)


class Stubborn(nn.Module):
    """Looks at its numbers, counts its runs, and keeps what it saw."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.register_buffer("runs", torch.zeros(1))
        self.seen = None

    def forward(self, x):
        self.runs += 1
        self.seen = self.norm(self.conv(x))
        return self.seen if self.seen.sum() > 0 else -self.seen


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was(fails):
    model = Stubborn()
    model.norm.eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    if fails:
        with pytest.raises(ValueError, match=r"input_size=\(1, 5, 8, 8\): layer 'conv' \(Conv2d\) .* 5 channels"):
            nets.summary(model, (1, 5, 8, 8))
    else:
        net = nets.summary(model, (1, 1, 8, 8))
        assert net["norm"].receptive_field == (3, 3)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert model.training and model.conv.training and not model.norm.training and model.seen is None
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
