"""A picture seen otherwise, and how far apart two pictures are."""

import numpy as np
import pytest

from cnnlab.core import images, views


@pytest.fixture(scope="module")
def cat():
    return images.picture("cat", 32, colour=True)


def test_nothing_changed_is_the_same_picture(cat):
    np.testing.assert_array_equal(views.changed(cat), cat)
    np.testing.assert_array_equal(views.changed(cat, angle=360), cat)
    assert views.mean_squared(cat, cat) == views.euclidean(cat, cat) == 0


@pytest.mark.parametrize("right", [-3, 1, 7])
@pytest.mark.parametrize("down", [-2, 5])
def test_whole_pixels_move_and_borders_repeat(cat, right, down):
    index = np.arange(32)
    expected = cat[np.clip(index - down, 0, 31)][:, np.clip(index - right, 0, 31)]
    np.testing.assert_array_equal(views.changed(cat, right=right, down=down), expected)


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
def test_quarter_turns_go_counter_clockwise(cat, turns):
    np.testing.assert_array_equal(views.changed(cat, angle=90 * turns), np.rot90(cat, turns))


def test_scale_doubles_what_stands_in_the_middle():
    spot = images.shape(33, "square", radius=4)
    assert (views.changed(spot, scale=2) > 128).sum() == pytest.approx(4 * (spot > 128).sum(), rel=0.2)


def test_half_a_pixel_is_the_mean_of_two():
    np.testing.assert_array_equal(views.changed(np.array([[0, 100]] * 2, np.uint8), right=0.5)[0], [0, 50])


def test_light_is_cut_off_and_cover_hides_the_middle(cat):
    np.testing.assert_array_equal(views.changed(cat, light=2), np.minimum(2 * cat.astype(int), 255))
    assert not views.changed(cat, light=0).any()
    seen = views.changed(cat, cover=8)
    assert (seen[12:20, 12:20] == views.COVER).all()
    seen[12:20, 12:20] = cat[12:20, 12:20]
    np.testing.assert_array_equal(seen, cat)


def test_distances(cat):
    other = views.changed(cat, right=2)
    squares = (cat.astype(float) - other) ** 2
    assert views.mean_squared(cat, other) == squares.mean()
    assert views.euclidean(cat, other) == pytest.approx(np.sqrt(squares.sum()))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale", 0),
        ("scale", float("nan")),
        ("light", -1),
        ("angle", "x"),
        ("right", None),
        ("down", float("inf")),
        ("cover", 33),
        ("cover", 1.5),
    ],
)
def test_bad_values_are_refused_by_name(cat, name, value):
    with pytest.raises(ValueError, match=rf"^{name}=.*: \w+"):
        views.changed(cat, **{name: value})


@pytest.mark.parametrize("image", [np.zeros((2, 3), np.uint8), np.zeros((2, 2)), np.zeros((2, 2, 4), np.uint8), []])
def test_bad_pictures_are_refused(image):
    with pytest.raises(ValueError, match=r"^image.*=.*: \w+"):
        views.changed(image)


def test_pictures_of_two_shapes_have_no_distance(cat):
    with pytest.raises(ValueError, match=r"^other.shape="):
        views.mean_squared(cat, cat[1:])
