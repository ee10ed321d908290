"""Looking into a network: what is seen, and that the network is as it was."""

import copy

import pytest
import torch
from torch import nn

from cnnlab import nets
from cnnlab.nets import attribution, inspect


def small(inplace=True):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=inplace),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3),
        nn.ReLU(inplace=inplace),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(8, 4),
    )


def images(count=3, channels=2, side=12):
    return torch.randn(count, channels, side, side, generator=torch.Generator().manual_seed(1))


METHODS = {
    "gradients": attribution.gradients,
    "saliency": attribution.saliency,
    "integrated_gradients": lambda net, x, target=None: attribution.integrated_gradients(net, x, target, steps=3),
    "smooth_grad": lambda net, x, target=None: attribution.smooth_grad(net, x, target, samples=2),
    "guided_backprop": attribution.guided_backprop,
    "deconvnet": attribution.deconvnet,
    "grad_cam": lambda net, x, target=None: attribution.grad_cam(net, x, target, layer="4"),
    "grad_cam_plus_plus": lambda net, x, target=None: attribution.grad_cam_plus_plus(net, x, target, layer="4"),
    "layer_cam": lambda net, x, target=None: attribution.layer_cam(net, x, target, layer="4"),
    "occlusion": lambda net, x, target=None: attribution.occlusion(net, x, target, size=4, stride=4),
    "feature_maps": lambda net, x, target=None: inspect.feature_maps(net, x),
}


def everything_of(net):
    hooks = [
        len(table)
        for part in net.modules()
        for name, table in vars(part).items()
        if "hooks" in name and isinstance(table, dict)
    ]
    return hooks, [part.training for part in net.modules()], [set(vars(part)) for part in net.modules()]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("fails", [False, True], ids=["", "after an error"])
def test_a_network_is_left_as_it_was(name, fails):
    net = small()
    net.train()
    net[1].eval()
    net[4].bias.requires_grad_(False)
    net[0].weight.grad = torch.ones_like(net[0].weight)
    before, weights = everything_of(net), copy.deepcopy(net.state_dict())
    gradients = [parameter.grad is None for parameter in net.parameters()]
    flags = [parameter.requires_grad for parameter in net.parameters()]
    x = images()
    kept = x.clone()
    if fails:
        with pytest.raises((ValueError, RuntimeError)):
            METHODS[name](net, images(channels=3))
    else:
        METHODS[name](net, x)
    assert everything_of(net) == before
    assert all(torch.equal(weights[key], value) for key, value in net.state_dict().items())
    assert [parameter.grad is None for parameter in net.parameters()] == gradients
    assert torch.equal(net[0].weight.grad, torch.ones_like(net[0].weight))
    assert [parameter.requires_grad for parameter in net.parameters()] == flags
    assert torch.equal(x, kept)
    assert not x.requires_grad


@pytest.mark.parametrize("name", METHODS)
def test_in_place_layers_give_what_others_give(name):
    one, other = METHODS[name](small(True), images()), METHODS[name](small(False), images())
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)
        assert (one["1"] < 0).any(), "what batch norm gave, not what the ReLU after it left"
    else:
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", METHODS)
def test_frozen_weights_and_no_grad_make_no_difference(name):
    wanted = METHODS[name](small(), images(), 1)
    net = small().requires_grad_(False)
    with torch.no_grad():
        found = METHODS[name](net, images(), 1)
    with torch.inference_mode():
        again = METHODS[name](net, images(), 1)
    for one in (found, again):
        for value, other in zip(*([d.values() if isinstance(d, dict) else [d] for d in (one, wanted)]), strict=True):
            torch.testing.assert_close(value, other)


@pytest.mark.parametrize("name", METHODS)
def test_one_image_alone_is_explained_as_in_a_batch(name):
    batch, alone = METHODS[name](small(), images(), 2), METHODS[name](small(), images()[:1], 2)
    if isinstance(batch, dict):
        batch, alone = batch["4"], alone["4"]
    if name != "smooth_grad":  # its noise is drawn for the batch
        torch.testing.assert_close(batch[:1], alone, rtol=1e-4, atol=1e-6)


def test_feature_maps_are_what_the_layers_give():
    net, x = small(False).eval(), images()
    y = x
    maps = inspect.feature_maps(net, x)
    assert tuple(maps) == inspect.layer_names(net) == tuple(str(i) for i in range(10))
    with torch.no_grad():
        for number, layer in enumerate(net):
            y = layer(y)
            torch.testing.assert_close(maps[str(number)], y)


