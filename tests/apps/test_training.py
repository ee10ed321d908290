"""Lesson 11: what the page shows is what the training did."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from cnnlab.apps import training
from cnnlab.apps.training import TrainingExplorer, confusion_matrix, images_of, mistaken
from cnnlab.apps.training_run import smoothed
from cnnlab.nets import train
from cnnlab.nets.architectures.lenet import LeNet


@pytest.fixture
def app():
    app = TrainingExplorer(images="200", epochs=2, net="LeNet", width="1", batch="32", shift=0)
    yield app
    app.close()


def test_a_run_shows_curves_pictures_and_the_test_figure(app):
    app.start()
    assert app.wait(60)
    assert app.progress["phase"] == "done", app.progress
    loss, accuracy = app.answer["charts"]
    steps = 2 * (200 // 32)
    assert len(app.run.losses) == steps
    assert loss["lines"][-1]["points"][-1] == [2.0, pytest.approx(app.run.last.loss)]
    assert accuracy["lines"][-1]["points"][-1][0] == 2
    assert all(png.startswith(b"\x89PNG") for png in app.answer["pictures"].values())
    assert app.run.matrix.sum() == len(app.run.held_out)
    test = images_of("digits", "test")
    score = train.evaluate(app.run.model, test)
    assert f"On the {len(test)} test images: {100 * score.accuracy:.2f} %." in app.answer["notice"]


def test_held_out_images_are_never_trained_on(app):
    run = app.prepare(**app.settings)
    trained = {bytes(image.numpy()) for image in run.data.images}
    assert not trained & {bytes(image.numpy()) for image in run.held_out.images}


@pytest.mark.parametrize("net", training.NETS)
@pytest.mark.parametrize("width", ["0.25", "2"])
def test_every_network_and_width(net, width):
    app = TrainingExplorer(net=net, images="50", epochs=1, width=width, dropout=0.3, batch="8")
    app.start()
    assert app.wait(60)
    assert app.progress["phase"] == "done", app.progress
    app.close()


def test_stop_and_go_on_end_as_without_a_stop(app):
    app.start()
    app.wait(60)
    first = app.run
    straight = first.model.state_dict()
    app.start()
    while app.run is first or app.run.last is None:
        time.sleep(0.001)
    app.stop()
    assert app.wait(2)
    stopped_at = app.run.last.step
    app.go_on()
    assert app.wait(60)
    assert app.progress["phase"] == "done"
    assert stopped_at < app.run.last.step
    for name, p in app.run.model.state_dict().items():
        assert torch.equal(p, straight[name]), name


def test_earlier_runs_stay_on_the_charts_faintly(app):
    for rate in ("0.05", "0.001"):
        app.rate = rate
        app.start()
        app.wait(60)
    first, second = app.answer["charts"][0]["lines"]
    assert (first["faint"], second["faint"]) == (True, False)
    assert (first["name"], second["name"]) == ("1", None)
    assert "Earlier runs: 1 LeNet, 200 images, rate 0.05" in app.answer["text"]
    app.reset()
    assert app.runs == []
    assert [line for chart in app.answer["charts"] for line in chart["lines"]] == []


def test_it_opens_on_the_untrained_network(app):
    assert "not trained yet" in app.answer["text"]
    filters = app.answer["pictures"]["Filters of the first layer"]
    app.rate = "0.1"
    assert app.answer["pictures"]["Filters of the first layer"] == filters
    app.net = "MLP"
    assert app.answer["pictures"]["Filters of the first layer"] != filters


def test_another_image_is_looked_at_without_training_again(app):
    app.start()
    app.wait(60)
    number, first = app.run.last.step, app.run.held_out.labels[:2].tolist()
    before = app.answer["pictures"][f"Image 1: {first[0]}, and its maps"]
    app.image = 2
    assert app.answer["pictures"][f"Image 2: {first[1]}, and its maps"] != before
    assert (app.run.last.step, app.progress["phase"]) == (number, "done")


def test_the_confusion_matrix_is_that_of_the_last_epoch(app):
    app.start()
    app.wait(60)
    np.testing.assert_array_equal(app.run.matrix, confusion_matrix(app.run.model, app.run.held_out))


def test_nothing_is_downloaded_before_start(app, monkeypatch):
    monkeypatch.setattr(training.data_sets, "at_hand", lambda name: False)
    monkeypatch.setattr(training.data_sets, "load", lambda name, split: pytest.fail("loaded"))
    app.data = "fashion-mnist"
    assert app.progress["refusal"] == ""


def test_images_that_cannot_be_had_are_announced(app, monkeypatch):
    notice = "Fashion-MNIST could not be had: these are digits."
    digits = {split: replace(training.data_sets.load("digits", split), notice=notice) for split in ("train", "test")}
    monkeypatch.setattr(training.data_sets, "load", lambda name, split: digits[split])
    app.data = "fashion-mnist"
    app.start()
    app.wait(60)
    assert notice in app.answer["notice"]


def test_confusion_counts_truth_by_guess():
    torch.manual_seed(0)
    model, images = LeNet().eval(), images_of("digits").subset(slice(0, 60))
    matrix = confusion_matrix(model, images)
    expected = np.zeros((10, 10), int)
    for image, label in zip(images.images, images.labels, strict=True):
        guess = model(train.normalize(image[None], images)).argmax().item()
        expected[label, guess] += 1
    np.testing.assert_array_equal(matrix, expected)


def test_the_most_frequent_mistake_in_words():
    matrix = np.array([[5, 1, 0], [0, 4, 3], [0, 0, 6]])
    assert mistaken(matrix, ("cat", "dog", "fox")) == "Most often mistaken: dog for fox (3 times)."
    assert mistaken(np.eye(2, dtype=int), ("a", "b")) == "No held-out image is mistaken."


def test_smoothed_keeps_the_mean_and_the_number_small():
    points = [(i, i % 2) for i in range(1000)]
    few = smoothed(points, 100)
    assert len(few) == 100
    assert few[0] == [4.5, 0.5]


@pytest.mark.parametrize(
    ("name", "value"), [("epochs", 0), ("rate", "2"), ("dropout", 1), ("net", "VGG"), ("shift", -1)]
)
def test_settings_are_judged(app, name, value):
    before = getattr(app, name)
    with pytest.raises(ValueError, match=f"^{name}="):
        setattr(app, name, value)
    assert getattr(app, name) == before
