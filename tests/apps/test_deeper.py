"""Lesson 13: small networks of many layers, trained live, and what their gradients are."""

import time

import pytest
import torch

from cnnlab.apps import deeper
from cnnlab.apps.deeper import DepthSweep, GradientByLayer, RateSweep
from cnnlab.nets import data, train


@pytest.fixture
def few(monkeypatch):
    """Two depths, two rates and few images, for speed."""
    digits = data.load("digits").subset(slice(0, 256))
    monkeypatch.setattr(deeper.data, "load", lambda name: digits)
    monkeypatch.setattr(deeper, "DEPTHS", (8, 14))
    monkeypatch.setattr(deeper, "RATES", (0.01, 1e6))


def test_every_network_is_trained_and_its_error_shown(few):
    app = DepthSweep(epochs=1, width="4")
    app.start()
    assert app.wait(60) and app.progress["phase"] == "done", app.progress
    assert [job.name for job in app.jobs] == ["plain-8", "residual-8", "plain-14", "residual-14"]
    errors, losses = app.answer["charts"]
    assert {line["name"] for line in errors["lines"]} == {"plain", "residual"}
    assert len(errors["dots"]) == 4 and all(0 <= dot["at"][1] <= 100 for dot in errors["dots"])
    assert losses["lines"][-1]["name"] == "residual-14"
    assert app.answer["text"].count("%") == 4
    app.close()


def test_stopped_and_taken_up_it_ends_as_without_a_stop(few):
    app, other = DepthSweep(epochs=2, width="4"), DepthSweep(epochs=2, width="4")
    other.start()
    assert other.wait(60)  # before the other begins: torch's random numbers are the whole process's
    app.start()
    while not app.jobs or not app.jobs[0].losses:
        time.sleep(0.001)
    app.stop()
    assert app.wait(5) and app.progress["phase"] == "stopped"
    app.go_on()
    assert app.wait(60)
    assert [job.error for job in app.jobs] == [job.error for job in other.jobs]
    app.close()
    other.close()


def test_the_error_is_that_of_a_network_trained_by_hand(few):
    app = DepthSweep(epochs=1, width="4")
    images, jobs = app.plan(**app.state)
    torch.manual_seed(0)
    model = jobs[1].make()
    for _ in train.fit(model, images, jobs[1].recipe):
        pass
    app.start()
    app.wait(60)
    assert app.jobs[1].error == pytest.approx(100 * (1 - train.evaluate(model, images).accuracy))
    app.close()


def test_a_rate_that_is_too_high_is_shown_as_diverged(few):
    app = RateSweep(epochs=2)
    app.start()
    assert app.wait(60) and app.progress["phase"] == "done", app.progress
    assert len(app.jobs) == 4
    assert any(job.diverged for job in app.jobs if job.x == 1e6)
    assert "diverged" in app.answer["text"]
    app.close()


def test_gradients_agree_with_autograd_and_shortcuts_calm_them():
    app = GradientByLayer()
    plain, residual = app.result().values()
    assert len(plain) == len(residual) == 55
    assert plain[0] > 100 * plain[-1] and residual[0] < 30 * residual[-1]
    digits = data.load("digits").subset(slice(0, 64))
    torch.manual_seed(0)
    model = deeper.network("plain", 56, 8)
    loss = torch.nn.functional.cross_entropy(model(train.normalize(digits.images, digits)), digits.labels)
    (first,) = torch.autograd.grad(loss, [model.conv1.weight])
    assert plain[0] == pytest.approx(first.norm().item(), rel=1e-3)
    app.close()


def test_an_identity_start_makes_blocks_pass_their_input_on():
    model = deeper.network("residual", 14, 4).eval()
    deeper.start_as_identity(model)
    x = torch.rand(2, 4, 8, 8)
    torch.testing.assert_close(model.layer1(x), x)
    app = GradientByLayer(identity=True, depth=14)
    residual = app.result()["residual"]
    assert residual[0] > 0 and residual[1:] == [0.0] * 12
    app.close()


@pytest.mark.parametrize(("depth", "layers"), [(8, 7), (13, 7), (56, 55)])
def test_depths_in_between_become_the_next_smaller(depth, layers):
    app = GradientByLayer(depth=depth)
    assert len(app.result()["plain"]) == layers and app.answer["refusal"] == ""
    app.close()


@pytest.mark.parametrize(
    ("app", "name", "value"),
    [
        (GradientByLayer, "depth", 62),
        (GradientByLayer, "identity", 1),
        (DepthSweep, "width", 8),
        (DepthSweep, "epochs", 21),
        (RateSweep, "kind", "deep"),
        (RateSweep, "depth", "21"),
    ],
)
def test_refusals_name_the_setting(app, name, value):
    with pytest.raises(ValueError, match=f"^{name}="):
        app(**{name: value})
