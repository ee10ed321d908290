"""Write the layer tables that the lesson on architectures shows: `python tools/architecture_tables.py`.

The lesson opens without torch, in the time that a file takes to read; this is the file. All numbers come from
`cnnlab.nets.summary`; a test compares them.
"""

import json
from pathlib import Path

import torch
from torch import nn

from cnnlab import nets

FILE = Path(__file__).parents[1] / "cnnlab/apps/data/architectures.json"
SHOWN = (
    *("lenet5_1998", "alexnet_227", "alexnet_2012", "alexnet", "vgg16", "vgg19", "googlenet", "inception_v3"),
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnet20", "resnet56"),
    *("wide_resnet50_2", "resnext50_32x4d", "densenet121", "squeezenet1_0", "xception", "mobilenet_v1", "mobilenet_v2"),
    *("shufflenet_v2_x1_0", "mnasnet1_0", "efficientnet_b0", "convnext_tiny", "fashion_cnn", "dogs_cats_cnn", "mlp"),
)
# Of these the chart of accuracies needs the counts alone.
COUNTED = ("vgg11", "vgg13", "vgg11_bn", "vgg16_bn", "densenet161", "densenet169", "densenet201", "squeezenet1_1")
IN_TRAINING_ALONE = ("Identity", "StochasticDepth")


def network(name):
    """One network as the page reads it.

    rows : [name, kind, output shape without batch, parameters, multiply-adds, node] of every layer
    blocks : [name, kind, number of its first row, number behind its last]
    nodes : [sources, axes] of the graph behind the fields; an axis is [units, first, jump, size, span, stride,
        padding], and stands for both where they are alike
    """
    known = nets.info(name)
    with torch.device("meta"):
        model = nets.build(name)
    counted = nets.summary(model, (1, *known.input_size))
    modules = dict(model.named_modules())
    kept = [row for row in counted if row.output_shape is not None and row.type not in IN_TRAINING_ALONE]
    return {
        "title": known.title,
        "year": known.year,
        "source": known.source,
        "input": list(known.input_size),
        "parameters": sum(row.parameters for row in kept),
        "multiply_adds": counted.multiply_adds,
        "rows": [
            [
                row.name,
                kind(modules.get(row.name), row),
                shape(row, counted.table),
                row.parameters,
                row.multiply_adds,
                row.node,
            ]
            for row in kept
        ],
        "blocks": list(blocks(kept, modules)),
        "nodes": list(nodes(counted.table)),
    }


def shape(row, table):
    """(channels, rows, columns) of a map, also where a network holds the channels last; (features,) of a vector."""
    found = list(row.output_shape[1:])
    cells = list(table[row.node].output_size) if row.node is not None else []
    last = len(found) == 3 and found[1:] != cells and found[:2] == cells
    return [found[2], *cells] if last else found


def kind(module, row):
    """What a layer is, in a few characters: conv 3×3 /2, 64."""
    match module:
        case nn.Conv2d():
            grouped = {module.in_channels: " depth-wise", 1: ""}.get(module.groups, f" in {module.groups} groups")
            return f"conv {_window(module.kernel_size, module.stride)}{grouped}, {module.out_channels}"
        case nn.MaxPool2d() | nn.AvgPool2d():
            return f"{row.type[:3].lower()} pool {_window(module.kernel_size, module.stride)}"
        case nn.AdaptiveAvgPool2d():
            return f"average pool to {_window(row.output_shape[2:], 1)}"
        case nn.Linear():
            return f"dense, {module.out_features}"
    return WORDS.get(row.type, row.type)


