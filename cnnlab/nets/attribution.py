"""Which pixels does a network's answer rest on? Methods that differentiate the score; maps and occlusion beside them.

Each takes any module with class scores (N, K), images x (N, C, H, W) and `target`: a class number, one an image, or
None for the class with the highest score. Scores are logits: after a softmax a map also explains the other classes.
Each gives a tensor of x's shape, or (N, H, W) where it says so.
"""

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from cnnlab.core import checks
from cnnlab.nets import inspect
from cnnlab.nets.cam import class_map, grad_cam, grad_cam_plus_plus, layer_cam, stretched
from cnnlab.nets.occlusion import occluded, occlusion

__all__ = [
    "class_map",
    "deconvnet",
    "grad_cam",
    "grad_cam_plus_plus",
    "gradients",
    "guided_backprop",
    "integrated_gradients",
    "layer_cam",
    "occluded",
    "occlusion",
    "saliency",
    "smooth_grad",
    "stretched",
]


def gradients(model, x, target=None):
    """d score / d pixel: how much the score changes for a small change of each pixel.

    Simonyan, Vedaldi & Zisserman, "Deep inside convolutional networks", 2014.
    """
    with torch.inference_mode(False), torch.enable_grad(), inspect.evaluating(model):
        x = inspect.pixels(x).detach().clone().requires_grad_()
        score = inspect.target_scores(inspect.scores(model, x), target)
        return inspect.gradient(score, x)


def saliency(model, x, target=None):
    """The largest |d score / d pixel| over the channels, (N, H, W). Simonyan et al. 2014, section 3."""
    return gradients(model, x, target).abs().amax(1)


def integrated_gradients(model, x, target=None, *, baseline=0.0, steps=50):
    """(x - baseline) times the mean gradient on the straight way from the baseline to x.

    The values add up to score(x) - score(baseline): nothing is lost and nothing invented ("completeness").
    baseline : a number or an image that stands for "nothing there"; steps : points on the way, by Gauss-Legendre

    Sundararajan, Taly & Yan, "Axiomatic attribution for deep networks", 2017.
    """
    target = predicted(model, x) if target is None else target
    start = torch.as_tensor(baseline, dtype=x.dtype, device=x.device).expand_as(x)
    places, shares = np.polynomial.legendre.leggauss(checks.integer("steps", steps, 1))  # on -1..1
    total = torch.zeros_like(x)
    for place, share in zip((places + 1) / 2, shares / 2, strict=True):
        total += share * gradients(model, start + place * (x - start), target)
    return (x - start) * total


def smooth_grad(model, x, target=None, *, samples=25, noise=0.15, seed=0):
    """The mean gradient over noisy copies of the image: what flickers from pixel to pixel averages out.

    noise : standard deviation as a share of the image's range (max - min)

    Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017.
    """
    target = predicted(model, x) if target is None else target
    strength = noise * (x.amax((1, 2, 3), keepdim=True) - x.amin((1, 2, 3), keepdim=True))
    random = torch.Generator().manual_seed(checks.integer("seed", seed, 0))
    total = torch.zeros_like(x)
    for _ in range(checks.integer("samples", samples, 1)):
        total += gradients(model, x + strength * torch.randn(x.shape, generator=random).to(x), target)
    return total / samples


def guided_backprop(model, x, target=None):
    """The gradient, with every ReLU passing back only what is positive, and only where it was on.

    Springenberg et al., "Striving for simplicity", 2015. Sharp, but close to an edge detector: it hardly depends on
    the class or on the upper layers' weights (Adebayo et al. 2018).
    """
    return _backwards(model, x, target, guided=True)


def deconvnet(model, x, target=None, *, layer=None, unit=None):
    """The score, or one unit of a layer, sent back to pixels: what in the image excites it.

    Convolutions run transposed, max pooling puts values back where the maximum was (the "switches"), and each ReLU
    passes back what is positive, wherever it was on or off. The first two are just what backpropagation does, so only
    the ReLU's rule is changed here.

    layer, unit : a layer's name and (channel, row, column) in its output; None for the class score

    Zeiler & Fergus, "Visualizing and understanding convolutional networks", 2014.
    """
    return _backwards(model, x, target, guided=False, layer=layer, unit=unit)


def predicted(model, x):
    """The class with the highest score, (N,)."""
    with inspect.evaluating(model), torch.no_grad():
        return inspect.scores(model, inspect.pixels(x)).argmax(1)


def _backwards(model, x, target, *, guided, layer=None, unit=None):
    """The gradient under another rule for ReLU."""
    with torch.inference_mode(False), torch.enable_grad(), inspect.evaluating(model), _Rectifiers(guided) as rule:
        x = inspect.pixels(x).detach().clone().requires_grad_()
        with inspect.recording(model, [] if layer is None else [layer]) as seen:
            found = inspect.scores(model, x)
        value = inspect.target_scores(found, target) if layer is None else _unit(seen, layer, unit)
        if not rule.used:
            checks.refuse(
                "model", type(model).__name__, "calls no ReLU, and this method only changes how ReLUs pass back"
            )
        return inspect.gradient(value, x)


def _unit(seen, layer, unit):
    if layer not in seen:
        checks.refuse("layer", layer, "did not run for this input")
    maps = seen[layer]
    limits = tuple(maps.shape[1:])
    if unit is None or len(unit) != len(limits) or not all(0 <= u < n for u, n in zip(unit, limits, strict=True)):
        checks.refuse("unit", unit, f"must be one index an axis below {limits} (channel, row, column)")
    return maps[(slice(None), *unit)]


class _Rectifier(torch.autograd.Function):
    """ReLU forwards; backwards it passes what is positive (and, guided, only where it was on)."""

    @staticmethod
    def forward(ctx, x, guided):
        y = x.clamp(min=0)
        ctx.save_for_backward(y)
        ctx.guided = guided
        return y

    @staticmethod
    def backward(ctx, passed):
        (y,) = ctx.saved_tensors
        positive = passed.clamp(min=0)
        return (positive * (y > 0) if ctx.guided else positive), None


class _Rectifiers(TorchFunctionMode):
    """Within the block every ReLU, a module or called as a function, follows the other rule; no module is touched."""

    RELU = frozenset(
        {
            torch.relu,
            torch.relu_,
            torch.Tensor.relu,
            torch.Tensor.relu_,
            torch.nn.functional.relu,
            torch.nn.functional.relu_,
        }
    )

    def __init__(self, guided):
        super().__init__()
        self.guided = guided
        self.used = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in self.RELU:
            self.used += 1
            return _Rectifier.apply(args[0] if args else kwargs["input"], self.guided)
        return function(*args, **(kwargs or {}))
