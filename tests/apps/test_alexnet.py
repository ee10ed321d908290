"""Lesson 12: parts on and off, recorded runs, and what the clock says."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from cnnlab import nets
from cnnlab.apps import recorded, speed
from cnnlab.apps.alexnet_parts import DATA, PARTS, AlexNetParts
from cnnlab.apps.recorded import RecordedRuns, named_apart
from cnnlab.apps.speed import Throughput, WhereTheTimeGoes
from cnnlab.nets import data, records


@pytest.fixture
def few(monkeypatch):
    digits = data.load("digits").subset(slice(0, 200))
    monkeypatch.setattr("cnnlab.apps.alexnet_parts.data_sets.load", lambda name: digits)


def test_a_run_ends_with_both_accuracies(few):
    app = AlexNetParts(epochs=2)
    app.start()
    assert app.wait(60) and app.progress["phase"] == "done", app.progress
    assert "In the end" in app.answer["notice"] and app.run.name == "ReLU, no LRN"
    assert len(app.run.scores) == 2 and len(app.run.data) == 160 and len(app.run.held_out) == 40
    app.close()


@pytest.mark.parametrize("part", PARTS)
def test_each_switch_changes_its_part_and_nothing_else(few, part):
    app = AlexNetParts()
    both = before, after = [app.prepare(**{**app.state, part: on}) for on in (True, False)]
    kinds = [[type(layer) for layer in run.model.modules()] for run in both]
    assert (kinds[0] != kinds[1]) == (part in ("relu", "lrn"))
    assert (nn.Tanh in kinds[1]) == (part == "relu") and (nn.LocalResponseNorm in kinds[0]) == (part == "lrn")
    pools = [{layer.kernel_size for layer in run.model.modules() if isinstance(layer, nn.MaxPool2d)} for run in both]
    assert pools == [{3}, {2} if part == "overlapping" else {3}]
    shares = [{layer.p for layer in run.model.modules() if isinstance(layer, nn.Dropout)} for run in both]
    assert shares == [{0.5}, {0.0} if part == "dropout" else {0.5}]
    assert (before.recipe.momentum, after.recipe.momentum) == (0.9, 0.0 if part == "momentum" else 0.9)
    assert (after.recipe.augment.shift == 0) == (part == "augment")
    app.close()


@pytest.mark.parametrize("name", [name for name in DATA if name in ("digits", "faces", "shapes")])
def test_every_embedded_data_set_fits_the_network(name):
    app = AlexNetParts()
    run = app.prepare(**{**app.state, "data": name})
    assert len(run.data) <= 1000 and not {bytes(x.numpy()) for x in run.data.images} & {
        bytes(x.numpy()) for x in run.held_out.images
    }
    assert run.model(torch.zeros(1, *run.data.images.shape[1:])).shape == (1, len(run.data.classes))
    app.close()


def test_recorded_runs_open_whole_and_are_replayed(monkeypatch):
    monkeypatch.setattr(recorded, "PACE", 0)
    app = RecordedRuns({"plain-56": "degradation_plain56", "soon": "not_recorded"})
    run = records.load("degradation_plain56")
    (chart,) = app.answer["charts"]
    assert [line["name"] for line in chart["lines"]] == ["plain-56"]
    assert [y for _, y in chart["lines"][0]["points"]] == [100 * epoch.accuracy for epoch in run.epochs]
    assert f"plain-56: {100 * run.training.accuracy:.1f} % of the training images" in app.answer["text"]
    assert "Not recorded yet: soon." in app.answer["text"]
    app.start()
    assert app.wait(10) and app.progress["phase"] == "done"
    assert len(app.answer["charts"][0]["lines"][0]["points"]) == len(run.epochs)
    for figure in recorded.FIGURES:
        app.figure = figure
        assert app.answer["charts"][0]["name"] == recorded.FIGURES[figure][0]
    app.close()


def test_nothing_recorded_says_so():
    app = RecordedRuns({"a": "not_recorded"})
    assert app.answer["text"] == "Not recorded yet: a." and app.answer["charts"] == []
    app.close()


def test_names_of_lines_do_not_cover_each_other():
    lines = named_apart([{"points": [[0, 0], [1, y]]} for y in (50, 51, 20, 50.5)], 100)
    heights = sorted(line["at"][1] for line in lines)
    assert all(b - a >= 7.4 for a, b in pairwise(heights))
    assert heights[0] == 20
    full = named_apart([{"points": [[1, y]]} for y in (99, 100, 98)], 100)
    assert max(line["at"][1] for line in full) <= 93 and len({line["at"][1] for line in full}) == 3


def test_throughput_measures_each_batch(monkeypatch):
    monkeypatch.setattr(speed, "MEASURE", 0.01)
    monkeypatch.setattr(speed, "BATCHES", (1, 4))
    app = Throughput()
    app.start()
    assert app.wait(60) and app.progress["phase"] == "done", app.progress
    points = app.speeds.found["cpu"]
    assert [batch for batch, _ in points] == [1, 4] and all(rate > 0 for _, rate in points)
    if not torch.cuda.is_available():
        assert "No GPU here: not measured." in app.answer["text"]
    app.close()


def test_layers_are_timed_and_weights_counted(monkeypatch):
    monkeypatch.setattr(speed, "REPEATS", 1)
    app = WhereTheTimeGoes(batch=1)
    app.start()
    assert app.wait(120) and app.progress["phase"] == "done", app.progress
    counts = speed.parameters(nets.build("alexnet_227"))
    assert sum(counts.values()) == 62_378_344 and counts["dense layers"] > 0.9 * 62_378_344
    assert "dense layers" in app.answer["text"] and "94 % of the weights" in app.answer["text"]
    app.close()


@pytest.mark.parametrize(
    ("app", "name", "value"),
    [
        (AlexNetParts, "data", "imagenet"),
        (AlexNetParts, "epochs", 61),
        (AlexNetParts, "relu", "yes"),
        (Throughput, "net", "VGG"),
        (WhereTheTimeGoes, "batch", 0),
    ],
)
def test_refusals_name_the_setting(app, name, value):
    with pytest.raises(ValueError, match=f"^{name}="):
        app(**{name: value})
