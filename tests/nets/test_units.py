"""Maximisation, patches, concepts, embeddings and adversarial steps: each against what it promises."""

import pytest
import torch
from torch import nn

from cnnlab.nets import adversarial, data, embedding, inspect, maximise, units, weights


@pytest.fixture(scope="module")
def digits():
    from torch.nn import functional

    found, about = data.load("digits", "test"), weights.shipped("lenet5")
    large = functional.interpolate(found.images.float() / 255, size=(20, 20), mode="bilinear")
    return (functional.pad(large, (4, 4, 4, 4)) - about.mean[0]) / about.std[0], found.labels


@pytest.fixture(scope="module")
def net():
    return weights.trained("lenet5")


SWITCHES = [
    {},
    {"jitter": 2},
    {"scale": 0.1, "rotation": 10.0},
    {"smooth": 0.5},
    {"fourier": True, "rate": 0.05},
]


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda switches: "+".join(switches) or "bare")
def test_the_climb_goes_up_and_leaves_the_network_alone(net, switches):
    net.train()
    steps = list(maximise.maximise(net, "conv2", 3, (1, 28, 28), steps=25, **switches))
    assert net.training
    net.eval()
    assert [step.step for step in steps] == list(range(1, 26))
    assert steps[-1].value > steps[0].value + 0.3
    assert steps[-1].image.abs().max() <= 2
    again = list(maximise.maximise(net, "conv2", 3, (1, 28, 28), steps=3, **switches))
    assert torch.equal(again[-1].image, steps[2].image)


def test_a_maximised_channel_beats_every_digit(net, digits):
    """The mean answer of a channel, against its mean answer to each of 359 images."""
    images = digits[0]
    limits = (images.min().item(), images.max().item())
    answers = units.responses(net, images, "conv2").mean((2, 3)).max(0).values
    won = 0
    for channel in range(16):
        *_, last = maximise.maximise(net, "conv2", channel, (1, 28, 28), steps=30, rate=0.2, limits=limits)
        won += last.value > answers[channel]
    assert won >= 15


def test_smoothness_makes_it_smooth(net):
    def rough(**switches):
        *_, last = maximise.maximise(net, "conv1", 0, (1, 28, 28), steps=20, **switches)
        return last.image.diff(dim=3).abs().mean()

    assert rough(smooth=50.0) < 0.7 * rough()


def test_the_dream_raises_the_layer(net, digits):
    steps = list(maximise.deep_dream(net, digits[0][:1], "conv2", steps=8, jitter=1))
    assert steps[-1].value > 1.2 * steps[0].value


def test_a_patch_is_cut_where_the_unit_sees(net, digits):
    images = digits[0]
    for patch in units.best_patches(net, images, "pool1", 2, count=4):
        maps = inspect.feature_maps(net, images[patch.image][None], "pool1")["pool1"]
        assert float(maps[0, 2].max()) == pytest.approx(patch.value)
        (top, bottom), (left, right) = patch.region
        assert patch.pixels.shape == (1, bottom - top, right - left)
        outside = images[patch.image].clone()[None]
        outside[:, :, :top] = outside[:, :, bottom:] = 0
        outside[:, :, :, :left] = outside[:, :, :, right:] = 0
        alone = inspect.feature_maps(net, outside, "pool1")["pool1"][0, 2][patch.unit]
        assert float(alone) == pytest.approx(patch.value, rel=1e-4)
    values = [patch.value for patch in units.best_patches(net, images, "conv2", 0)]
    assert values == sorted(values, reverse=True)


def test_a_channel_that_is_the_concept_has_iou_one():
    net = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False))
    net[0].weight.data[:] = torch.tensor([1.0, -1.0])[:, None, None, None]
    masks = torch.zeros(3, 10, 10, dtype=torch.bool)
    masks[:, 2, 3:8] = True
    found = units.channel_iou(net, masks[:, None].float(), "0", masks, quantile=0.95)
    assert found.tolist() == [1, 0]


def test_neighbours_are_the_nearest():
    points = torch.randn(60, 7, generator=torch.Generator().manual_seed(0))
    distances, numbers = embedding.nearest(points, points[:5], 4)
    wanted, order = torch.cdist(points[:5], points).sort(1)
    assert torch.equal(numbers, order[:, :4])
    torch.testing.assert_close(distances.float(), wanted[:, :4], atol=2e-3, rtol=1e-3)


def test_features_find_the_same_digit_more_often_than_pixels(net, digits):
    images, labels = digits

    def hits(points):
        return (labels[embedding.nearest(points, points, 2)[1][:, 1]] == labels).float().mean()

    learned = embedding.features(net, images, "relu4")
    assert learned.shape == (len(images), 84)
    assert hits(learned) > 0.9
    assert embedding.pca(learned).shape == (len(images), 2)
    assert embedding.tsne(learned[:60], perplexity=10.0).shape == (60, 2)


def test_one_step_lowers_the_true_class_and_raises_the_wanted_one(net, digits):
    images, labels = digits

    def right(x):
        with torch.no_grad():
            return (net(x).argmax(1) == labels).float().mean()

    moved = adversarial.one_step(net, images, labels, 0.5)
    assert (moved - images).abs().max() == pytest.approx(0.5)
    assert right(moved) < right(images) - 0.2
    towards = adversarial.one_step(net, images, labels, 0.1, towards=8)
    with torch.no_grad():
        assert (net(towards)[:, 8] > net(images)[:, 8]).float().mean() > 0.9
