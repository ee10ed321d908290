"""A summary for reading: as text and as HTML."""

from html import escape

from cnnlab.core._receptive_rows import times

HEAD = ("layer", "type", "output", "parameters", "multiply-adds", "memory", "field", "jump")
LEFT = 3  # columns of words, the others are numbers


def text(summary):
    """A table, a line of totals, and a sentence for what is missing."""
    lines = [HEAD, *map(_cells, summary)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "  ".join(
            cell.ljust(width) if number < LEFT else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    table.insert(1, "-" * max(map(len, table)))
    return "\n".join([_title(summary), "", *table, "", _totals(summary), *summary.missing])


def html(summary):
    """The same as an HTML table."""
    head = "".join(f"<th>{name}</th>" for name in HEAD)
    body = "".join(
        f"<tr{_hint(row)}>" + "".join(_cell(number, cell) for number, cell in enumerate(_cells(row))) + "</tr>"
        for row in summary
    )
    after = "".join(f"<p>{escape(sentence)}</p>" for sentence in (_totals(summary), *summary.missing))
    title = f"<caption>{escape(_title(summary))}</caption>"
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{after}"


def _cell(number, cell):
    return f'<td style="text-align: {"left" if number < LEFT else "right"}">{escape(cell)}</td>'


def _hint(row):
    return f' title="{escape(row.note)}"' if row.note else ""


def _title(summary):
    sizes = " and ".join(times(size) for size in summary.input_size)
    return f"{summary.title} on {sizes}"


def _totals(summary):
    frozen = summary.parameters - summary.trainable
    return (
        f"{summary.parameters:,} parameters{f', {frozen:,} of them frozen' if frozen else ''}, "
        f"{summary.multiply_adds:,} multiply-adds, {size(summary.memory)} of results"
    )


def _cells(row):
    return (
        row.name + (f" (call {row.call})" if row.call > 1 else ""),
        row.type,
        times(row.output_shape) if row.output_shape is not None else "not called",
        f"{row.parameters:,}" if row.parameters else "",
        f"{row.multiply_adds:,}" if row.multiply_adds else "",
        size(row.memory) if row.memory else "",
        times(row.receptive_field) if row.receptive_field else "",
        times(row.jump) if row.jump else "",
    )


def size(count):
    """Bytes for reading: 1.5 MB is 1,500,000 bytes."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} bytes"
