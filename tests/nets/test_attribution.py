"""Attribution against captum, and against what the papers promise."""

import warnings

import pytest
import torch
from torch import nn

from cnnlab import nets
from cnnlab.nets import attribution, inspect

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of captum's own imports
    from captum import attr


class Branches(nn.Module):
    """A net of several paths, with ReLUs that work in place."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.left = nn.Sequential(nn.Conv2d(8, 6, 3, padding=1), nn.ReLU(inplace=True))
        self.right = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(8, 4, 1), nn.ReLU(inplace=True))
        self.head = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(10 * 16 * 16, 10))

    def forward(self, x):
        x = self.stem(x)
        return self.head(torch.cat([self.left(x), self.right(x)], 1))


def plain():
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3, groups=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12 * 25, 32),
        nn.ReLU(),
        nn.Linear(32, 10),
    )


# how it is made, a layer with feature maps
NETWORKS = {
    "plain": (plain, "3"),
    "branches": (Branches, "left.0"),
    "squeezenet1_1": (lambda: nets.build("squeezenet1_1", num_classes=10), "features.3.expand3x3"),
}
METHODS = ("gradients", "integrated", "guided", "deconvolution", "grad_cam", "occlusion")


def network(name):
    """One with batch norm that has seen data, in evaluation mode, in float64 so that 1e-5 means something."""
    torch.manual_seed(0)
    make, layer = NETWORKS[name]
    net = make().double()
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(3)).double()
    if name == "branches":
        net.train()(x)
    return net.eval(), x, layer


def both(method, net, x, layer, target):
    """(ours, captum's)"""
    if method == "gradients":
        return attribution.gradients(net, x, target), attr.Saliency(net).attribute(x, target, abs=False)
    if method == "integrated":
        theirs = attr.IntegratedGradients(net).attribute(x, torch.full_like(x, 0.1), target, n_steps=20)
        return attribution.integrated_gradients(net, x, target, baseline=0.1, steps=20), theirs
    if method == "guided":
        return attribution.guided_backprop(net, x, target), attr.GuidedBackprop(net).attribute(x, target)
    if method == "deconvolution":
        return attribution.deconvnet(net, x, target), attr.Deconvolution(net).attribute(x, target)
    if method == "grad_cam":
        theirs = attr.LayerGradCam(net, inspect.module(net, layer)).attribute(x, target, relu_attributions=True)
        return attribution.grad_cam(net, x, target, layer=layer), theirs[:, 0]
    theirs = attr.Occlusion(net).attribute(x, (3, 12, 9), (3, 7, 5), baselines=0.2, target=target)
    return attribution.occlusion(net, x, target, size=(12, 9), stride=(7, 5), value=0.2), theirs[:, 0]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore::UserWarning:captum")
@pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients")
@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU activations")
def test_it_agrees_with_captum(method, name):
    net, x, layer = network(name)
    ours, theirs = both(method, net, x, layer, 3)
    assert theirs.abs().max() > 0
    torch.testing.assert_close(ours, theirs.detach().double(), rtol=1e-5, atol=1e-5 * theirs.abs().max().item())


def test_functional_relus_follow_the_rule_as_modules_do():
    class Functional(nn.Sequential):
        def forward(self, x):
            x = nn.functional.relu(self[0](x), inplace=True)
            return self[1](x.relu().mean((2, 3)))

    torch.manual_seed(0)
    functional_net = Functional(nn.Conv2d(3, 5, 3), nn.Linear(5, 2))
    modules = nn.Sequential(functional_net[0], nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), functional_net[1])
    x = torch.randn(1, 3, 8, 8)
    for method in (attribution.guided_backprop, attribution.deconvnet):
        torch.testing.assert_close(method(functional_net, x, 1), method(modules, x, 1))


def test_integrated_gradients_are_complete():
    net, x, _ = network("plain")
    with torch.no_grad():
        gained = (net(x) - net(torch.zeros_like(x)))[:, 5]
    found = attribution.integrated_gradients(net, x, 5, steps=300)
    torch.testing.assert_close(found.sum((1, 2, 3)), gained, rtol=0.01, atol=1e-3)


def test_integrated_gradients_explain_one_class_all_the_way():
    net, x, _ = network("plain")
    torch.testing.assert_close(
        attribution.integrated_gradients(net, x, steps=4),
        attribution.integrated_gradients(net, x, net(x).argmax(1), steps=4),
    )


def test_smooth_grad_without_noise_is_the_gradient_and_noise_repeats():
    net, x, _ = network("plain")
    torch.testing.assert_close(
        attribution.smooth_grad(net, x, 1, samples=2, noise=0.0), attribution.gradients(net, x, 1)
    )
    assert torch.equal(attribution.smooth_grad(net, x, 1), attribution.smooth_grad(net, x, 1))
    assert not torch.equal(attribution.smooth_grad(net, x, 1), attribution.smooth_grad(net, x, 1, seed=1))


