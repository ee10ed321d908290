"""Wrong answers to "how many output cells?" that have a known cause, for exercises that name the misconception.

The page's predict-before-reveal uses the same list (widgets/js/convolution.js); a test compares them.
"""

import math

from cnnlab.core import arithmetic


def output_size_slips(n, kernel, stride=1, padding=0, dilation=1):
    """{wrong answer: what was probably missed} for one axis; arguments as in `arithmetic.output_size`.

    An answer that several slips would give stands for the first of them.

    >>> output_size_slips(7, 3, stride=2)[2]
    'The + 1 is missing: the window at the start counts too.'
    """
    shape = arithmetic.explain(n, kernel, stride, padding, dilation)
    before, after = shape.padding
    causes = {}

    def add(value, cause):
        if value != shape.result:
            causes.setdefault(value, cause)

    def places(room):
        return math.floor(room / stride) + 1

    room = shape.padded - shape.span
    if room % stride:
        add(room / stride + 1, "Round down: a window that does not fit completely is not taken.")
        add(math.ceil(room / stride) + 1, "Round down, not up: a window that does not fit completely is not taken.")
    add(places(room) - 1, "The + 1 is missing: the window at the start counts too.")
    if before + after:
        add(places(n + before - shape.span), "The padding was counted once: it is added on both sides.")
        add(places(n - shape.span), "The padding is missing: it makes the input larger on both sides.")
    add(places(room - shape.span), "The kernel was counted twice: only one kernel has to fit into the input.")
    if dilation > 1:
        add(
            places(shape.padded - kernel),
            "The dilation is missing: the kernel reaches over d·(k − 1) + 1 cells, not k.",
        )
        add(
            places(shape.padded - dilation * kernel),
            "The kernel reaches over d·(k − 1) + 1 cells, not d·k: nothing follows the last tap.",
        )
    if stride > 1:
        add(room + 1, "The stride is missing: the window jumps over cells.")
    add(n, "The output is as large as the input only when the padding makes up for the kernel and the stride is 1.")
    return causes
