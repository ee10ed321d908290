"""Branches: which maps a layer reads, and the receptive field of maps that are added or concatenated."""

from collections.abc import Mapping

from cnnlab.core import checks
from cnnlab.core._receptive_rows import AxisField


def sources_of(layers, inputs, number_of):
    """For each layer the row numbers that it reads."""
    if not isinstance(inputs, Mapping):
        checks.refuse("inputs", inputs, "must be a mapping from a layer's name to the names it reads")
    for name in inputs:
        if name == "input" or name not in number_of:
            checks.refuse("inputs", name, "is the name of no layer")
    return tuple(_read_by(layer.name, number, inputs, number_of) for number, layer in enumerate(layers))


def _read_by(name, before, inputs, number_of):
    if name not in inputs:
        return (before,)
    names = inputs[name]
    names = (names,) if isinstance(names, str) else names
    if not isinstance(names, (list, tuple)) or not names:
        checks.refuse(f"inputs[{name!r}]", names, "must be a name or a list of names")
    for source in names:
        if not isinstance(source, str) or number_of.get(source, before + 1) > before:
            checks.refuse(f"inputs[{name!r}]", source, "must name the input or a layer listed earlier")
    return tuple(number_of[source] for source in names)


def merged(name, rows, misaligned):
    """The axes of several maps added or concatenated; adds a sentence to `misaligned` where centres differ."""
    alike = {}
    for number, fields in enumerate(zip(*(row.axes for row in rows), strict=True)):
        alike.setdefault(fields, []).append(number)
    axes = [None] * len(rows[0].axes)
    for fields, numbers in alike.items():
        where, paths = f"axis {' and '.join(map(str, numbers))}", [row.name for row in rows]
        union = _union(name, where, paths, fields)
        for number in numbers:
            axes[number] = union
        starts = {path: axis.start for path, axis in zip(paths, fields, strict=True) if _is_full(axis, union)}
        if len(set(starts.values())) > 1:
            places = ", ".join(f"{path} at {start:g}" for path, start in starts.items())
            misaligned.append(f"{name}: the paths it merges are centred differently on {where}: {places} pixels.")
    return tuple(axes)


def _union(name, where, paths, fields):
    """One axis that sees from the first to the last pixel that any path sees."""
    n = max(axis.output_size for axis in fields)
    full = [axis for axis in fields if axis.output_size == n]
    spread = [axis for axis in fields if axis.output_size == 1 < n]
    if len(full) + len(spread) < len(fields):
        sizes = dict(zip(paths, (axis.output_size for axis in fields), strict=True))
        checks.refuse(f"inputs[{name!r}]", sizes, f"these map sizes on {where} must be equal to be merged")
    jump = max(axis.jump for axis in full)
    if n > 1 and any(axis.jump != jump for axis in full):
        jumps = dict(zip(paths, (axis.jump for axis in fields), strict=True))
        checks.refuse(f"inputs[{name!r}]", jumps, f"these jumps on {where} must be equal to be merged")
    # A spread map is seen by every unit, so the last unit's field must begin, and the first one's end, where it does.
    first = min([axis.first for axis in full] + [axis.first - (n - 1) * jump for axis in spread])
    stop = max(axis.first + axis.size for axis in fields)
    return AxisField(n, first, jump, stop - first, full[0].input_size)


def _is_full(axis, union):
    return axis.output_size == union.output_size
