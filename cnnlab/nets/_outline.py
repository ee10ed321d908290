"""Networks without numbers: modules on the meta device, made without the time that initialising them takes."""

from functools import cache

from torch.utils._python_dispatch import TorchDispatchMode


class Outline(TorchDispatchMode):
    """Within this context every new tensor is on the meta device, and writing to one is left out.

    >>> import torch
    >>> with Outline():
    ...     weight = torch.nn.Linear(3, 2).weight
    >>> weight.device, weight.shape
    (device(type='meta'), torch.Size([2, 3]))
    """

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        if name.endswith("_") and not name.endswith("__") and args[0].device.type == "meta":
            return args[0]
        kwargs = kwargs or {}
        if _places(function):
            kwargs["device"] = "meta"
        return function(*args, **kwargs)


@cache
def _places(function):
    """Whether an operation takes the device of its result."""
    return any(argument.name == "device" for argument in function._schema.arguments)
