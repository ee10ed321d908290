"""Receptive fields against the lecture's table, published figures, and the support of gradients in torch."""

import time

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.core.arithmetic import conv_parameters
from cnnlab.core.receptive_field import Layer, field_of, graph_table, minimum_input_size, pixels_of, table, units_seeing

LECTURE = [("conv", 7, 2, 3), ("bn", 1), ("relu", 1), ("maxpool", 3, 2, 1)]
VGG16 = [
    layer
    for convs in (2, 2, 3, 3, 3)
    for layer in [{"name": "conv", "kernel": 3, "padding": 1}] * convs + [{"name": "pool", "kernel": 2, "stride": 2}]
]
ALEXNET = [
    *(("conv1", 11, 4), ("pool1", 3, 2), ("conv2", 5, 1, 2), ("pool2", 3, 2)),
    *(("conv3", 3, 1, 1), ("conv4", 3, 1, 1), ("conv5", 3, 1, 1), ("pool5", 3, 2)),
]


def resnet(blocks, stride_last=False):
    """Layers and inputs of a bottleneck ResNet, each layer with its batch norm, ReLU and addition.

    The stride of a stage sits on the 3x3 convolution of its first block, as in torchvision, or of its last one, as in
    the networks that Araujo et al. measured (whose pooling is padded at the end only).
    """
    pool = Layer("maxpool", 3, 2, "same" if stride_last else 1)
    layers = [Layer("conv1", 7, 2, 3), Layer("bn1"), Layer("relu1"), pool]
    inputs, before = {}, "maxpool"
    for stage, count in enumerate(blocks, start=1):
        for block in range(count):
            strided = (block == count - 1 and stage < 4) if stride_last else (block == 0 and stage > 1)
            stride, name, shortcut = 1 + strided, f"layer{stage}.{block}", before
            inputs[f"{name}.conv1"] = before
            layers += [Layer(f"{name}.{part}") for part in ("conv1", "bn1", "relu1")]
            layers += [Layer(f"{name}.conv2", 3, stride, 1)]
            layers += [Layer(f"{name}.{part}") for part in ("bn2", "relu2", "conv3", "bn3")]
            if block == 0 or strided:
                inputs[f"{name}.shortcut"], shortcut = before, f"{name}.shortcut"
                layers.append(Layer(shortcut, 1, stride))
            inputs[f"{name}.add"] = [f"{name}.bn3", shortcut]
            layers += [Layer(f"{name}.add"), Layer(f"{name}.relu")]
            before = f"{name}.relu"
    return layers, inputs


def test_lecture_table():
    rows = table(LECTURE, 256)
    assert [row.name for row in rows] == ["input", "conv", "bn", "relu", "maxpool"]
    assert [row.output_size for row in rows] == [(n, n) for n in (256, 128, 128, 128, 64)]
    assert [row.start for row in rows] == [(0.5, 0.5)] * 5
    assert [row.jump for row in rows] == [(j, j) for j in (1, 2, 2, 2, 4)]
    assert [row.size for row in rows] == [(r, r) for r in (1, 7, 7, 7, 11)]


def test_lecture_unit_sees_from_edge_0_to_edge_6():
    rows = table(LECTURE, 256)
    assert field_of(rows, 2, (1, 1)) == field_of(rows, "bn", 1) == ((0, 6), (0, 6))
    assert field_of(rows, 2, (1, 1), clip=False) == ((-1, 6), (-1, 6))


def test_text_form():
    assert str(table(LECTURE, (256, 128))).splitlines()[-1] == "4  maxpool  64x32     0.5x0.5  4x4   11x11"


def test_stacked_small_kernels_see_as_much_as_a_large_one():
    assert [table([("conv", 3)] * depth, 9)[-1].size for depth in (1, 2, 3)] == [(3, 3), (5, 5), (7, 7)]
    assert table([("conv", 3)] * 2, 5)[-1].output_size == (1, 1)


def test_small_kernels_cost_less_than_the_large_one_they_replace():
    assert conv_parameters(3, 1, 7, bias=False) == 147
    assert 3 * conv_parameters(3, 1, 3, bias=False) == 81