def test_a_linear_head_after_global_pooling_gives_its_weights_to_grad_cam():
    """There Grad-CAM is CAM (Zhou et al. 2016): the maps weighted by the class's row, over the number of places."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)).double()
    x = torch.randn(2, 3, 10, 10).double()
    maps = inspect.feature_maps(net, x, "0")["0"]
    cam = torch.einsum("k,nkij->nij", net[3].weight[2].detach(), maps) / 64
    torch.testing.assert_close(attribution.grad_cam(net, x, 2, layer="0", rectify=False), cam)
    # All places of a channel have one gradient here, so a weight for each place is the positive part of it.
    positive = torch.einsum("k,nkij->nij", net[3].weight[2].detach().clamp(min=0), maps) / 64
    torch.testing.assert_close(attribution.layer_cam(net, x, 2, layer="0", rectify=False), positive)


def test_grad_cam_plus_plus_follows_its_formula():
    net, x, layer = network("plain")
    seen = {}
    handle = net[3].register_forward_hook(lambda _, __, y: seen.update(y=y))
    score = net(x)[:, 1].sum()
    handle.remove()
    (g,) = torch.autograd.grad(score, seen["y"])
    maps = seen["y"].detach()
    wanted = torch.zeros(2, 5, 5).double()
    for n in range(2):
        for k in range(12):
            total, weight = maps[n, k].sum(), 0.0
            for slope in g[n, k].flatten():
                below = 2 * slope**2 + total * slope**3
                if below != 0:
                    weight += slope**2 / below * max(slope, 0)
            wanted[n] += weight * maps[n, k]
    torch.testing.assert_close(attribution.grad_cam_plus_plus(net, x, 1, layer=layer), wanted.clamp(min=0))


def test_two_classes_with_one_run_are_as_two_runs():
    net, x, layer = network("branches")
    one, other = attribution.class_map(net, x, [1, 7], layer=layer)
    torch.testing.assert_close(one, attribution.grad_cam(net, x, 1, layer=layer))
    torch.testing.assert_close(other, attribution.grad_cam(net, x, 7, layer=layer))


def test_grad_cam_finds_the_part_that_the_class_rests_on():
    """A net whose class 0 counts what is bright on the left, class 1 on the right."""
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2))
    sides = torch.zeros(8, 8)
    sides[:, :4] = 1
    net[0].weight.data[:], net[0].bias.data[:] = 1, 0
    net[3].weight.data = torch.stack([sides, 1 - sides]).flatten(1)
    x = torch.zeros(1, 1, 8, 8)
    x[0, 0, 2, 1] = x[0, 0, 5, 6] = 1
    fine = [attribution.layer_cam(net, x, target, layer="0")[0] for target in (0, 1)]
    assert [(m > 0).nonzero().tolist() for m in fine] == [[[2, 1]], [[5, 6]]]
    covered = [attribution.occlusion(net, x, target, size=1)[0] for target in (0, 1)]
    assert [(m != 0).nonzero().tolist() for m in covered] == [[[2, 1]], [[5, 6]]]


def test_a_unit_sent_back_stays_in_its_receptive_field():
    net, x, _ = network("plain")
    found = attribution.deconvnet(net, x, layer="3", unit=(4, 1, 2))
    rows, columns = (found.abs().sum((0, 1)) > 0).nonzero(as_tuple=True)
    # conv 5/2, pool 2/2, conv 3: jump 4, field 5 + 2 + 2 * 4 = 15
    assert rows.min() >= 4 and rows.max() < 4 + 15
    assert columns.min() >= 8 and columns.max() < 8 + 15


@pytest.mark.parametrize(("top", "left"), [(-2, -2), (0, 0), (6, 6), (-50, 3)])
def test_a_patch_may_hang_over_the_edge(top, left):
    x = torch.ones(1, 2, 8, 8)
    covered = attribution.occluded(x, top, left, 4, value=[5.0, 6.0])
    for row in range(8):
        for column in range(8):
            inside = top <= row < top + 4 and left <= column < left + 4
            assert covered[0, :, row, column].tolist() == ([5, 6] if inside else [1, 1])


def test_the_batch_size_of_occlusion_changes_nothing():
    net, x, _ = network("plain")
    torch.testing.assert_close(
        attribution.occlusion(net, x, 1, size=8, stride=5, batch=3),
        attribution.occlusion(net, x, 1, size=8, stride=5, batch=64),
    )
