"""The explorer shows what `cnnlab.nets.augment` does, and nothing of its own."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlab.apps.augmentation import LIMITS, PICTURES, SIDE, AugmentationExplorer
from cnnlab.core import images

QUIET = {"mirror": "no", "down": 0, "right": 0, "size": 100, "cutout": 0}
QUIET |= {"brightness": 100, "contrast": 100, "saturation": 100}


@pytest.fixture
def app():
    app = AugmentationExplorer()
    yield app
    app.close()


def pictures(app):
    return [np.asarray(Image.open(io.BytesIO(png))) for png in app.answer["pictures"].values()]


def test_it_opens_on_a_changed_cat_and_twelve_draws(app):
    original, changed, sheet = pictures(app)
    assert np.array_equal(original, images.picture("Cat", SIDE, colour=True))
    assert changed.shape == original.shape and not np.array_equal(changed, original)
    assert sheet.shape == (2 * SIDE, 6 * SIDE, 3)
    tiles = [tile.tobytes() for row in np.split(sheet, 2) for tile in np.split(row, 6, 1)]
    assert len(set(tiles)) == 12
    assert "make 1,250 different pictures" in app.answer["text"]  # 2 (2 x 12 + 1)^2


def test_nothing_on_leaves_every_picture_as_it_is(app):
    app.set_state(QUIET)
    original, changed, sheet = pictures(app)
    assert np.array_equal(changed, original)
    assert np.array_equal(sheet, np.tile(original, (2, 6, 1)))
    assert "make no other picture" in app.answer["text"] and "by 0.000" in app.answer["text"]


def test_each_slider_alone_does_what_it_says(app):
    app.set_state(QUIET)
    original = pictures(app)[0].astype(int)

    def changed(**state):
        app.set_state({**QUIET, **state})
        return pictures(app)[1].astype(int)

    assert np.array_equal(changed(mirror="yes"), original[:, ::-1])
    assert np.array_equal(changed(right=10, down=-5)[:-5, 10:], original[5:, :-10])
    assert (changed(size=50)[:20] == 0).all()
    hole = changed(cutout=20)
    assert (hole[38:58, 38:58] == 128).all() and np.array_equal(hole[:38], original[:38])
    assert np.abs(changed(brightness=50) - original / 2).max() <= 1
    assert changed(contrast=20).std() < 0.3 * original.std()
    grey = changed(saturation=0)
    assert (np.ptp(grey, axis=2) <= 1).all()


@pytest.mark.parametrize("name", LIMITS)
def test_every_slider_to_both_ends(app, name):
    for value in LIMITS[name][1:]:
        app.set_state({name: value})
        assert app.answer["refusal"] == "" and len(pictures(app)) == 3


@pytest.mark.parametrize("picture", PICTURES)
def test_every_picture(app, picture):
    app.picture = picture
    assert pictures(app)[0].shape == (SIDE, SIDE, 3)
    assert pictures(app)[0].max() > 200


def test_another_draw_changes_the_sheet_alone_and_comes_back(app):
    first = app.answer["pictures"]
    app.sample = 2
    second = app.answer["pictures"]
    assert [a == b for a, b in zip(first.values(), second.values(), strict=True)] == [True, True, False]
    app.sample = 1
    assert app.answer["pictures"] == first


def test_torchs_own_random_numbers_are_left_alone(app):
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    app.sample = 7
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize(("name", "value"), [("picture", "dog"), ("mirror", True), ("right", 33), ("size", 100.5)])
def test_refusals_name_the_setting(app, name, value):
    with pytest.raises(ValueError, match=f"^{name}="):
        setattr(app, name, value)
