"""What a network is made of: for each layer its shape, parameters, multiply-adds, memory and receptive field.

One run on tensors without numbers shows everything, for any torch module and in milliseconds. Conventions: a
multiply-add is one multiplication with its addition (torchvision's "FLOPs"; `torch.utils.flop_counter` counts two),
counted in convolutions and matrix products; statistics of batch norm are buffers, not parameters; the network is in
evaluation mode, so heads that only training uses are listed as not called.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from cnnlab import nets
from cnnlab.core import checks, receptive_field
from cnnlab.nets import _trace
from cnnlab.nets._fields import Spot
from cnnlab.nets._outline import Outline

__all__ = ["Row", "Summary", "summary"]


@dataclass(frozen=True, slots=True)
class Row:
    """One layer, or one operation that `forward` itself calls.

    name : the module's name, or that of the module that calls the operation with the operation's behind it
    type : the module's class, or the operation's name
    output_shape : of its (first) result, batch included; None if it was not called
    parameters, trainable, buffers : numbers that belong to it; counted where they come up first
    multiply_adds : of this call
    memory : bytes of its result; 0 for what works in place or only looks at its input from another side
    receptive_field, jump, start : in input pixels, one an axis, as in `core.receptive_field`; None where not known
    call : 1, or 2 and more for a layer that is used again
    functional : whether it is an operation and no module
    node : row of `Summary.table` that its units belong to, None where fields are not known
    note : what else there is to say
    """

    name: str
    type: str
    output_shape: tuple | None
    parameters: int = 0
    trainable: int = 0
    buffers: int = 0
    multiply_adds: int = 0
    memory: int = 0
    receptive_field: tuple | None = None
    jump: tuple | None = None
    start: tuple | None = None
    call: int = 1
    functional: bool = False
    node: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Summary(Sequence):
    """The rows of a network in the order in which they ran; printing it gives them as a table.

    table : the `core.receptive_field.Table` behind the fields, for `field_of(table, row.node, unit)`
    missing : sentences on what could not be worked out
    """

    title: str
    input_size: tuple
    rows: tuple[Row, ...]
    table: receptive_field.Table | None = field(repr=False)
    missing: tuple[str, ...] = ()

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        """A row by its number, or by its name (its first call)."""
        if isinstance(index, str):
            found = next((row for row in self.rows if row.name == index), None)
            return found or checks.refuse("name", index, f"is no row; there are {', '.join(self._names[:6])}, ...")
        return self.rows[index]

    @property
    def _names(self):
        return [row.name for row in self.rows]

    @cached_property
    def parameters(self):
        """All parameters."""
        return self._total("parameters")

    @cached_property
    def trainable(self):
        """Parameters that training changes."""
        return self._total("trainable")

    @cached_property
    def buffers(self):
        """Numbers that are kept and not trained, such as the statistics of batch norm."""
        return self._total("buffers")

    @cached_property
    def multiply_adds(self):
        """Multiply-adds of one run."""
        return self._total("multiply_adds")

    @cached_property
    def memory(self):
        """Bytes of all results together."""
        return self._total("memory")

    def _total(self, name):
        return sum(getattr(row, name) for row in self.rows)

    def frame(self):
        """The rows as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame([{f.name: getattr(row, f.name) for f in fields(Row)} for row in self.rows])

    def __str__(self):
        from cnnlab.nets import _summary_text

        return _summary_text.text(self)

    def _repr_html_(self):
        from cnnlab.nets import _summary_text

        return _summary_text.html(self)