@pytest.mark.parametrize(
    "layers, name, input_size, size, jump",
    [(VGG16, -1, 224, 212, 32), (ALEXNET, -1, 227, 195, 32), (ALEXNET, "pool1", 227, 19, 8)],
)
def test_published_fields_of_plain_nets(layers, name, input_size, size, jump):
    rows = table(layers, input_size)
    row = rows[rows.index(name) if isinstance(name, str) else name]
    assert (row.size, row.jump) == ((size,) * 2, (jump,) * 2)


def test_vgg16_effective_padding_as_published():
    assert table(VGG16, 224)[-1].effective_padding[0][0] == 90


@pytest.mark.parametrize(
    "blocks, size, padding",
    [((3, 4, 6, 3), 483, 239), ((3, 4, 23, 3), 1027, 511), ((3, 8, 36, 3), 1507, 751)],
    ids=["50", "101", "152"],
)
def test_published_fields_of_resnets(blocks, size, padding):
    rows = graph_table(*resnet(blocks, stride_last=True), 224)
    assert rows[-1].size == (size, size)
    assert rows[-1].jump == (32, 32)
    assert rows[-1].effective_padding[0][0] == padding
    assert not rows.misaligned


def test_resnet50_in_torchvision_layout():
    rows = graph_table(*resnet((3, 4, 6, 3)), 224)
    ends = [rows[rows.index(name)].size[0] for name in ("layer1.2.relu", "layer2.3.relu", "layer3.5.relu")]
    assert ends == [35, 91, 267]
    assert (rows[-1].size, rows[-1].jump, rows[-1].output_size) == ((427, 427), (32, 32), (7, 7))


def test_resnet152_is_quick():
    layers, inputs = resnet((3, 8, 36, 3))
    seconds = []
    for _ in range(20):
        begin = time.perf_counter()
        graph_table(layers, inputs, 224)
        seconds.append(time.perf_counter() - begin)
    assert len(layers) > 500
    assert min(seconds) < 2e-3  # 1 ms where nothing else runs; bench/ measures it


def axis_settings(dense):
    return st.integers(1, 4).flatmap(
        lambda kernel: st.tuples(
            st.just(kernel),
            st.integers(1, kernel if dense else 3),
            st.tuples(st.integers(0, 2), st.integers(0, 2)),
            st.just(1) if dense else st.integers(1, 3),
        )
    )


def chains(axes, dense):
    layer = st.lists(axis_settings(dense), min_size=axes, max_size=axes)
    return st.lists(layer, min_size=1, max_size=4).map(
        lambda chain: [Layer(f"layer {i}", *zip(*settings, strict=True)) for i, settings in enumerate(chain, start=1)]
    )


def through(layer, x):
    """A convolution with all-ones weights: the gradient is positive exactly where a unit looks."""
    axes = x.ndim - 2
    x = functional.pad(x, [side for pair in reversed(layer.padding) for side in pair])
    convolution = (functional.conv1d, functional.conv2d)[axes - 1]
    weight = torch.ones(1, 1, *layer.kernel, dtype=x.dtype)
    return convolution(x, weight, stride=layer.stride, dilation=layer.dilation)


def support(x, unit_value):
    """For each axis the sorted indices that the unit depends on."""
    (gradient,) = torch.autograd.grad(unit_value, x, retain_graph=True)
    found = gradient[0, 0].nonzero().numpy()
    return [np.unique(found[:, axis]) for axis in range(found.shape[1])]


def compute(layers, size):
    x = torch.ones(1, 1, *size, dtype=torch.float64, requires_grad=True)
    y = x
    for layer in layers:
        y = through(layer, y)
    return x, y


few = settings(max_examples=100, deadline=None)


@given(data=st.data(), axes=st.integers(1, 2))
@few
def test_fields_are_the_support_of_the_gradient(data, axes):
    layers = data.draw(chains(axes, dense=True))
    size = data.draw(st.tuples(*[st.integers(3, 14)] * axes))
    assume(all(n >= least for n, least in zip(size, minimum_input_size(layers), strict=True)))
    x, y = compute(layers, size)
    rows = table(layers, size)
    assert rows[-1].output_size == tuple(y.shape[2:])
    unit = tuple(data.draw(st.integers(0, n - 1)) for n in y.shape[2:])
    seen = support(x, y[(0, 0, *unit)])
    field = field_of(rows, len(layers), unit)
    if any(start == stop for start, stop in field):
        assert seen[0].size == 0
    else:
        assert field == tuple((indices[0], indices[-1] + 1) for indices in seen)


