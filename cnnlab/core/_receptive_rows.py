"""Tables of receptive fields: rows of whole numbers, readable as text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from cnnlab.core import checks
from cnnlab.core._receptive_layers import Layer


class AxisField(NamedTuple):
    """Receptive-field numbers of one map on one axis, in whole pixels of the input.

    `output_size` cells; unit 0 sees `size` pixels from pixel `first` on (negative: padding); neighbours are `jump`
    pixels apart; `input_size` is the length of the input's axis.
    """

    output_size: int
    first: int
    jump: int
    size: int
    input_size: int

    @property
    def start(self):
        """Centre of unit 0's field, in pixels from the input's edge: 0.5 is the middle of pixel 0."""
        return self.first + self.size / 2

    @property
    def effective_padding(self):
        """Padding (before, after) of the one layer with the same fields; negative after: the last pixels are unread."""
        reach = self.first + (self.output_size - 1) * self.jump + self.size
        return -self.first, reach - self.input_size


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: the layer's name and, one value an axis, what its units see of the input."""

    name: str
    axes: tuple[AxisField, ...]

    @property
    def output_size(self):
        """Cells of the layer's output map."""
        return tuple(axis.output_size for axis in self.axes)

    @property
    def start(self):
        """Centre of the first unit's field in pixels; 0.5 is the middle of the first pixel."""
        return tuple(axis.start for axis in self.axes)

    @property
    def jump(self):
        """Input pixels from one unit's field to the next: the product of all strides so far."""
        return tuple(axis.jump for axis in self.axes)

    @property
    def size(self):
        """Size of the receptive field in pixels, holes of dilated kernels included, before clipping to the input."""
        return tuple(axis.size for axis in self.axes)

    @property
    def effective_padding(self):
        """Padding (before, after) of the one layer that would have the same fields; negative: unread pixels."""
        return tuple(axis.effective_padding for axis in self.axes)


@dataclass(frozen=True)
class Table(Sequence):
    """The rows of a net, the input first (row 0); printing it gives the table as text.

    `layers[i]` made `rows[i + 1]` from the rows that `sources[i]` counts; `misaligned` says, one sentence each, where
    merged paths look at different places.
    """

    rows: tuple[Row, ...]
    layers: tuple[Layer, ...]
    sources: tuple[tuple[int, ...], ...] = field(repr=False)
    misaligned: tuple[str, ...] = ()

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]

    def __str__(self):
        lines = [("", "layer", "map size", "start", "jump", "receptive field")]
        for number, row in enumerate(self.rows):
            values = (row.output_size, row.start, row.jump, row.size)
            lines.append((str(number), row.name, *("x".join(f"{v:g}" for v in value) for value in values)))
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )

    def index(self, layer):
        """Row number of `layer`, given by its number (0 is the input) or its name."""
        if isinstance(layer, str):
            found = [number for number, row in enumerate(self.rows) if row.name == layer]
            if len(found) != 1:
                names = ", ".join(row.name for row in self.rows[:8])
                problem = f"names rows {found}; use a number" if found else f"is no row of this table ({names}, ...)"
                checks.refuse("layer", layer, problem)
            return found[0]
        number = checks.integer("layer", layer, 0)
        if number >= len(self.rows):
            checks.refuse("layer", layer, f"must be less than {len(self.rows)}, or a name; row 0 is the input")
        return number

    @cached_property
    def warnings(self):
        """Sentences on what is odd about this net: fields larger than the input, input never read, paths misaligned."""
        return (*self._outgrown(), *self._unread(), *self.misaligned)

    def _outgrown(self):
        for row in self.rows:
            if any(axis.size > axis.input_size for axis in row.axes):
                sizes, inputs = (times(values) for values in (row.size, self.rows[0].output_size))
                yield f"{row.name}: from here on the field, {sizes}, is larger than the input, {inputs}."
                return

    def _unread(self):
        for layer, sources in zip(self.layers, self.sources, strict=True):
            axes_of = {}
            for number in range(len(self.rows[0].axes)):
                n = max(self.rows[source].axes[number].output_size for source in sources)
                axes_of.setdefault(_unread_cells(layer.window(number, n), n), []).append(str(number))
            axes_of.pop("", None)
            for sentence, axes in axes_of.items():
                yield f"{layer.name}: {sentence} (axis {' and '.join(axes)})."


def _unread_cells(window, n):
    if window.stride > window.span and n > 1:
        skipped = window.stride - window.span
        return (
            f"its stride {window.stride} exceeds the {window.span} that its kernel spans, "
            f"so {skipped} of every {window.stride} cells of its input are not read"
        )
    if window.overhang(n) < 0:
        return f"the last {-window.overhang(n)} of the {n} cells of its input are not read"
    return ""


def times(values):
    """Sizes joined for reading: 64x64."""
    return "x".join(map(str, values))
