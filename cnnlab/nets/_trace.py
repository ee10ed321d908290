"""Run a network once and note every layer and every operation.

torch's dispatch tells of each operation, so whatever `forward` does is seen: branches, layers used twice, functions
called in between. On the meta device, where tensors have shapes and no numbers, nothing is computed. A network that
looks at its numbers cannot run there; it runs on zeros where its weights are.
"""

import threading
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from cnnlab.core import checks
from cnnlab.nets._fields import Graph, Unfollowed
from cnnlab.nets._watch import MARK, VIEWS, Watch, tensors_in

GROUPS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.Transformer, nn.TransformerEncoder, nn.TransformerDecoder)
GROUPS += (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)


class Noted:
    """One layer or operation that has run, with the tensors' shapes and the picture's spot in its result."""

    __slots__ = ("call", "memory", "module", "multiply_adds", "name", "note", "shape", "spot", "type")

    def __init__(self, name, kind, module=None):
        self.name, self.type, self.module = name, kind, module
        self.multiply_adds, self.memory, self.call, self.shape, self.spot, self.note = 0, 0, 1, None, None, ""


class Trace:
    """All that one run showed: `noted` in order, the `graph` of windows, sentences on what is `missing`.

    names : the modules that are rows or hold rows, with their names; layers : those that are one row each
    """

    def __init__(self, model, graph):
        self.graph = graph
        self.noted, self.missing = [], []
        self.names = dict(_walk(model))
        self.layers = {module for module in self.names if is_layer(module, model)}
        self.calls = {}
        self.running = []  # outermost first

    def enter(self, module, inputs):
        noted = Noted(self.names[module], type(module).__name__, module)
        noted.memory = _storages(inputs)
        self.running.append(noted)

    def leave(self, module, output):
        noted = self.running.pop()
        inputs, noted.memory = noted.memory, 0
        layer = module in self.layers
        if layer or module._parameters:
            self._close(noted, output, inputs if layer else None)

    def operation(self, name, arguments, output, multiply_adds):
        """Note what ran: within a layer as part of it, elsewhere as a row of its own."""
        within = self.running[-1]
        if within.module in self.layers:
            within.multiply_adds += multiply_adds
        elif name not in VIEWS and (multiply_adds or any(hasattr(tensor, MARK) for tensor in arguments)):
            noted = Noted(self.place(name), name)
            noted.multiply_adds = multiply_adds
            self._close(noted, output, _storages(arguments))

    def place(self, operation):
        """What an operation is called: the layer's name, or its own behind that of the module that calls it."""
        within = self.running[-1]
        if within.module in self.layers:
            return within.name or within.type
        return f"{within.name}.{operation}" if within.name else operation

    def _close(self, noted, output, inputs):
        noted.call = self.calls[noted.name] = self.calls.get(noted.name, 0) + 1
        tensors = tensors_in(output)
        if tensors:
            noted.shape = tuple(tensors[0].shape)
            noted.spot = getattr(tensors[0], MARK, None)
            if inputs is not None:
                new = {t.untyped_storage()._cdata: t.numel() * t.element_size() for t in tensors}
                noted.memory = sum(size for storage, size in new.items() if storage not in inputs)
            if len(tensors) > 1:
                noted.note = "also returns " + ", ".join(str(tuple(t.shape)) for t in tensors[1:])
        self.noted.append(noted)


def is_layer(module, model):
    """Whether a module is one row: torch's own layers, and modules of others that hold no modules."""
    if type(module).__module__.startswith("torch.nn."):
        return type(module) not in GROUPS
    return not module._modules and module is not model


def trace(model, sizes, types):
    """The `Trace` of one run on inputs of these sizes. The model is left as it was, also where it fails."""
    try:
        return _run(model, sizes, types, torch.device("meta"))
    except Refused as refused:
        tensors = [*model.parameters(), *model.buffers()]
        device = tensors[0].device if tensors else torch.device("cpu")
        if device.type == "meta" or "meta" not in str(refused.__cause__).lower():
            _refuse(sizes, refused)
    try:
        return _run(model, sizes, types, device)
    except Refused as refused:
        _refuse(sizes, refused)


class Refused(Exception):  # noqa: N818 - says what happened
    """The model's `forward` failed; the arguments are the layer's name and type."""


def _refuse(sizes, refused):
    name, kind = refused.args
    reason = str(refused.__cause__).strip().split("\n")[0] or type(refused.__cause__).__name__
    where = f"layer {name!r} ({kind})" if name else f"{kind}.forward"
    try:
        checks.refuse("input_size", sizes[0] if len(sizes) == 1 else sizes, f"{where} fails: {reason}")
    except ValueError as error:
        raise error from refused.__cause__


def _run(model, sizes, types, device):
    inputs = [torch.zeros(size, dtype=kind, device=device) for size, kind in zip(sizes, types, strict=True)]
    graph = Graph(sizes[0][2:])
    found = Trace(model, graph)
    for tensor in inputs:
        followed = tensor.ndim > 2 and tensor.shape[2:] == inputs[0].shape[2:]
        setattr(tensor, MARK, graph.start(tensor.shape) if followed else Unfollowed(""))
        if tensor.ndim > 2 and not followed:
            found.missing.append(
                f"Receptive fields are in the first input, of {sizes[0]}; that of {sizes[1]} is not followed."
            )
    mode = torch.inference_mode if device.type == "meta" else torch.no_grad
    with _unchanged(model, device), _calls(found), torch.random.fork_rng(devices=[]), mode():
        try:
            with Watch(found, model, meta=device.type == "meta"):
                model(*inputs)
        except Exception as error:
            within = found.running[-1] if found.running else Noted("", type(model).__name__)
            raise Refused(within.name, within.type) from error
    return found


@contextmanager
def _calls(found):
    """Tell `found` of the calls of its modules by hooks for all modules, so that the model's own are never touched."""
    here = threading.get_ident()

    def before(module, inputs):
        if module in found.names and threading.get_ident() == here:
            found.enter(module, inputs)

    def after(module, inputs, output):
        if module in found.names and threading.get_ident() == here:
            found.leave(module, output)

    handles = register_module_forward_pre_hook(before), register_module_forward_hook(after)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _unchanged(model, device):
    """The model in evaluation mode; afterwards every attribute and every buffer is again what it was."""
    before = [(module, dict(module.__dict__), dict(module._buffers)) for module in model.modules()]
    written = [] if device.type == "meta" else model.buffers()  # there, only twins of them are written to
    numbers = [(buffer, buffer.clone()) for buffer in written]
    try:
        for module, _, _ in before:
            module.__dict__["training"] = False
        yield
    finally:
        for module, attributes, buffers in before:
            module.__dict__.clear()
            module.__dict__.update(attributes)
            module._buffers.clear()
            module._buffers.update(buffers)
        for buffer, saved in numbers:
            buffer.copy_(saved)


def _walk(module, name="", model=None, seen=None):
    """(module, name) of everything that can be a row or hold rows; what is inside a layer belongs to it."""
    model, seen = model or module, set() if seen is None else seen
    if module in seen:
        return
    seen.add(module)
    yield module, name
    if not is_layer(module, model):
        for child, inner in module._modules.items():
            if inner is not None:
                yield from _walk(inner, f"{name}.{child}" if name else child, model, seen)


def _storages(values):
    return {tensor.untyped_storage()._cdata for tensor in tensors_in(values)}
