"""What torch does while a network runs, operation by operation: run it, count it, follow the picture's axes."""

import math
from functools import cache, cached_property

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from cnnlab.nets._field_rules import VIEWS, Call, rule_of
from cnnlab.nets._fields import Lost, Unfollowed

__all__ = ["MARK", "VIEWS", "Watch", "tensors_in"]

MARK = "_cnnlab_spot"  # where a tensor that comes from the input carries its `Spot` or `Unfollowed`


class Watch(TorchDispatchMode):
    """Sees every operation of a run. With `meta`, tensors of the model get twins without memory, so nothing changes."""

    def __init__(self, trace, model, *, meta):
        super().__init__()
        self.trace, self.meta = trace, meta
        self.model = model
        self.twins = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name, rule = _known(function)
        output = SHORTCUTS[name](function, *args) if self.meta and name in SHORTCUTS and not kwargs else None
        if output is None:
            if rule is None:
                with self:  # an operation made of others: see those
                    parts = function.decompose(*args, **(kwargs or {}))
                if parts is not NotImplemented:
                    return parts
            output = self._run(function, args, kwargs or {})
        arguments, outputs = tensors_in(args), tensors_in(output)
        followed = [getattr(tensor, MARK, None) for tensor in arguments]
        if any(followed):
            self._follow(name, rule, args, followed, outputs)
        counted = COUNTS[name](args, outputs[0]) if name in COUNTS else 0
        self.trace.operation(NAMES.get(name, name), arguments, output, counted)
        return output

    @cached_property
    def owned(self):
        return {id(tensor) for tensor in (*self.model.parameters(), *self.model.buffers())}

    def _run(self, function, args, kwargs):
        if self.meta:
            tensors = tensors_in((args, kwargs))
            mixed = any(tensor.device.type == "meta" for tensor in tensors)
            if mixed or (function._schema.is_mutable and self.owned & set(map(id, tensors))):
                args, kwargs = self._twin(args), self._twin(kwargs)
        return function(*args, **kwargs)

    def _twin(self, value):
        """The same without memory: tensors, also those in lists."""
        if isinstance(value, torch.Tensor):
            if value.device.type == "meta":
                return value
            if id(value) not in self.twins:
                self.twins[id(value)] = value, value.to("meta")
            return self.twins[id(value)][1]
        if isinstance(value, (list, tuple)):
            return type(value)(map(self._twin, value))
        if isinstance(value, dict):
            return {key: self._twin(entry) for key, entry in value.items()}
        return value

    def _follow(self, name, rule, args, followed, outputs):
        lost = next((spot for spot in followed if isinstance(spot, Unfollowed)), None)
        spots = {}
        for output in outputs:
            if lost is None and output.shape not in spots:
                place = self.trace.place(name)
                try:
                    spots[output.shape] = rule(Call(self.trace.graph, place, name, args, followed, output.shape))
                except Lost as reason:
                    lost = Unfollowed(f"{place}: {NAMES.get(name, name)} {reason}.")
                    self.trace.missing.append(lost.reason)
            setattr(output, MARK, lost or spots[output.shape])


def tensors_in(value):
    """The tensors in what a layer takes or returns, as a list: tuples, lists and mappings are searched."""
    if isinstance(value, torch.Tensor):
        return [value]
    found = []
    if isinstance(value, dict):
        value = value.values()
    elif type(value) not in (list, tuple) and not isinstance(value, (list, tuple)):
        return found
    for entry in value:
        if isinstance(entry, torch.Tensor):
            found.append(entry)
        elif isinstance(entry, (list, tuple, dict)) and entry and not isinstance(next(iter(entry)), int):
            found += tensors_in(entry)
    return found


@cache
def _known(function):
    """(name without the underscore of the in-place form, rule) of an operation; no rule: it may be made of others."""
    name = function.overloadpacket.__name__
    name = name.rstrip("_") if not name.startswith("__") else name
    return name, rule_of(name, torch.Tag.pointwise in function.tags, function._can_decompose())


def _convolution(function, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The result of conv2d on the meta device, several times as fast as torch gives it; None in unusual cases."""
    if x.ndim != 4 or isinstance(padding, str) or x.dtype != weight.dtype:
        return None
    if x.shape[1] != weight.shape[1] * groups:
        raise ValueError(f"it reads {weight.shape[1] * groups} channels, and what it gets has {x.shape[1]} channels")
    batch, _, height, width = x.shape
    channels, _, *kernel = weight.shape
    sizes = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip((height, width), kernel, *map(_two, (stride, padding, dilation)), strict=True)
    ]
    if min(sizes) < 1 or channels % groups:
        return None
    return torch.empty((batch, channels, *sizes), dtype=x.dtype, device="meta")


def _two(value):
    return (value, value) if isinstance(value, int) else value * 2 if len(value) == 1 else value


def _batch_norm(function, x, weight, bias, mean, variance, training, *_):
    parts = [part for part in (weight, bias, mean, variance) if part is not None]
    if training or x.ndim < 2 or any(part.numel() != x.shape[1] for part in parts):
        return None
    return torch.empty(x.shape, dtype=x.dtype, device="meta")


def _linear(function, x, weight, bias=None):
    """Checks, with a sentence that torch has not on the meta device, and leaves the work to torch."""
    if x.ndim and x.shape[-1] != weight.shape[1]:
        raise ValueError(f"it reads {weight.shape[1]} features, and what it gets has {x.shape[-1]}")


def _relu(function, x):
    if x.device.type != "meta":
        return None
    return x if function._schema.is_mutable else torch.empty(x.shape, dtype=x.dtype, device="meta")


def _add(function, x, y):
    alike = isinstance(y, torch.Tensor) and x.shape == y.shape and x.dtype == y.dtype
    if not alike or x.device.type != "meta" or y.device.type != "meta":
        return None
    return x if function._schema.is_mutable else torch.empty(x.shape, dtype=x.dtype, device="meta")


SHORTCUTS = {"conv2d": _convolution, "batch_norm": _batch_norm, "linear": _linear, "relu": _relu, "add": _add}


def _convolution_count(args, output):
    """Every cell of the result takes kernel x channels in / groups multiply-adds, transposed: every cell read does."""
    x, weight = args[:2]
    transposed = len(args) > 6 and args[6] is True
    return (x.numel() if transposed else output.numel()) * math.prod(weight.shape[1:])


def _transposed_count(args, output):
    return args[0].numel() * math.prod(args[1].shape[1:])


def _product_count(place):
    """For results of a matrix product: as many multiply-adds a cell as the left matrix has columns."""
    return lambda args, output: output.numel() * args[place].shape[-1]


def _attention_count(args, output):
    query, key, value = args[:3]
    pairs = math.prod(query.shape[:-1]) * key.shape[-2]
    return pairs * (query.shape[-1] + value.shape[-1])


COUNTS = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "convolution", "_convolution"), _convolution_count),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _transposed_count),
    **dict.fromkeys(("linear", "mm", "matmul", "bmm", "dot", "mv"), _product_count(0)),
    **dict.fromkeys(("addmm", "baddbmm", "addbmm"), _product_count(1)),
    **dict.fromkeys(("scaled_dot_product_attention", "_scaled_dot_product_flash_attention_for_cpu"), _attention_count),
}

# Operations that torch calls otherwise inside than in its functions.
NAMES = {
    "convolution": "conv",
    "addmm": "linear",
    "native_batch_norm": "batch_norm",
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
    "max_pool2d_with_indices": "max_pool2d",
    "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
    "_softmax": "softmax",
    "_log_softmax": "log_softmax",
}
