"""Look into a network without changing it: its layers, what they put out, their filters.

Hooks live inside `with` blocks and are gone afterwards, after an error too. The network runs in evaluation mode, so
that one picture alone gives what it gives in a batch, and gets its own modes back. Gradients are asked for with
`torch.autograd.grad`, so neither `.grad` nor `requires_grad` of a parameter is ever touched.
"""

import difflib
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from cnnlab.core import checks

__all__ = [
    "calls",
    "evaluating",
    "feature_maps",
    "filters",
    "gradient",
    "layer_names",
    "module",
    "pixels",
    "recording",
    "scores",
    "target_scores",
]


def layer_names(model, kind=nn.Module):
    """Names of the layers that hold no others, in the order in which they are registered.

    kind : a module class, or a tuple of them, to list no others

    >>> layer_names(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU())))
    ('0', '1.0')
    """
    return tuple(
        name for name, part in model.named_modules() if name and not any(part.children()) and isinstance(part, kind)
    )


def module(model, layer):
    """The module with that name, as `named_modules` spells it; ValueError with the nearest names for another."""
    known = dict(model.named_modules())
    if isinstance(layer, str) and layer and layer in known:
        return known[layer]
    near = difflib.get_close_matches(str(layer), known, n=3) or [name for name in known if name][-3:]
    checks.refuse("layer", layer, f"is no layer of this network; the nearest are {', '.join(near)}")


@contextmanager
def evaluating(model):
    """The network in evaluation mode (no dropout, batch norm by its running averages); each part's mode comes back."""
    modes = {part: part.training for part in model.modules()}
    try:
        model.eval()
        yield model
    finally:
        for part, training in modes.items():
            part.training = training


@contextmanager
def recording(model, layers):
    """Within the block, runs of the network leave the outputs of the named layers in the dict that it gives.

    The next layer gets a copy, so a ReLU that works in place does not overwrite what was recorded. A layer that is
    used more than once leaves its last output.

    >>> net = nn.Sequential(nn.Flatten(), nn.ReLU(inplace=True))
    >>> with recording(net, ["0"]) as seen:
    ...     result = net(torch.tensor([[[-1.0]]]))
    >>> seen["0"].item(), result.item()
    (-1.0, 0.0)
    """
    seen = {}

    def keep(name):
        def hook(_, __, output):
            if not isinstance(output, torch.Tensor):
                checks.refuse("layer", name, f"gives a {type(output).__name__}, not one tensor; choose a layer inside")
            seen[name] = output
            return output.clone()

        return hook

    with ExitStack() as hooks:
        for name in dict.fromkeys(layers):
            hooks.enter_context(module(model, name).register_forward_hook(keep(name)))
        yield seen


def pixels(x):
    """`x` if it is a finite floating-point batch (N, C, H, W) with one image or more."""
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        checks.refuse("x", getattr(x, "dtype", type(x).__name__), "must be a tensor of floats (N, C, H, W)")
    if x.ndim != 4 or not x.numel():
        checks.refuse("x.shape", tuple(x.shape), "must be (N, C, H, W); one image is x[None]")
    if not x.isfinite().all():
        checks.refuse("x", "NaN or infinity", "must be finite; look at how the picture was normalised")
    return x


def scores(model, x):
    """The class scores (N, K) of a batch, as the network gives them; call it inside `evaluating`.

    Raises ValueError where the network cannot take the batch, gives something else, or gives NaN.
    """
    try:
        found = model(x)
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        if reason.startswith(("layer=", "x")):
            raise
        if "more than 1 value per channel" in reason:
            reason = "its batch norm keeps no running averages and cannot judge one image alone; give two or more"
        raise ValueError(f"x.shape={tuple(x.shape)}: the network cannot take it: {reason}") from error
    if not isinstance(found, torch.Tensor) or found.ndim != 2:
        shape = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        checks.refuse("model(x)", shape, "must be class scores (N, K) to explain one of them")
    if not found.isfinite().all():
        checks.refuse("model(x)", "NaN or infinity", "no map can explain that; the weights are broken, train anew")
    return found


def target_scores(found, target):
    """One score an image (N,) out of class scores (N, K).

    target : class number, or one an image; None stands for the class with the highest score
    """
    count, classes = found.shape
    chosen = found.argmax(1) if target is None else torch.as_tensor(target, device=found.device)
    if chosen.is_floating_point() or chosen.dtype == torch.bool or chosen.shape not in ((), (count,)):
        checks.refuse("target", target, f"must be a class number, or {count} of them (one an image)")
    if chosen.min() < 0 or chosen.max() >= classes:
        checks.refuse("target", target, f"must lie between 0 and {classes - 1}; the network has {classes} classes")
    return found.gather(1, chosen.long().expand(count)[:, None])[:, 0]


def gradient(value, of, name="x", *, keep_graph=False):
    """d (sum of value) / d of; ValueError where no path with a gradient leads from `of` to the value."""
    slope = None
    if value.requires_grad:
        (slope,) = torch.autograd.grad(value.sum(), of, allow_unused=True, retain_graph=keep_graph)
    if slope is None:
        remedy = "has no gradient: the score does not depend on it, or a detach, argmax or rounding cuts the path"
        checks.refuse("x" if name == "x" else "layer", name, remedy)
    return slope


def feature_maps(model, x, layers=None):
    """What the layers put out: a dict from name to tensor, (N, C, H, W) for a convolution.

    layers : a name, several, or None for all that hold no others; those that did not run are left out of None's

    >>> feature_maps(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), torch.zeros(1, 1, 8, 8), "0")["0"].shape
    torch.Size([1, 4, 6, 6])
    """
    wanted = layer_names(model) if layers is None else [layers] if isinstance(layers, str) else list(layers)
    with evaluating(model), torch.no_grad(), recording(model, wanted) as seen:
        model(pixels(x))
    if layers is not None and (missing := [name for name in wanted if name not in seen]):
        checks.refuse("layer", missing[0], "did not run for this input; the network does not use it here")
    return {name: seen[name].detach() for name in sorted(seen, key=list(wanted).index)}


def filters(model, layer):
    """The kernels of a convolution, a copy (C_out, C_in / groups, kh, kw)."""
    found = module(model, layer)
    if not isinstance(found, nn.Conv2d):
        near = ", ".join(layer_names(model, nn.Conv2d)[:6])
        checks.refuse("layer", layer, f"is a {type(found).__name__} without kernels; convolutions are {near}")
    return found.weight.detach().clone()


def calls(model, x):
    """What goes into and comes out of each layer that holds no others: {name: (input, output)}, in the order they run.

    Only layers that turn one tensor into one tensor; a layer that is used more than once leaves its last call.
    """
    seen, given = {}, {}
    with ExitStack() as hooks:
        for name in layer_names(model):

            def before(_, inputs, name=name):
                given[name] = inputs[0].clone() if len(inputs) == 1 and isinstance(inputs[0], torch.Tensor) else None

            def after(_, __, output, name=name):
                if given[name] is not None and isinstance(output, torch.Tensor):
                    seen[name] = (given[name], output.clone())

            part = module(model, name)
            hooks.enter_context(part.register_forward_pre_hook(before))
            hooks.enter_context(part.register_forward_hook(after))
        with evaluating(model), torch.no_grad():
            model(pixels(x))
    return seen
