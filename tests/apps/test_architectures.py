"""The apps on architectures in process: the lectures' tables, both ends of every control, refusals."""

import pytest

from cnnlab.apps import architectures_chart
from cnnlab.apps import architectures_menu as menu
from cnnlab.apps.architectures import NetworkExplorer
from cnnlab.apps.architectures_change import CHANGES, LIMITS, OneChange
from cnnlab.core import cost
from cnnlab.plots import imagenet


def shapes(name):
    return ["x".join(map(str, (*shape[1:], shape[0]))) for _, shape, *_ in menu.entries(name)]


def test_alexnet_as_in_the_lectures():
    convolutions = "55x55x96 27x27x96 27x27x256 13x13x256 13x13x384 13x13x384 13x13x256 6x6x256"
    assert shapes("alexnet_227") == [*convolutions.split(), "9216", "4096", "4096", "1000"]
    assert menu.entries("alexnet_227")[0] == ["conv 11×11 /4, 96", [96, 55, 55], 34_944, 105_415_200, (11, 11)]


def test_dogs_and_cats_as_in_the_lecture():
    counts = [entry[2] for entry in menu.entries("dogs_cats_cnn") if entry[2]]
    convolutions = [896, 18_496, 73_856, 147_584, 295_168, 1_180_160, 2_359_808, 2_359_808]
    assert counts == [*convolutions, 16_777_728, 513]
    assert sum(counts) == menu.networks()["dogs_cats_cnn"]["parameters"] == 23_214_017


def test_lenet_as_in_the_paper():
    table = [entry[2] for entry in menu.entries("lenet5_1998") if entry[2]]
    assert table == [156, 12, 1_516, 32, 48_120, 10_164]


@pytest.mark.parametrize("name", menu.networks())
def test_counts_of_blocks_and_layers_add_up(name):
    known = menu.networks()[name]
    for column, total in ((2, known["parameters"]), (3, known["multiply_adds"])):
        assert sum(entry[column] for entry in menu.entries(name)) == total
    assert menu.counts()[name] == (known["parameters"], known["multiply_adds"])


@pytest.mark.parametrize("name", menu.networks())
def test_fields_in_the_file_are_those_of_core(name):
    for (_, axes), row in zip(menu.networks()[name]["nodes"], menu.table(name).rows, strict=True):
        both = axes * 2 if len(axes) == 1 else axes
        assert [axis[:4] for axis in both] == [[a.output_size, a.first, a.jump, a.size] for a in row.axes]


def test_every_control_of_the_explorer_at_both_ends():
    app = NetworkExplorer()
    for name in menu.networks():
        app.network = app.other = name
        for app.layer, app.other_layer, app.place in ((0, 10**6, (0, 0)), (10**6, 0, (1, 1.0))):
            views = app.result()
            assert len(views) == 2
            for view in views:
                sides = app.networks[name]["input"][1:]
                for (start, stop), side in zip(view.field, sides, strict=True):
                    assert 0 <= start < stop <= side
    app.other = "none"
    assert len(app.result()) == 1
    app.close()


def test_a_units_field():
    app = NetworkExplorer(network="vgg16", layer=4, place=[0, 0])
    (view,) = app.result()
    assert (view.layer.kind, view.unit) == ("max pool 2×2 /2", (0, 0))
    assert (view.field, view.whole) == (((0, 4), (0, 4)), ((-2, 4), (-2, 4)))
    app.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [("network", "none"), ("place", [0.5]), ("place", [0.5, 1.5]), ("opened", ["a", 3]), ("layer", -1)],
)
def test_bad_settings_are_refused(name, value):
    app = NetworkExplorer()
    with pytest.raises(ValueError, match=f"^{name}="):
        setattr(app, name, value)
    app.close()


def test_changes_at_both_ends():
    app = OneChange()
    for app.change in CHANGES:
        for app.channels in LIMITS["channels"]:
            for app.side in LIMITS["side"]:
                before, after = app.result()
                assert after.parameters < before.parameters
                assert after.multiply_adds < before.multiply_adds
    with pytest.raises(ValueError, match="channels=18: must be a multiple of 4"):
        app.channels = 18
    app.close()


def test_known_changes():
    before, after = OneChange.compute(change="stack", channels=64, side=56)
    assert (before.field, after.field) == (7, 7)
    assert (before.parameters, after.parameters) == (49 * 64**2, 27 * 64**2)
    before, after = OneChange.compute(change="bottleneck", channels=256, side=56)
    assert (after.parameters, after.field) == (69_632, 3)  # He et al. 2016, figure 5, right
    _, after = OneChange.compute(change="separable", channels=32, side=8)
    assert after.parameters == cost.separable_parameters(32, 32, 3, bias=False).total
    before, _ = OneChange.compute(change="head", channels=512, side=7)
    vgg = [entry for entry in menu.entries("vgg16") if entry[0].startswith("dense")]
    assert before.parameters == sum(entry[2] for entry in vgg) - 4096 - 4096 - 1000  # without biases


def test_the_chart_holds_every_figure(capsys):
    rows = imagenet.figures(menu.counts())
    chart = imagenet.accuracy_chart(menu.counts())
    assert sum(len(trace.x) for trace in chart.data) == len(rows) == 26 + 18 + 5
    points = {(trace.name, x, y) for trace in chart.data for x, y in zip(trace.x, trace.y, strict=True)}
    assert points == {(source, parameters, one) for source, _, parameters, _, one, _ in rows}
    buttons = {button.label: button.args for group in chart.layout.updatemenus for button in group.buttons}
    work = [value for part in buttons["multiply-adds"][0]["x"] for value in part]
    assert sorted(filter(None, work)) == sorted(row[3] for row in rows if row[3])
    architectures_chart.show()
    table = imagenet.figures_table(menu.counts())
    assert table.count("<tr>") == len(rows) + 1
    assert "<td>resnet152</td><td>60,192,808</td><td>11,513,626,624</td><td>78.31</td>" in table


def test_figures_agree_with_themselves():
    assert all(56 < one < five < 97 for *_, one, five in imagenet.figures(menu.counts()))
    assert imagenet.LECTURE_TABLE["VGG16"][2] == menu.counts()["vgg16"][0]
