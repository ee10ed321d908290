"""Checks on attribution: each tells a map that depends on the network from one that does not."""

import pytest
import torch
from torch import nn

from cnnlab.nets import attribution, inspect, trust, weights


def test_rank_correlation_is_spearmans():
    stats = pytest.importorskip("scipy.stats")
    random = torch.Generator().manual_seed(0)
    for _ in range(5):
        one, other = torch.randint(0, 6, (2, 40), generator=random)
        wanted = stats.spearmanr(one.numpy(), other.numpy()).statistic
        assert trust.rank_correlation(one, other) == pytest.approx(wanted)
    assert trust.rank_correlation(torch.ones(4), torch.arange(4)) == 0


def test_randomised_is_a_copy_with_other_weights_in_the_named_layers_alone():
    net = weights.trained("lenet5")
    before = {key: value.clone() for key, value in net.state_dict().items()}
    assert trust.layers_from_the_top(net) == ("fc3", "fc2", "fc1", "conv2", "conv1")
    twin = trust.randomised(net, ["fc3", "conv2"])
    changed = {key.split(".")[0] for key, value in twin.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {"fc3", "conv2"}
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    again = trust.randomised(net, ["fc3", "conv2"])
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in twin.state_dict().items())
    with pytest.raises(ValueError, match="layers=relu1: a ReLU has no way"):
        trust.randomised(net, ["relu1"])


def left_half():
    """Class 0 is the brightness of the left half, class 1 a constant."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    half = torch.zeros(8, 8)
    half[:, :4] = 1
    net[1].weight.data = torch.stack([half.flatten() / 4, torch.zeros(64)])
    net[1].bias.data[:] = 0
    return net, half


def test_a_true_map_deletes_and_inserts_faster_than_a_false_one():
    net, half = left_half()
    x = torch.ones(1, 1, 8, 8)
    right, wrong = half, 1 - half
    for curve, sign in ((trust.deletion, -1), (trust.insertion, 1)):
        good, bad = (curve(net, x, m, 0, steps=8) for m in (right, wrong))
        assert sign * (good.mean() - bad.mean()) > 0.1
    whole, empty = net(x).softmax(1)[0, 0], net(0 * x).softmax(1)[0, 0]
    falling = trust.deletion(net, x, right, 0, steps=8)
    torch.testing.assert_close(falling[[0, 4, 8]], torch.stack([whole, empty, empty]))
    rising = trust.insertion(net, x, right, 0, steps=8)
    torch.testing.assert_close(rising[[0, 4, 8]], torch.stack([empty, whole, whole]))
    with pytest.raises(ValueError, match=r"attribution.shape=\(4, 4\): must be \(8, 8\)"):
        trust.deletion(net, x, half[:4, :4])


def digit(label):
    from torch.nn import functional

    from cnnlab.nets import data

    digits = data.load("digits", "test")
    image = digits.images[digits.labels == label][:1].float() / 255
    about = weights.shipped("lenet5")
    image = functional.pad(functional.interpolate(image, size=(20, 20), mode="bilinear"), (4, 4, 4, 4))
    return (image - about.mean[0]) / about.std[0]


def test_the_gradient_of_a_randomised_network_is_another_one():
    net = weights.trained("lenet5")
    twin = trust.randomised(net, trust.layers_from_the_top(net))
    found = []
    for label in range(10):
        x = digit(label)
        found.append(
            trust.rank_correlation(attribution.gradients(net, x, label), attribution.gradients(twin, x, label))
        )
    assert abs(sum(found) / len(found)) < 0.2
    assert inspect.layer_names(twin) == inspect.layer_names(net)