WORDS = {
    "BatchNorm2d": "batch norm",
    "BatchNorm1d": "batch norm",
    "LayerNorm": "layer norm",
    "LayerNorm2d": "layer norm",
    "LocalResponseNorm": "local response norm",
    "Dropout": "dropout",
    "Dropout2d": "dropout",
    "Flatten": "flatten",
    "relu": "ReLU",
    "Sigmoid": "sigmoid",
    "Squash": "scaled tanh",
    "Subsample": "scale and bias",
    "Distances": "distances to codes",
    "add": "add",
    "cat": "concatenate",
    "mul": "multiply",
    "avg_pool2d": "avg pool 3×3",
    "max_pool2d": "max pool 3×3 /2",
    "ChannelShuffle": "channel shuffle",
    "Permute": "permute",
    "Shortcut": "shortcut",
    "Block": "scale of each channel",
}
# These come behind a convolution, a pooling or a dense layer and leave the map's shape as it is.
FOLLOWERS = {
    *("batch norm", "layer norm", "local response norm", "dropout"),
    *("ReLU", "ReLU6", "SiLU", "GELU", "scaled tanh"),
}


def _window(size, stride):
    """3×3 /2, from settings that are one number or one an axis."""
    sizes, strides = ((n, n) if isinstance(n, int) else tuple(n) for n in (size, stride))
    return f"{sizes[0]}×{sizes[1]}" + (f" /{strides[0]}" if strides != (1, 1) else "")


def blocks(rows, modules):
    """Rows of one block of the paper's, and of one layer with what follows it."""
    kinds = [kind(modules.get(row.name), row) for row in rows]
    names = []
    for row, what in zip(rows, kinds, strict=True):
        block = block_of(row.name, modules)
        names.append(names[-1] if block is None and what in FOLLOWERS and names else block or row.name)
    first = 0
    for number in range(1, len(rows) + 1):
        if number == len(rows) or names[number] != names[first]:
            if number - first > 1:
                yield [names[first], BLOCKS.get(type(modules.get(names[first])).__name__, kinds[first]), first, number]
            first = number


BLOCKS = {
    "BasicBlock": "basic block",
    "Bottleneck": "bottleneck",
    "Block": "block",
    "PartlyConnected": "conv 5×5 by table, 16",
    "Subsample": "subsample 2×2",
    **dict.fromkeys(("Inception", *(f"Inception{letter}" for letter in "ABCDE")), "inception"),
    "InvertedResidual": "inverted residual",
    "MBConv": "inverted residual",
    "Fire": "fire",
    "DenseLayer": "dense layer",
}


def block_of(name, modules):
    """The outermost module around a layer, or itself, that is more than a list of layers; None for one by itself."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        module = modules.get(".".join(parts[:length]))
        pair = isinstance(module, nn.Sequential) and length > 1 and not any(map(_has_parts, module))
        if pair or (_has_parts(module) and not isinstance(module, (nn.Sequential, nn.ModuleList))):
            return ".".join(parts[:length])
    return None


def _has_parts(module):
    return module is not None and any(True for _ in module.children())


def nodes(table):
    """The graph of windows: [sources, axes]."""
    yield [[], _alike([[axis.output_size, 0, 1, 1, 1, 1, 0] for axis in table[0].axes])]
    for layer, row, sources in zip(table.layers, table.rows[1:], table.sources, strict=True):
        axes = []
        for number, axis in enumerate(row.axes):
            n = max(table[source].axes[number].output_size for source in sources)
            window = layer.window(number, n)
            read = [window.span, window.stride, window.before]
            axes.append([axis.output_size, axis.first, axis.jump, axis.size, *read])
        yield [list(sources), _alike(axes)]


def _alike(axes):
    return axes[:1] if axes[0] == axes[-1] else axes


def tables():
    """All that stands in the file."""
    networks = {name: network(name) for name in SHOWN}
    counts = {name: [made["parameters"], made["multiply_adds"]] for name, made in networks.items()}
    for name in COUNTED:
        counted = nets.summary(name)
        counts[name] = [counted.parameters, counted.multiply_adds]
    return {"networks": networks, "counts": counts}


def main():
    FILE.parent.mkdir(exist_ok=True)
    text = json.dumps(tables(), ensure_ascii=False, separators=(",", ":"))
    FILE.write_text(text.replace('},"', '},\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
