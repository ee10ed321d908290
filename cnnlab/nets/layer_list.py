"""A network from a list of layers, as the lesson "Build your own" makes it and the lesson on training trains it.

A layer is a dict with its kind and settings, such as {"kind": "conv", "channels": 16, "kernel": 3, "stride": 1,
"padding": 1}; a setting that is left out has its usual value. A dense layer with one output a class always comes last.
"""

import math

from torch import nn

from cnnlab.core import arithmetic, checks

__all__ = ["KINDS", "build_module", "checked", "names"]

WINDOW = {"kernel": (1, 11, 3), "stride": (1, 4, 1), "padding": (0, 5, 1)}
POOLING = {"kernel": (1, 11, 2), "stride": (1, 4, 2), "padding": (0, 5, 0)}

# kind -> setting -> (least, most, usual value)
KINDS = {
    "conv": {"channels": (1, 512, 16), **WINDOW},
    "depthwise": WINDOW,
    "norm": {},
    "relu": {},
    "maxpool": POOLING,
    "avgpool": POOLING,
    "adaptive": {"size": (1, 16, 1)},  # average pooling to size x size, whatever comes
    "dropout": {"percent": (0, 90, 50)},
    "flatten": {},
    "linear": {"features": (1, 4096, 128), "inputs": (0, 1_000_000, 0)},  # inputs 0: as many as come
}


def checked(layers):
    """The list with every setting filled in. Raises ValueError for an unknown kind or setting."""
    if not isinstance(layers, (list, tuple)):
        checks.refuse("layers", layers, "must be a list of layers, such as [{'kind': 'conv', 'channels': 16}]")
    return [_checked(number, layer) for number, layer in enumerate(layers)]


def names(layers):
    """The name of each layer: its kind with a number that counts the layers of this kind."""
    counts = {}
    found = []
    for layer in layers:
        kind = layer["kind"]
        counts[kind] = counts.get(kind, 0) + 1
        found.append(f"{kind}{counts[kind]}")
    return found


def build_module(layers, in_channels=1, num_classes=10, size=28):
    """The network as a torch module for images of in_channels x size x size; its last layer is called logits.

    Raises ValueError that names the layer where shapes do not fit.

    >>> build_module([{"kind": "conv", "channels": 4}, {"kind": "flatten"}], size=8)
    Sequential(
      (conv1): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (flatten1): Flatten(start_dim=1, end_dim=-1)
      (logits): Linear(in_features=256, out_features=10, bias=True)
    )
    """
    layers = checked(layers)
    channels = checks.integer("in_channels", in_channels, 1)
    side = checks.integer("size", size, 1)
    last = {"kind": "linear", "features": checks.integer("num_classes", num_classes, 1), "inputs": 0}
    net, shape = nn.Sequential(), (channels, side, side)
    for name, layer in zip([*names(layers), "logits"], [*layers, last], strict=True):
        settings = {setting: value for setting, value in layer.items() if setting != "kind"}
        part, shape = MAKERS[layer["kind"]](name, shape, **settings)
        net.add_module(name, part)
    return net


def _checked(number, layer):
    where = f"layers[{number}]"
    if not isinstance(layer, dict) or not isinstance(layer.get("kind"), str):
        checks.refuse(where, layer, "must be a dict with a kind, such as {'kind': 'relu'}")
    known = KINDS[checks.choice(f"{where}['kind']", layer["kind"], tuple(KINDS))]
    if unknown := set(layer) - {"kind", *known}:
        checks.refuse(where, sorted(map(str, unknown))[0], f"is no setting of {layer['kind']}")
    full = {"kind": layer["kind"]}
    for setting, (least, most, usual) in known.items():
        value = checks.integer(f"{where}[{setting!r}]", layer.get(setting, usual), least)
        if value > most:
            checks.refuse(f"{where}[{setting!r}]", value, f"must be at most {most}")
        full[setting] = value
    return full


def _maps(name, shape):
    if len(shape) == 1:
        checks.refuse("layers", name, f"reads maps, and gets a list of {shape[0]:,} numbers")
    return shape


def _after_windows(name, shape, kernel, stride, padding):
    channels, side, _ = _maps(name, shape)
    if kernel > side + 2 * padding:
        checks.refuse("layers", name, f"spans {kernel} cells, more than the {side + 2 * padding} of its padded input")
    side = arithmetic.output_size(side, kernel, stride, padding)
    return channels, side, side


def _conv(name, shape, channels, kernel, stride, padding):
    _, *sides = _after_windows(name, shape, kernel, stride, padding)
    return nn.Conv2d(shape[0], channels, kernel, stride, padding), (channels, *sides)


def _depthwise(name, shape, kernel, stride, padding):
    after = _after_windows(name, shape, kernel, stride, padding)
    return nn.Conv2d(shape[0], shape[0], kernel, stride, padding, groups=shape[0]), after


def _pooling(module):
    def make(name, shape, kernel, stride, padding):
        after = _after_windows(name, shape, kernel, stride, padding)
        if 2 * padding > kernel:
            checks.refuse("layers", name, f"has padding {padding}, more than half of its kernel {kernel}")
        return module(kernel, stride, padding), after

    return make


def _norm(name, shape):
    return (nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d)(shape[0]), shape


def _adaptive(name, shape, size):
    channels, side, _ = _maps(name, shape)
    if size > side:
        checks.refuse("layers", name, f"averages to {size}x{size}, and gets maps of {side}x{side}")
    return nn.AdaptiveAvgPool2d(size), (channels, size, size)


def _flatten(name, shape):
    return nn.Flatten(), (math.prod(shape),)


def _linear(name, shape, features, inputs):
    if len(shape) > 1:
        maps = f"{shape[0]} maps of {shape[1]}x{shape[2]}"
        checks.refuse("layers", name, f"reads a list of numbers, and gets {maps}; flatten or pool them first")
    if inputs and inputs != shape[0]:
        checks.refuse("layers", name, f"reads {inputs:,} numbers, and gets {shape[0]:,}")
    return nn.Linear(shape[0], features), (features,)


MAKERS = {
    "conv": _conv,
    "depthwise": _depthwise,
    "norm": _norm,
    "relu": lambda name, shape: (nn.ReLU(), shape),
    "maxpool": _pooling(nn.MaxPool2d),
    "avgpool": _pooling(nn.AvgPool2d),
    "adaptive": _adaptive,
    "dropout": lambda name, shape, percent: (nn.Dropout(percent / 100), shape),
    "flatten": _flatten,
    "linear": _linear,
}