def summary(model, input_size=None, *, dtypes=None):
    """The `Summary` of a network.

    model : a torch module, or the name of an architecture (which then takes no memory)
    input_size : with the batch, as (1, 3, 224, 224); a list of such for several inputs; None: the architecture's own
    dtypes : types of the inputs, such as [torch.long] for indices; None: that of the model's parameters

    The model is left as it was. Raises ValueError with the layer's name where the input does not fit.

    >>> net = summary("lenet5")
    >>> net.parameters, net.multiply_adds, net["conv2"].output_shape, net["conv2"].receptive_field
    (61706, 416520, (1, 16, 10, 10), (14, 14))
    """
    if isinstance(model, str):
        known = nets.info(model)
        return _named(model, tuple(_sizes(input_size or (1, *known.input_size))))
    _refuse_model(model)
    if input_size is None:
        checks.refuse("input_size", None, "must be given for a model, with the batch, as (1, 3, 224, 224)")
    return _summary(getattr(model, "_orig_mod", model), type(model).__name__, _sizes(input_size), dtypes)


@lru_cache(maxsize=128)
def _named(name, sizes):
    with Outline():
        model = nets.build(name)
    return _summary(model, nets.info(name).title, list(sizes), None)


def _summary(model, title, sizes, dtypes):
    kind = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    if dtypes is not None and len(dtypes) != len(sizes):
        checks.refuse("dtypes", dtypes, f"must be {len(sizes)} types, one an input")
    trace = _trace.trace(model, sizes, dtypes or [kind] * len(sizes))
    table = trace.graph.table() if len(sizes[0]) > 2 else ()
    nodes = [(node.size, node.jump, node.start, number) for number, node in enumerate(table)]
    called = {noted.module for noted in trace.noted}
    left = [module for module in trace.names if module not in called and (module in trace.layers or module._parameters)]
    owned = set()
    rows = [_row(noted, nodes, owned) for noted in (*trace.noted, *(_not_called(trace, module) for module in left))]
    return Summary(title, tuple(sizes), tuple(rows), table or None, tuple(dict.fromkeys(trace.missing)))


def _refuse_model(model):
    if not isinstance(model, nn.Module):
        checks.refuse("model", model, "must be a torch module or the name of an architecture")
    if any(isinstance(m, LazyModuleMixin) and m.has_uninitialized_params() for m in model.modules()):
        checks.refuse("model", type(model).__name__, "has lazy layers without a size; run it once on an input first")


def _sizes(input_size):
    wanted = "must be the sizes with the batch, as (1, 3, 224, 224), or a list of such"
    if not isinstance(input_size, (tuple, list)) or not input_size:
        checks.refuse("input_size", input_size, wanted)
    several = all(isinstance(size, (tuple, list)) for size in input_size)
    sizes = [tuple(size) for size in input_size] if several else [tuple(input_size)]
    if any(len(size) < 1 for size in sizes):
        checks.refuse("input_size", input_size, wanted)
    return [tuple(checks.integer("input_size", n, 1) for n in size) for size in sizes]


def _not_called(trace, module):
    noted = _trace.Noted(trace.names[module], type(module).__name__, module)
    noted.note = "not called in evaluation mode"
    return noted


def _row(noted, nodes, owned):
    module, spot, note = noted.module, noted.spot, noted.note
    trainable = frozen = buffers = 0
    if module is not None:
        trainable, frozen, buffers, again = _numbers(module, owned)
        if again:
            note = f"{note}; " * bool(note) + f"its {again:,} parameters are counted above"
    followed = isinstance(spot, Spot) and not spot.uneven
    field, jump, start, node = nodes[spot.node] if followed else (None,) * 4
    return Row(
        noted.name,
        noted.type,
        noted.shape,
        trainable + frozen,
        trainable,
        buffers,
        noted.multiply_adds,
        noted.memory,
        field,
        jump,
        start,
        noted.call,
        module is None,
        node,
        note,
    )


def _numbers(module, owned):
    """(trainable, frozen, buffers, already counted) of a row: how many numbers of each kind its module has."""
    counts = [0, 0, 0, 0]
    parts = module.modules() if _trace.is_layer(module, None) and module._modules else (module,)
    for part in parts:
        for kept in part._parameters.values():
            if kept is not None:
                counts[3 if id(kept) in owned else 0 if kept.requires_grad else 1] += kept.numel()
                owned.add(id(kept))
        for kept in part._buffers.values():
            if kept is not None and id(kept) not in owned:
                counts[2] += kept.numel()
                owned.add(id(kept))
    return counts
