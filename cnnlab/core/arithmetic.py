"""Convolution arithmetic: sizes and padding here; parameters and multiply-adds come from `cnnlab.core.cost`.

Symbols, as in Dumoulin & Visin (2016), "A guide to convolution arithmetic for deep learning": an axis of n cells,
a kernel of f cells, stride s, padding p, dilation d. The kernel spans d(f - 1) + 1 cells and lands on
floor((n + p_before + p_after - span) / s) + 1 places.
"""

import math
from dataclasses import dataclass

from cnnlab.core import checks
from cnnlab.core.cost import (
    INCEPTION_BOTTLENECK,
    INCEPTION_INPUT,
    INCEPTION_NAIVE,
    SeparableCost,
    activation_memory,
    branch_macs,
    conv_macs,
    conv_parameters,
    dense_macs,
    dense_parameters,
    module_macs,
    separable_macs,
    separable_parameters,
)

__all__ = [
    "INCEPTION_BOTTLENECK",
    "INCEPTION_INPUT",
    "INCEPTION_NAIVE",
    "NAMED_PADDINGS",
    "Explanation",
    "SeparableCost",
    "Step",
    "activation_memory",
    "branch_macs",
    "conv_macs",
    "conv_parameters",
    "dense_macs",
    "dense_parameters",
    "explain",
    "full_padding",
    "module_macs",
    "output_size",
    "padding_of",
    "same_padding",
    "separable_macs",
    "separable_parameters",
    "span",
    "transposed_output_size",
    "uncovered",
]

NAMED_PADDINGS = ("valid", "same", "full")


def span(kernel, dilation=1):
    """Cells from the first to the last tap of a kernel: d(f - 1) + 1.

    >>> span(3), span(3, dilation=2)
    (3, 5)
    """
    kernel = checks.integer("kernel", kernel, 1)
    dilation = checks.integer("dilation", dilation, 1)
    return dilation * (kernel - 1) + 1


def same_padding(n, kernel, stride=1, dilation=1):
    """Zeros (before, after) that make the output ceil(n / stride) cells: with stride 1, as many as the input.

    An odd total puts the extra cell at the end, as PyTorch and TensorFlow do. With a stride above 1 this is
    TensorFlow's rule; PyTorch refuses that combination.

    >>> same_padding(5, 3), same_padding(5, 4), same_padding(224, 7, stride=2)
    ((1, 1), (1, 2), (2, 3))
    """
    n = checks.integer("n", n, 1)
    stride = checks.integer("stride", stride, 1)
    reach = span(kernel, dilation)
    total = max((math.ceil(n / stride) - 1) * stride + reach - n, 0) if stride > 1 else reach - 1
    return total // 2, total - total // 2


def full_padding(kernel, dilation=1):
    """Zeros (before, after) that let every overlap of kernel and input count, down to a single cell: span - 1.

    >>> full_padding(3)
    (2, 2)
    """
    reach = span(kernel, dilation)
    return reach - 1, reach - 1


def padding_of(n, kernel, stride=1, padding=0, dilation=1):
    """The (before, after) that `padding` stands for on one axis of n cells.

    `padding` is an int for both sides, a pair (before, after), or "valid" (none), "same" or "full".

    >>> padding_of(5, 4, padding="same"), padding_of(5, 3, padding=1), padding_of(5, 3, padding=(0, 2))
    ((1, 2), (1, 1), (0, 2))
    """
    if isinstance(padding, str):
        checks.choice("padding", padding, NAMED_PADDINGS)
        if padding == "same":
            return same_padding(n, kernel, stride, dilation)
        return full_padding(kernel, dilation) if padding == "full" else (0, 0)
    if not checks.is_sequence(padding):
        return (checks.integer("padding", padding, 0),) * 2
    if len(padding) != 2:
        checks.refuse("padding", padding, "must be one whole number, or a pair (before, after)")
    return tuple(checks.integer("padding", side, 0) for side in padding)


def output_size(n, kernel, stride=1, padding=0, dilation=1):
    """Places where the kernel lands on one axis: floor((n + p_before + p_after - span) / s) + 1.

    Parameters
    ----------
    n, kernel, stride, dilation : int
        cells of the input, taps of the kernel, step between windows, distance between taps; each 1 or more
    padding : int, (int, int) or str
        as in `padding_of`

    Raises ValueError where the kernel spans more than the padded input. Source: Dumoulin & Visin (2016);
    EE541, unit 8.

    >>> output_size(227, 11, stride=4), output_size(7, 3, dilation=2), output_size(6, 3, stride=2, padding=1)
    (55, 3, 3)
    """
    return explain(n, kernel, stride, padding, dilation).result


