"""Layer tables of the networks that the lesson on architectures shows, read without torch.

`tools/architecture_tables.py` writes the file from `cnnlab.nets.summary`.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnnlab.core import receptive_field

FILE = Path(__file__).parent / "data/architectures.json"
PHOTOGRAPH = "Cat"


@dataclass(frozen=True)
class Layer:
    """A row of a network's table: shape without the batch, counts, and its row in the table of fields."""

    name: str
    kind: str
    shape: list
    parameters: int
    multiply_adds: int
    node: int


@cache
def networks():
    """{name: network}, as the page gets it; see `network` in the tool."""
    return _file()["networks"]


@cache
def counts():
    """{name: (parameters, multiply-adds)} of all networks of the chart, with the input size of their papers."""
    return {name: tuple(pair) for name, pair in _file()["counts"].items()}


def _file():
    return json.loads(FILE.read_text(encoding="utf-8"))


def layers(name):
    """The layers of a network, in order."""
    return [Layer(*row) for row in networks()[name]["rows"]]


def entries(name):
    """[kind, shape, parameters, multiply-adds, field] of what its paper's table would list: layers and blocks.

    >>> entries("alexnet_227")[0]
    ['conv 11×11 /4, 96', [96, 55, 55], 34944, 105415200, (11, 11)]
    """
    rows, fields, found, number = layers(name), table(name), [], 0
    blocks = {first: (kind, stop) for _, kind, first, stop in networks()[name]["blocks"]}
    while number < len(rows):
        kind, stop = blocks.get(number, (rows[number].kind, number + 1))
        inside = rows[number:stop]
        counted = sum(row.parameters for row in inside), sum(row.multiply_adds for row in inside)
        found.append([kind, inside[-1].shape, *counted, fields[inside[-1].node].size])
        number = stop
    return found


@cache
def table(name):
    """The `core.receptive_field.Table` of a network: what it was made from, put together again."""
    nodes = networks()[name]["nodes"]
    made, inputs = [], {}
    for number, (sources, axes) in enumerate(nodes[1:], start=1):
        windows = []
        for place, (units, _, _, _, span, stride, before) in enumerate(axes * 2 if len(axes) == 1 else axes):
            read = max(_axis(nodes[source], place)[0] for source in sources)
            windows.append((span, stride, (before, max(0, (units - 1) * stride + span - before - read))))
        kernel, step, padding = zip(*windows, strict=True)
        made.append(receptive_field.Layer(str(number), kernel, step, padding))
        inputs[str(number)] = [str(source) if source else "input" for source in sources]
    return receptive_field.graph_table(made, inputs, tuple(networks()[name]["input"][1:]))


def _axis(node, place):
    return node[1][min(place, len(node[1]) - 1)]
