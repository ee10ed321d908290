"""A small change that nobody sees and the network falls for."""

import torch
from torch.nn import functional

from cnnlab.core import checks
from cnnlab.nets import inspect

__all__ = ["one_step"]


def one_step(model, x, labels, size, *, towards=None):
    """The images after one step along the sign of the loss's gradient: every pixel changes by `size`.

    labels : the true classes (N,); towards : the class that the step should lead to, instead of away from the true one
    size : in the units of x, a number or a tensor that broadcasts, such as (C, 1, 1)

    Goodfellow, Shlens & Szegedy, "Explaining and harnessing adversarial examples", 2015.
    """
    if not isinstance(size, torch.Tensor) and checks.number("size", size) < 0:
        checks.refuse("size", size, "must be 0 or more; `towards` turns the direction")
    with torch.inference_mode(False), torch.enable_grad(), inspect.evaluating(model):
        start = inspect.pixels(x).detach().clone().requires_grad_()
        found = inspect.scores(model, start)
        aim = torch.as_tensor(labels if towards is None else towards, device=x.device).expand(len(x))
        inspect.target_scores(found, aim)  # refuses classes that are not there
        slope = inspect.gradient(functional.cross_entropy(found, aim), start).sign()
    return x + size * slope if towards is None else x - size * slope
