"""Receptive fields of a summary, held to what gradients reach in the network itself."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from cnnlab import nets
from cnnlab.core import receptive_field

# One or two of each family, on inputs on which fields end inside the picture as well as at its edges.
PROBED = {
    "lenet5": 28,
    "alexnet": 127,
    "vgg11_bn": 96,
    "googlenet": 96,
    "inception_v3": 107,
    "resnet18": 97,
    "resnet50": 96,
    "resnext50_32x4d": 64,
    "resnet20": 32,
    "preact_resnet20": 32,
    "densenet121": 64,
    "squeezenet1_1": 96,
    "mobilenet_v1": 64,
    "mobilenet_v2": 64,
    "shufflenet_v2_x1_0": 64,
    "mnasnet1_0": 64,
    "efficientnet_b0": 64,
    "convnext_tiny": 64,
    "xception": 75,
    "fashion_cnn": 28,
    "unet": 32,
}
ROWS = 3  # of each network


def average_pooled(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, **_):
    return F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode)


def averaging(model):
    """The model with weights that let every pixel count a little: positive, each layer nearly an average."""
    torch.manual_seed(0)
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            weight = 0.5 + torch.rand_like(layer.weight)
            layer.weight.data = weight / weight[0].numel()
            if layer.bias is not None:
                layer.bias.data.zero_()
    return model.double().eval()


def reached(result, unit, x):
    """What a unit's gradient reaches: (start, stop) an axis."""
    (gradient,) = torch.autograd.grad(result[0, :, unit[0], unit[1]].sum(), x, retain_graph=True)
    seen = gradient[0].abs().sum(0) > 0
    places = [seen.any(1 - axis).nonzero().flatten() for axis in (0, 1)]
    return tuple((int(place[0]), int(place[-1]) + 1) for place in places)


def keep(results, name, _, __, result):
    """A hook that keeps what a layer returns when it is first called, as it is before anything works on it in place."""
    if name not in results:
        results[name] = result.clone()


@pytest.mark.parametrize("name", PROBED)
def test_fields_are_what_gradients_reach(name, monkeypatch):
    monkeypatch.setattr(F, "max_pool2d", average_pooled)  # a maximum lets one pixel through alone
    model, side = averaging(nets.build(name)), PROBED[name]
    size = (1, nets.info(name).input_size[0], side, side)
    table = nets.summary(model, size)
    square = [row for row in table if row.node and len(row.output_shape) == 4 and len(set(row.output_shape[2:])) == 1]
    rows = [row for row in square if not row.functional and row.call == 1]
    rows = rows[:: -(-len(rows) // ROWS)] + rows[-1:]
    results = {}
    for row in rows:
        layer = model.get_submodule(row.name)
        layer.register_forward_hook(partial(keep, results, row.name))
    scale = 1 if name == "convnext_tiny" else 1e-3  # no ReLU6 at its end, but enough for layer norm
    x = (scale * torch.rand(size, dtype=torch.double)).requires_grad_()
    model(x)
    for row in rows:
        unit = (row.output_shape[2] // 2, row.output_shape[3] - 1)
        expected = receptive_field.field_of(table.table, row.node, unit)
        assert reached(results[row.name], unit, x) == expected, row.name


def test_alexnet_as_in_the_lecture():
    """The table of the fifth lecture: sizes, parameters and fields of the 227 form."""
    net = nets.summary("alexnet_227")
    convolutions = [row for row in net if row.type == "Conv2d"]
    assert [row.output_shape[1:] for row in convolutions] == [
        (96, 55, 55),
        (256, 27, 27),
        (384, 13, 13),
        (384, 13, 13),
        (256, 13, 13),
    ]
    assert [row.parameters for row in convolutions] == [34_944, 614_656, 885_120, 1_327_488, 884_992]
    assert [row.receptive_field[0] for row in convolutions] == [11, 51, 99, 131, 163]
    assert [row.parameters for row in net if row.type == "Linear"] == [37_752_832, 16_781_312, 4_097_000]
    assert net.multiply_adds == 1_135_256_096


class Attention(nn.Module):
    """Every place looks at every other."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Conv2d(3, 8, 4, stride=4)
        self.query, self.key, self.value = (nn.Linear(8, 8) for _ in range(3))

    def forward(self, x):
        x = self.embed(x)
        tokens = x.flatten(2).transpose(1, 2)
        weights = (self.query(tokens) @ self.key(tokens).transpose(1, 2)).softmax(-1)
        return (tokens + weights @ self.value(tokens)).transpose(1, 2).reshape(x.shape)


def test_attention_sees_everything():
    net = nets.summary(Attention(), (1, 3, 16, 16))
    assert net["embed"].receptive_field == net["query"].receptive_field == (4, 4)
    last = net.rows[-1]
    assert receptive_field.field_of(net.table, last.node, (0, 3)) == ((0, 16), (0, 16))
    assert net.missing == ()


@pytest.mark.parametrize(
    "layer, sentence",
    [
        (nn.Upsample(scale_factor=2), "1: upsample_nearest2d enlarges the map"),
        (nn.PixelShuffle(2), "1: pixel_shuffle"),
        (nn.Unfold(3), "1: "),
    ],
)
def test_what_cannot_be_followed_is_said_once(layer, sentence):
    net = nets.summary(nn.Sequential(nn.Conv2d(3, 4, 3), layer, nn.ReLU()), (1, 3, 8, 8))
    assert len(net.missing) == 1 and net.missing[0].startswith(sentence) and net.missing[0] in str(net)
    assert net.rows[0].receptive_field == (3, 3) and net.rows[-1].receptive_field is None
    assert net.rows[-1].output_shape is not None


class Joined(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(1, 4, 5, padding=2)

    def forward(self, x, y):
        return torch.cat([self.left(x), self.right(y)], 1)


def test_several_inputs():
    net = nets.summary(Joined(), [(1, 3, 8, 8), (1, 1, 8, 8)])
    assert net["cat"].receptive_field == (5, 5) and net["cat"].output_shape == (1, 8, 8, 8)
    words = nets.summary(nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 2)), (2, 5), dtypes=[torch.long])
    assert words.rows[-1].output_shape == (2, 5, 2) and words.multiply_adds == 2 * 5 * 8