def test_feature_maps_of_a_network_of_ours():
    net = nets.build("resnet20")
    maps = inspect.feature_maps(net, images(2, 3, 32))
    assert {tuple(value.shape[2:]) for value in maps.values() if value.ndim == 4} >= {(32, 32), (16, 16), (8, 8)}
    assert set(inspect.feature_maps(net, images(1, 3, 32), next(iter(maps)))) == {next(iter(maps))}


def test_filters_are_a_copy_of_the_kernels():
    net = small()
    kernels = inspect.filters(net, "4")
    assert kernels.shape == (8, 6, 3, 3)
    kernels.zero_()
    assert net[4].weight.abs().sum() > 0
    with pytest.raises(ValueError, match="layer=1: is a BatchNorm2d without kernels; convolutions are 0, 4"):
        inspect.filters(net, "1")


class Cut(nn.Sequential):
    def forward(self, x):
        return super().forward(x.detach())


class Dead(nn.Module):
    """Its scores do not depend on one of its layers."""

    def __init__(self):
        super().__init__()
        self.side = nn.Conv2d(2, 3, 1)
        self.idle = nn.Conv2d(2, 3, 1)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 4))

    def forward(self, x):
        self.side(x)
        return self.head(x)


def broken():
    net = small()
    net[9].weight.data[:] = float("nan")
    return net


def stateless():
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(2, track_running_stats=False), nn.Flatten(), nn.Linear(2, 2)
    )


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: attribution.grad_cam(small(), images(), layer="44"), r"layer=44: is no layer .* nearest are 4"),
        (lambda: attribution.grad_cam(small(), images(), layer="9"), r"layer=9: gives \(3, 4\); .* feature maps"),
        (lambda: attribution.grad_cam(small(), images(), layer=4), "layer=4: is no layer"),
        (lambda: attribution.grad_cam(Dead(), images(), layer="idle"), "layer=idle: did not run"),
        (lambda: attribution.grad_cam(Dead(), images(), layer="side"), "layer=side: has no gradient"),
        (lambda: attribution.gradients(Cut(*small()), images()), "x=x: has no gradient"),
        (lambda: attribution.gradients(small(), images() * float("nan")), "x=NaN or infinity: must be finite"),
        (lambda: attribution.gradients(broken(), images()), r"model\(x\)=NaN"),
        (lambda: attribution.gradients(small(), images()[0]), r"x.shape=\(2, 12, 12\): .* x\[None\]"),
        (lambda: attribution.gradients(small(), images().to(torch.uint8)), "x=torch.uint8: must be a tensor of floats"),
        (lambda: attribution.gradients(small(), images(channels=3)), r"x.shape=\(3, 3, 12, 12\): the network cannot"),
        (lambda: attribution.gradients(stateless(), images(1)), "batch norm keeps no running averages"),
        (lambda: attribution.gradients(small()[:5], images()), r"model\(x\)=\(3, 8, 4, 4\): must be class scores"),
        (lambda: attribution.gradients(small(), images(), 4), "target=4: must lie between 0 and 3"),
        (lambda: attribution.gradients(small(), images(), [0, 1]), r"target=\[0, 1\]: must be a class number, or 3"),
        (lambda: attribution.guided_backprop(Dead(), images()), "model=Dead: calls no ReLU"),
        (lambda: attribution.occlusion(small(), images(), size=13), "size=13: must fit the image of 12x12"),
        (lambda: attribution.occlusion(small(), images(), size=2, stride=3), "size=2: .* stride of at most the size"),
        (lambda: attribution.deconvnet(small(), images(), layer="0", unit=(6, 0, 0)), r"unit=.*below \(6, 12, 12\)"),
        (lambda: inspect.feature_maps(nn.Sequential(nn.LSTM(12, 3)), images()[:, 0, None], "0"), "."),
    ],
)
def test_refusals_say_what_to_do(run, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        run()


def test_a_layer_that_gives_several_tensors_is_refused_by_name():
    net = nn.Sequential(nn.Flatten(2), nn.LSTM(144, 3, batch_first=True))
    with pytest.raises(ValueError, match="layer=1: gives a tuple, not one tensor"):
        inspect.feature_maps(net, images(), "1")