@given(data=st.data())
@few
def test_fields_with_holes_reach_from_the_first_to_the_last_pixel_seen(data):
    layers = data.draw(chains(1, dense=False))
    n = data.draw(st.integers(3, 30))
    assume(n >= minimum_input_size(layers)[0])
    x, y = compute(layers, (n,))
    rows = table(layers, n)
    for unit in range(y.shape[2]):
        (indices,) = support(x, y[0, 0, unit])
        ((start, stop),) = field_of(rows, len(layers), unit)
        assert all(start <= i < stop for i in indices)
        ((first, last),) = field_of(rows, len(layers), unit, clip=False)
        holds_padding = any(layer.padding != ((0, 0),) for layer in layers)
        if not holds_padding:
            assert (first, last) == (start, stop) == (indices[0], indices[-1] + 1)


@given(data=st.data(), axes=st.integers(1, 2), dense=st.booleans())
@few
def test_pixels_are_exactly_the_support_of_the_gradient(data, axes, dense):
    layers = data.draw(chains(axes, dense))
    size = data.draw(st.tuples(*[st.integers(3, 14)] * axes))
    assume(all(n >= least for n, least in zip(size, minimum_input_size(layers), strict=True)))
    x, y = compute(layers, size)
    unit = tuple(data.draw(st.integers(0, n - 1)) for n in y.shape[2:])
    pixels = pixels_of(table(layers, size), len(layers), unit)
    expected = support(x, y[(0, 0, *unit)])
    if all(indices.size for indices in pixels):
        for ours, theirs in zip(pixels, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    else:
        assert expected[0].size == 0


def test_a_dilated_stack_leaves_a_grid_of_pixels_unread():
    rows = table([("a", 3, 1, 0, 2), ("b", 3, 1, 0, 2), ("c", 3, 1, 0, 2)], (20,))
    assert rows[3].size == (13,)
    assert pixels_of(rows, "c", 0)[0].tolist() == [0, 2, 4, 6, 8, 10, 12]
    rows = table([("a", 3, 1, 0, 1), ("b", 3, 1, 0, 2), ("c", 3, 1, 0, 4)], (20,))
    assert pixels_of(rows, "c", 0)[0].tolist() == list(range(15))


@given(data=st.data(), dense=st.booleans())
@few
def test_units_seeing_is_the_reverse_of_field_of(data, dense):
    layers = data.draw(chains(1, dense))
    n = data.draw(st.integers(3, 20))
    assume(n >= minimum_input_size(layers)[0])
    rows = table(layers, n)
    number = data.draw(st.integers(0, len(layers)))
    fields = [field_of(rows, number, unit)[0] for unit in range(rows[number].output_size[0])]
    for pixel in range(n):
        seeing = [unit for unit, (start, stop) in enumerate(fields) if start <= pixel < stop]
        ((start, stop),) = units_seeing(rows, number, pixel)
        assert list(range(start, stop)) == seeing


@given(data=st.data())
@few
def test_merged_paths_see_the_union(data):
    one, other = (data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)) for _ in range(2))
    n = data.draw(st.integers(8, 16))
    branches = [
        [Layer(f"{name}{i}", (kernel,), padding="same") for i, kernel in enumerate(kernels)]
        for name, kernels in (("a", one), ("b", other))
    ]
    layers = [*branches[0], *branches[1], Layer("add")]
    rows = graph_table(layers, {"b0": "input", "add": [branch[-1].name for branch in branches]}, n)
    x = torch.ones(1, 1, n, dtype=torch.float64, requires_grad=True)
    paths = []
    for branch in branches:
        y = x
        for layer in branch:
            (kernel,) = layer.kernel
            y = functional.pad(y, ((kernel - 1) // 2, kernel // 2))  # an odd total puts the extra cell at the end
            y = functional.conv1d(y, torch.ones(1, 1, kernel, dtype=torch.float64))
        paths.append(y)
    total = paths[0] + paths[1]
    for unit in range(n):
        (indices,) = support(x, total[0, 0, unit])
        assert field_of(rows, "add", unit) == ((indices[0], indices[-1] + 1),)
        assert pixels_of(rows, "add", unit)[0].tolist() == indices.tolist()
    centres = [path.start for path in (rows[len(one)], rows[-2])]
    assert bool(rows.misaligned) == (centres[0] != centres[1])


def test_misaligned_paths_are_reported_with_both_offsets():
    layers = [("a", 3, 2, "same"), ("b", 1, 2), ("add", 1)]
    rows = graph_table(layers, {"b": "input", "add": ["a", "b"]}, (8, 9))
    assert rows.misaligned == (
        "add: the paths it merges are centred differently on axis 0: a at 1.5, b at 0.5 pixels.",
    )
    assert rows.misaligned[0] in rows.warnings


def test_paths_of_different_size_or_jump_are_refused():
    layers = [("a", 3, 2, 1), ("b", 1), ("add", 1)]
    with pytest.raises(
        ValueError, match=r"^inputs\['add'\]=\{'a': 4, 'b': 8\}: these map sizes on axis 0 and 1 must be equal"
    ):
        graph_table(layers, {"b": "input", "add": ["a", "b"]}, 8)
    layers = [("a", 3, 2, 1), ("b", 5), ("add", 1)]
    with pytest.raises(
        ValueError, match=r"^inputs\['add'\]=\{'a': 2, 'b': 1\}: these jumps on axis 0 and 1 must be equal"
    ):
        graph_table(layers, {"b": "input", "add": ["a", "b"]}, 8)


def test_a_global_gate_lets_every_unit_see_all():
    layers = [
        Layer("conv", 3, 2, 1),
        Layer("squeeze", "global"),
        Layer("excite"),
        Layer("scale"),
        Layer("conv2", 3, 1, 1),
    ]
    rows = graph_table(layers, {"scale": ["conv", "excite"]}, 16)
    assert rows[2].output_size == (1, 1)
    for name in ("excite", "scale", "conv2"):
        last = rows[rows.index(name)].output_size[0] - 1
        for unit in (0, last):
            assert field_of(rows, name, unit) == ((0, 16), (0, 16))
            ((first, stop), _) = field_of(rows, name, unit, clip=False)
            assert first <= 0 and stop >= 16 - 1


@given(n=st.integers(1, 20), kernel=st.integers(1, 5), stride=st.integers(1, 4), data=st.data())
@few
def test_ceil_mode_counts_as_torch_pools(n, kernel, stride, data):
    padding = data.draw(st.integers(0, kernel // 2))
    layer = Layer("pool", kernel, stride, padding, ceil_mode=True)
    least = minimum_input_size([layer])[0]
    if n < least:
        with pytest.raises(ValueError, match=r"^kernel="):
            table([layer], n)
        return
    pooled = functional.max_pool1d(torch.zeros(1, 1, n), kernel, stride, padding, ceil_mode=True)
    assert table([layer], (n,))[1].output_size == (pooled.shape[2],)


@given(data=st.data(), ceil_mode=st.booleans())
@few
def test_minimum_input_is_the_smallest_that_fits(data, ceil_mode):
    layers = [
        Layer(one.name, one.kernel, one.stride, one.padding, one.dilation, ceil_mode)
        for one in data.draw(chains(1, dense=False))
    ]
    (least,) = minimum_input_size(layers)
    assert table(layers, least)[-1].output_size[0] >= 1
    if least > 1:
        with pytest.raises(ValueError, match=r"^kernel=.*cells, more than"):
            table(layers, least - 1)


def test_minimum_input_of_whole_nets():
    assert minimum_input_size(VGG16) == (32, 32)
    assert minimum_input_size(ALEXNET) == (67, 67)
    assert minimum_input_size([*VGG16, ("classifier", "global")]) == (32, 32)


def test_warnings_say_what_is_odd():
    assert table(LECTURE, 256).warnings == ()
    (outgrown,) = table(VGG16, 192).warnings
    assert outgrown == "conv: from here on the field, 196x196, is larger than the input, 192x192."
    (skipped,) = table([("thin", 1, 3)], 9).warnings
    assert skipped.startswith("thin: its stride 3 exceeds the 1 that its kernel spans, so 2 of every 3 cells")
    (unread,) = table([("pool", (2, 2), (2, 2))], (9, 8)).warnings
    assert unread == "pool: the last 1 of the 9 cells of its input are not read (axis 0)."


def test_unread_pixels_are_in_no_field():
    rows = table([("pool", 2, 2), ("conv", 3, 1, 1)], (5,))
    assert field_of(rows, "conv", 1) == ((0, 4),)
    assert units_seeing(rows, "conv", 4) == ((0, 0),)


def test_effective_padding_describes_the_one_equivalent_layer():
    row = table(LECTURE, 256)[-1]
    equivalent = table([Layer("all", row.size, row.jump, row.effective_padding)], 256)[-1]
    assert equivalent.axes == row.axes


def test_axes_may_differ():
    rows = table([Layer("conv", (3, 1, 5), (1, 2, 1), ((1, 1), 0, "same"))], (8, 9, 10))
    assert rows[1].output_size == (8, 5, 10)
    assert rows[1].size == (3, 1, 5)
    assert rows[1].jump == (1, 2, 1)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: table([("conv", 0)], 8), "kernel=0:"),
        (lambda: table([("conv", 3, 0)], 8), "stride=0:"),
        (lambda: table([("conv", 3, 1, -1)], 8), "padding=-1:"),
        (lambda: table([("conv", 3, 1, 0, 0)], 8), "dilation=0:"),
        (lambda: table([("conv", 2.5)], 8), "kernel=2.5:"),
        (lambda: table([("conv", True)], 8), "kernel=True:"),
        (lambda: table([("conv", "all")], 8), "kernel=all:"),
        (lambda: table([("conv", 3, 1, "most")], 8), "padding=most:"),
        (lambda: table([("conv", ())], 8), "kernel="),
        (lambda: table([("conv", (3, 3), (1, 1, 1))], 8), "stride="),
        (lambda: table([("conv", 3, 1, (1, 1, 1)), ("conv", (3, 3))], 8), "layers="),
        (lambda: table([("conv", 3)], 0), "input_size=0:"),
        (lambda: table([("conv", (3, 3))], (8, 8, 8)), "input_size="),
        (lambda: table([("conv", 9)], 8), r"kernel=9: layer 'conv' spans 9 cells, more than"),
        (lambda: table(3, 8), "layers=3:"),
        (lambda: table([3], 8), r"layers\[0\]=3:"),
        (lambda: table([()], 8), r"layers\[0\]="),
        (lambda: table([{"kernel_size": 3}], 8), r"layers\[0\]=kernel_size:"),
        (lambda: table([{"kernel": 3, "transposed": True}], 8), "transposed=True: enlarges"),
        (lambda: table([("conv", 2**40)], 8), "kernel="),
        (lambda: table([("conv", 3, 2**40)], 8), "stride="),
        (lambda: table([("conv", 3, 1, 2**40)], 8), "padding="),
        (lambda: table([("conv", 3)], 2**40), "input_size="),
        (lambda: units_seeing(table([("conv", 3)], 2**30), 1, 0), "layer=1: would need"),
        (lambda: Layer(""), "name="),
        (lambda: Layer("pool", ceil_mode=1), "ceil_mode=1:"),
        (lambda: graph_table([("a", 1), ("a", 1)], {}, 8), "layers=a:"),
        (lambda: graph_table([("input", 1)], {}, 8), "layers=input:"),
        (lambda: graph_table([("a", 1)], [], 8), "inputs="),
        (lambda: graph_table([("a", 1)], {"b": "a"}, 8), "inputs=b:"),
        (lambda: graph_table([("a", 1)], {"a": "a"}, 8), r"inputs\['a'\]=a:"),
        (lambda: graph_table([("a", 1)], {"a": []}, 8), r"inputs\['a'\]="),
        (lambda: field_of(table(LECTURE, 64), 5, 0), "layer=5:"),
        (lambda: field_of(table(LECTURE, 64), "conv9", 0), "layer=conv9:"),
        (lambda: field_of(table(VGG16, 64), "conv", 0), "layer=conv: names rows"),
        (lambda: field_of(table(LECTURE, 64), 1, (32, 0)), "unit="),
        (lambda: field_of(table(LECTURE, 64), 1, (0, 0, 0)), "unit="),
        (lambda: field_of(table(LECTURE, 64), 1, -1), "unit=-1:"),
        (lambda: field_of(table(LECTURE, 64), 1, 0, clip="no"), "clip=no:"),
        (lambda: field_of(LECTURE, 1, 0), "table="),
        (lambda: units_seeing(table(LECTURE, 64), 1, 64), "pixel=64|pixel=.64, 64.:"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
