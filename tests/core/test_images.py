"""Embedded pictures are the real ones, patterns show what they say, resizing averages."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from cnnlab.core import images, patterns
from cnnlab.core.images import PICTURES


@pytest.mark.parametrize("name", images.names())
class TestEveryPicture:
    def test_grey_and_colour(self, name):
        side = PICTURES[name].side
        grey, colour = images.picture(name), images.picture(name, colour=True)
        assert grey.shape == (side, side)
        assert colour.shape == (side, side, 3)
        assert grey.dtype == colour.dtype == np.uint8
        assert PICTURES[name].colour == bool((colour[..., 0] != colour[..., 1]).any())
        if not PICTURES[name].colour:
            assert np.array_equal(grey, colour[..., 0])

    def test_uses_its_range(self, name):
        picture = images.picture(name)
        assert picture.max() <= PICTURES[name].white
        assert int(picture.max()) - int(picture.min()) > PICTURES[name].white / 3

    def test_says_whose_it_is(self, name):
        assert PICTURES[name].credit
        assert PICTURES[name].licence


def test_they_are_the_photographs_of_scikit_image():
    astronaut = images.picture("astronaut", colour=True).astype(int)
    expected = skimage.data.astronaut().astype(float).reshape(256, 2, 256, 2, 3).mean((1, 3))
    assert abs(astronaut - expected).max() <= 1
    digits = load_digits()
    for label in range(10):
        assert (digits.images[digits.target == label] == images.picture(f"Digit {label}")).all((1, 2)).any()


@pytest.mark.parametrize("name", [name for name in images.names() if not name.startswith("Digit")])
def test_they_come_from_the_sources_that_the_tool_names(name):
    """The stored pixels are those that tools/make_pictures.py makes (up to another version's rounding)."""
    tool = runpy.run_path(Path(__file__).parents[2] / "tools" / "make_pictures.py")
    source, *crop = tool["CROPS"][name.lower()]
    made = tool["square"](source(), *crop).astype(int)
    stored = images.picture(name, colour=made.ndim == 3)
    assert abs(made - stored).max() <= 3


def test_the_file_is_small():
    assert images.DATA.stat().st_size < 1_000_000


def test_names_in_any_case_and_a_fresh_array_each_time():
    first = images.picture("CAT")
    first[:] = 0
    assert images.picture("cat").any()


def test_smaller_sizes_are_means_of_areas():
    whole = images.picture("cat").astype(float)
    expected = np.floor(whole.reshape(64, 4, 64, 4).mean((1, 3)) + 0.5)
    assert np.array_equal(images.picture("cat", size=64), expected)
    colour = images.picture("cat", size=32, colour=True)
    assert colour.shape == (32, 32, 3)


def test_grey_is_pillows():
    colour = images.picture("flower", colour=True)
    assert abs(images.grey(colour).astype(int) - np.asarray(Image.fromarray(colour).convert("L"))).max() <= 1
    assert images.grey(colour[..., 0]).ndim == 2


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 15), st.integers(1, 15), st.booleans())
def test_resizing_averages_areas(height, width, new_height, new_width, colour):
    shape = (height, width, 3) if colour else (height, width)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    ours = images.resized(image, new_height, new_width)
    fine = image.repeat(new_height, 0).repeat(new_width, 1).astype(float)
    expected = fine.reshape(new_height, height, new_width, width, *shape[2:]).mean((1, 3))
    assert ours.shape == expected.shape
    assert abs(ours - expected).max() <= 0.5 + 1e-9


def test_square_takes_the_middle():
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 200
    assert (images.square(wide, 5) == 200).all()
    assert (images.square(wide.T, 10) == 200).all()


class TestPatterns:
    @pytest.mark.parametrize("size", [1, 2, 9, 16])
    @pytest.mark.parametrize(
        "draw",
        [
            patterns.impulse,
            patterns.step_edge,
            patterns.ramp,
            patterns.bar,
            patterns.bars,
            patterns.grating,
            patterns.checkerboard,
            *(lambda size, kind=kind: patterns.shape(size, kind) for kind in patterns.SHAPES),
        ],
    )
    def test_every_size(self, draw, size):
        picture = draw(size)
        assert picture.shape == (size, size)
        assert picture.dtype == np.uint8
        assert size < 9 or picture.max() > picture.min()

    def test_angles_turn_counter_clockwise(self):
        upright = patterns.bar(9, width=1, angle=90)
        assert upright[:, 4].min() == 255
        rising = patterns.bar(9, width=1, angle=45)
        assert np.diagonal(np.fliplr(rising)).min() > np.diagonal(rising)[0]
        assert np.array_equal(patterns.bars(8, 4, 0), patterns.bars(8, 4, 90).T)
        assert patterns.ramp(9, 90)[0].min() > patterns.ramp(9, 90)[-1].max()
        assert patterns.ramp(9, 180)[0, 0] == 255

    def test_offset_moves_a_bar_to_the_right(self):
        assert patterns.bar(9, width=1, offset=2)[0].argmax() == 6

    def test_a_disc_covers_its_area(self):
        disc = patterns.shape(64, "disc", radius=20)
        assert disc.sum() / 255 == pytest.approx(np.pi * 20**2, rel=0.01)
        assert patterns.shape(9, "square", 1, center=(2, 6))[2, 6] == 255

    def test_a_grating_repeats(self):
        grating = patterns.grating(16, wavelength=8)
        assert np.array_equal(grating[:, :8], grating[:, 8:])
        assert patterns.grating(16, contrast=0).tolist() == [[128] * 16] * 16


@pytest.mark.parametrize(
    ("parameter", "call"),
    [
        ("name", lambda: images.picture("dog")),
        ("name", lambda: images.picture(None)),
        ("size", lambda: images.picture("cat", 257)),
        ("size", lambda: images.picture("digit 1", 9)),
        ("size", lambda: images.picture("cat", 0)),
        ("colour", lambda: images.picture("cat", colour="yes")),
        ("image", lambda: images.grey(np.zeros((2, 2)))),
        ("image", lambda: images.grey(np.zeros((2, 2, 4), np.uint8))),
        ("image", lambda: images.resized([[1, 2]], 1, 1)),
        ("height", lambda: images.resized(np.zeros((2, 2), np.uint8), 0, 1)),
        ("height, width", lambda: images.resized(np.zeros((2, 2), np.uint8), 10**5, 10**5)),
        ("size", lambda: patterns.impulse(0)),
        ("size", lambda: patterns.ramp(10**6)),
        ("position", lambda: patterns.impulse(3, (3, 0))),
        ("value", lambda: patterns.impulse(3, value=256)),
        ("low", lambda: patterns.step_edge(3, low=-1)),
        ("angle", lambda: patterns.step_edge(3, angle="up")),
        ("width", lambda: patterns.bar(3, width=0)),
        ("period", lambda: patterns.bars(3, period=-1)),
        ("wavelength", lambda: patterns.grating(3, wavelength=0)),
        ("contrast", lambda: patterns.grating(3, contrast=2)),
        ("cell", lambda: patterns.checkerboard(3, cell=0)),
        ("kind", lambda: patterns.shape(3, "star")),
        ("radius", lambda: patterns.shape(3, radius=0)),
        ("center", lambda: patterns.shape(3, center=1)),
    ],
)
def test_refusals(parameter, call):
    with pytest.raises(ValueError, match=rf"^{parameter}(\.ndim|\.shape|\.dtype)?=[^\n]*: "):
        call()
