"""Apps that compute in the kernel: one answer a message, refusals keep the last good picture."""

import numpy as np
import pytest
import traitlets

from cnnlab.apps.base import KernelApp
from cnnlab.core import checks, convolution
from cnnlab.plots import paint


class Blur(KernelApp):
    size = traitlets.Any(3).tag(sync=True, state=True)
    stride = traitlets.Any(1).tag(sync=True, state=True)
    controls = traitlets.List([{"kind": "slider", "name": "size", "label": "Size", "min": 1, "max": 9}]).tag(sync=True)
    calls = 0

    @traitlets.validate("stride")
    def _one_or_more(self, proposal):
        return checks.integer("stride", proposal["value"], 1)

    @staticmethod
    def compute(*, size, stride):
        Blur.calls += 1
        if size == 13:
            raise RuntimeError("a fault of ours")
        return convolution.correlate(np.eye(8), np.ones((size, size)), stride=stride)

    @staticmethod
    def draw(result):
        return {"pictures": {"Output": paint.png(result)}, "text": f"largest {result.max():g}"}


@pytest.fixture
def app():
    Blur.calls = 0
    app = Blur()
    yield app
    app.close()


def test_it_opens_on_a_picture(app):
    assert app.answer["pictures"]["Output"].startswith(b"\x89PNG")
    assert (app.answer["text"], app.answer["number"], app.answer["refusal"]) == ("largest 3", 1, "")


def test_setting_a_trait_answers(app):
    app.size = 2
    assert (app.answer["text"], app.answer["number"]) == ("largest 2", 2)


def test_one_answer_for_one_message_however_much_it_changes(app):
    app.set_state({"size": 4, "stride": 2})
    assert (Blur.calls, app.answer["number"], app.answer["text"]) == (2, 2, "largest 4")


def test_a_refusal_keeps_the_last_good_picture(app):
    good = app.answer["pictures"]
    app.size = 9
    assert app.answer["refusal"].startswith("kernel.shape=(9, 9): ")
    assert app.answer["pictures"] == good
    app.set_state({"stride": 0})
    assert app.answer["refusal"].startswith("stride=0: must be")
    assert app.stride == 1
    assert app.answer["pictures"] == good
    app.size = 1
    assert app.answer["refusal"] == ""


def test_a_fault_of_ours_is_seen_and_the_page_does_not_wait(app):
    with pytest.raises(RuntimeError):
        app.size = 13
    assert app.answer["number"] == 2
    assert "cannot be shown" in app.answer["refusal"]


def test_two_apps_answer_for_themselves(app):
    other = Blur(size=1)
    app.size = 5
    assert other.answer["text"] == "largest 1"
    other.close()


@pytest.mark.parametrize(
    ("scale", "low", "middle"), [("grey", (0, 0, 0), (128, 128, 128)), ("signed", (5, 48, 97), (247, 247, 247))]
)
def test_paint_scales(scale, low, middle):
    colours = paint.colours([[-1.0, 0.0, 1.0]], scale)
    np.testing.assert_array_equal(colours[0, 0], low)
    np.testing.assert_allclose(colours[0, 1], middle, atol=2)
