"""What a network is made of: for each layer its shape, parameters, multiply-adds, memory and receptive field.

One run on tensors without numbers shows everything, for any torch module and in milliseconds. Conventions: a
multiply-add is one multiplication with its addition (torchvision's "FLOPs"; `torch.utils.flop_counter` counts two),
counted in convolutions and matrix products; statistics of batch norm are buffers, not parameters; the network is in
evaluation mode, so heads that only training uses are listed as not called.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property

import torch
from torch import nn

from cnnlab.core import checks, receptive_field
from cnnlab.nets import _trace
from cnnlab.nets._fields import Spot

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
    model, title, input_size = _model(model, input_size)
    sizes = _sizes(input_size)
    kind = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    if dtypes is not None and len(dtypes) != len(sizes):
        checks.refuse("dtypes", dtypes, f"must be {len(sizes)} types, one an input")
    trace = _trace.trace(model, sizes, dtypes or [kind] * len(sizes))
    table = trace.graph.table() if len(sizes[0]) > 2 else None
    owned = set()
    rows = [_row(noted, table, owned) for noted in trace.noted]
    called = {noted.module for noted in trace.noted}
    for module, name in trace.names.items():
        if module not in called and (trace.is_layer(module) or module._parameters):
            rows.append(_row(_not_called(module, name), None, owned))
    return Summary(title, tuple(sizes), tuple(rows), table, tuple(dict.fromkeys(trace.missing)))


def _model(model, input_size):
    if isinstance(model, str):
        from cnnlab import nets

        known = nets.info(model)
        with torch.device("meta"):
            return nets.build(model), known.title, input_size or (1, *known.input_size)
    if not isinstance(model, nn.Module):
        checks.refuse("model", model, "must be a torch module or the name of an architecture")
    if any(isinstance(p, nn.parameter.UninitializedTensorMixin) for p in (*model.parameters(), *model.buffers())):
        checks.refuse("model", type(model).__name__, "has lazy layers without a size; run it once on an input first")
    if input_size is None:
        checks.refuse("input_size", None, "must be given for a model, with the batch, as (1, 3, 224, 224)")
    return getattr(model, "_orig_mod", model), type(model).__name__, input_size  # _orig_mod: of torch.compile


def _sizes(input_size):
    wanted = "must be the sizes with the batch, as (1, 3, 224, 224), or a list of such"
    if not isinstance(input_size, (tuple, list)) or not input_size:
        checks.refuse("input_size", input_size, wanted)
    several = all(isinstance(size, (tuple, list)) for size in input_size)
    sizes = [tuple(size) for size in input_size] if several else [tuple(input_size)]
    if any(len(size) < 1 for size in sizes):
        checks.refuse("input_size", input_size, wanted)
    return [tuple(checks.integer("input_size", n, 1) for n in size) for size in sizes]


def _not_called(module, name):
    noted = _trace.Noted(name, type(module).__name__, module)
    noted.note = "not called in evaluation mode"
    return noted


def _row(noted, table, owned):
    module, spot = noted.module, noted.spot
    trainable = frozen = buffers = again = 0
    if module is not None:
        own = not _trace.is_layer(module, None)
        for kept in module._parameters.values() if own else module.parameters():
            if kept is None:
                continue
            if id(kept) in owned:
                again += kept.numel()
            elif kept.requires_grad:
                trainable += kept.numel()
            else:
                frozen += kept.numel()
            owned.add(id(kept))
        for kept in module._buffers.values() if own else module.buffers():
            if kept is not None and id(kept) not in owned:
                buffers += kept.numel()
                owned.add(id(kept))
    notes = [noted.note, f"its {again:,} parameters are counted above" if again else ""]
    known = table is not None and isinstance(spot, Spot) and not spot.uneven
    seen = table[spot.node] if known else None
    return Row(
        noted.name,
        noted.type,
        noted.shape,
        trainable + frozen,
        trainable,
        buffers,
        noted.multiply_adds,
        noted.memory,
        seen and seen.size,
        seen and seen.jump,
        seen and seen.start,
        noted.call,
        module is None,
        spot.node if known else None,
        "; ".join(filter(None, notes)),
    )
