"""Checks on attribution: does a map depend on what the network has learned, and does it name the pixels that count?"""

import copy

import numpy as np
import torch

from cnnlab.core import checks
from cnnlab.nets import inspect

__all__ = ["deletion", "insertion", "layers_from_the_top", "randomised", "rank_correlation"]


def layers_from_the_top(model):
    """Names of the layers with weights, the last first."""
    names = inspect.layer_names(model)
    return tuple(name for name in reversed(names) if any(True for _ in inspect.module(model, name).parameters()))


def randomised(model, layers, seed=0):
    """A copy of the network whose named layers have lost what they learned: each is initialised anew.

    A map that stays the same shows the picture, not the network. The usual check runs from the top down: the last
    layer, the last two, and so on (`layers_from_the_top(model)[:n]`).

    Adebayo et al., "Sanity checks for saliency maps", 2018.
    """
    twin = copy.deepcopy(model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(checks.integer("seed", seed, 0))
        for name in layers:
            layer = inspect.module(twin, name)
            if not hasattr(layer, "reset_parameters"):
                checks.refuse("layers", name, f"a {type(layer).__name__} has no way to be initialised anew")
            layer.reset_parameters()
    return twin


def rank_correlation(one, other):
    """Spearman's correlation of two maps of one shape: -1 to 1, and 0 where one of them is constant.

    >>> rank_correlation(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 4.0, 9.0]))
    1.0
    """
    if one.shape != other.shape:
        checks.refuse("other.shape", tuple(other.shape), f"must be {tuple(one.shape)}, as the first map")
    ranks = [_ranks(values.detach().double().flatten().cpu().numpy()) for values in (one, other)]
    ranks = [values - values.mean() for values in ranks]
    lengths = np.sqrt(np.prod([(values**2).sum() for values in ranks]))
    return round(float((ranks[0] * ranks[1]).sum() / lengths), 12) if lengths else 0.0


def deletion(model, x, attribution, target=None, *, value=0.0, steps=32):
    """The class's probability while the pixels go, the most important first: (steps + 1,), from the whole image.

    x : one image (1, C, H, W); attribution : (H, W) or (1, H, W), high where it matters; value : what covers a pixel.
    A good map makes the curve fall early, so the area under it (its mean) is small.

    Petsiuk, Das & Saenko, "RISE: randomized input sampling for explanation", 2018.
    """
    return _curve(model, x, attribution, target, value, steps, keep_first=False)


def insertion(model, x, attribution, target=None, *, value=0.0, steps=32):
    """The class's probability while the pixels come, the most important first, from a covered image to the whole one.

    A good map makes the curve rise early, so the area under it is large. Petsiuk et al. 2018.
    """
    return _curve(model, x, attribution, target, value, steps, keep_first=True)


def _curve(model, x, attribution, target, value, steps, *, keep_first):
    height, width = inspect.pixels(x).shape[2:]
    if len(x) != 1 or attribution.numel() != height * width:
        checks.refuse("attribution.shape", tuple(attribution.shape), f"must be ({height}, {width}), of one image")
    order = attribution.flatten().argsort(descending=True, stable=True)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)  # 0 for the most important pixel
    shares = torch.linspace(0, len(order), checks.integer("steps", steps, 1) + 1, device=order.device)
    first = (place < shares[:, None]).reshape(-1, 1, height, width)  # in each row a few more pixels
    cover = torch.as_tensor(value, dtype=x.dtype, device=x.device).reshape(-1, 1, 1)
    with inspect.evaluating(model), torch.no_grad():
        chosen = inspect.scores(model, x).argmax(1) if target is None else target
        stages = torch.where(first if keep_first else ~first, x, cover)
        return inspect.target_scores(
            inspect.scores(model, stages).softmax(1), torch.as_tensor(chosen).expand(steps + 1)
        )


def _ranks(values):
    """The rank of each value; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = counts.cumsum()
    return (ends - (counts - 1) / 2)[inverse]