def uncovered(n, kernel, stride=1, padding=0, dilation=1):
    """Cells at the end of the padded axis that no window reaches, because the next step would leave the input.

    >>> uncovered(6, 3, stride=2, padding=1), uncovered(7, 3, stride=2)
    (1, 0)
    """
    return explain(n, kernel, stride, padding, dilation).uncovered


def transposed_output_size(n, kernel, stride=1, padding=0, dilation=1, output_padding=0):
    """Size after a transposed convolution: (n - 1)s - p_before - p_after + span + output_padding.

    It undoes `output_size` up to the cells that the floor dropped; `output_padding` (less than the stride or
    the dilation) says how many of those to give back. `padding` is an int or a pair and crops the result.

    >>> transposed_output_size(3, 3, stride=2, padding=1), transposed_output_size(3, 3, 2, 1, output_padding=1)
    (5, 6)
    """
    n = checks.integer("n", n, 1)
    stride = checks.integer("stride", stride, 1)
    reach = span(kernel, dilation)
    if isinstance(padding, str):
        checks.refuse("padding", padding, "must be one whole number, or a pair (before, after)")
    before, after = padding_of(n, kernel, stride, padding, dilation)
    extra = checks.integer("output_padding", output_padding, 0)
    if extra >= max(stride, dilation):
        checks.refuse("output_padding", extra, f"must be less than the stride {stride} or the dilation {dilation}")
    size = (n - 1) * stride - before - after + reach + extra
    if size < 1:
        checks.refuse("padding", padding, f"would crop all {size + before + after} cells of the result")
    return size


@dataclass(frozen=True)
class Step:
    """One line of an explanation: what is computed, with symbols, with numbers, and what comes out."""

    name: str
    formula: str
    numbers: str
    value: int

    def __str__(self):
        return f"{self.name}: {self.formula} = {self.numbers} = {self.value}"


@dataclass(frozen=True)
class Explanation:
    """How the size of one output axis comes about.

    `result` is the output size, `padding` the cells added (before, after), `span` and `padded` the lengths of
    the dilated kernel and of the padded axis, `uncovered` the cells at the end of the padded axis that no window
    reaches, `uncovered_input` those of them that belong to the input. Printing it gives the numbered steps.
    """

    steps: tuple[Step, ...]
    result: int
    padding: tuple[int, int]
    span: int
    padded: int
    uncovered: int
    uncovered_input: int

    def __str__(self):
        return "\n".join(f"{number}. {step}" for number, step in enumerate(self.steps, start=1))


def explain(n, kernel, stride=1, padding=0, dilation=1):
    """The output size of one axis step by step; arguments and errors as in `output_size`.

    >>> print(explain(6, 3, stride=2, padding=1))
    1. kernel span: d(f - 1) + 1 = 1·(3 - 1) + 1 = 3
    2. padded size: n + p_before + p_after = 6 + 1 + 1 = 8
    3. room to move: padded - span = 8 - 3 = 5
    4. steps that fit: floor(room / s) = floor(5 / 2) = 2
    5. output size: steps + 1 = 2 + 1 = 3
    6. uncovered at the end: room - steps · s = 5 - 2 · 2 = 1
    """
    n = checks.integer("n", n, 1)
    kernel = checks.integer("kernel", kernel, 1)
    stride = checks.integer("stride", stride, 1)
    dilation = checks.integer("dilation", dilation, 1)
    before, after = padding_of(n, kernel, stride, padding, dilation)
    reach = span(kernel, dilation)
    padded = n + before + after
    room = padded - reach
    if room < 0:
        checks.refuse("kernel", kernel, f"spans {reach} cells, more than the {padded} of the padded input")
    moves, left_over = divmod(room, stride)
    steps = (
        *(_same_steps(n, stride, reach, before, after) if padding == "same" else ()),
        Step("kernel span", "d(f - 1) + 1", f"{dilation}·({kernel} - 1) + 1", reach),
        Step("padded size", "n + p_before + p_after", f"{n} + {before} + {after}", padded),
        Step("room to move", "padded - span", f"{padded} - {reach}", room),
        Step("steps that fit", "floor(room / s)", f"floor({room} / {stride})", moves),
        Step("output size", "steps + 1", f"{moves} + 1", moves + 1),
        Step("uncovered at the end", "room - steps · s", f"{room} - {moves} · {stride}", left_over),
    )
    return Explanation(steps, moves + 1, (before, after), reach, padded, left_over, max(left_over - after, 0))


def _same_steps(n, stride, reach, before, after):
    wanted = -(-n // stride)
    total = before + after
    return (
        Step("size wanted by “same”", "ceil(n / s)", f"ceil({n} / {stride})", wanted),
        Step(
            "padding it takes",
            "max((size - 1)s + span - n, 0)",
            f"max(({wanted} - 1)·{stride} + {reach} - {n}, 0)",
            total,
        ),
        Step("of which before", "floor(total / 2)", f"floor({total} / 2)", before),
    )
