"""Augmentation: what each transform does to a pixel, and that every image is changed in its own way."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.nets import augment
from cnnlab.nets.augment import Augment


def pictures(count=6, channels=3, height=9, width=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(1, 256, (count, channels, height, width), generator=generator, dtype=torch.uint8)


def drawn(strength, images, seed=0):
    torch.manual_seed(seed)
    return strength.draw(images)


def test_nothing_chosen_changes_nothing():
    images = pictures()
    assert all(draw is None for draw in drawn(Augment(), images))
    assert torch.equal(Augment()(images), images / 255)


def test_flip_is_a_mirror_of_the_chosen_images_and_its_own_inverse():
    images, which = pictures(4), torch.tensor([True, False, True, False])
    result = augment.flipped(images, which)
    assert torch.equal(result[1::2], images[1::2])
    np.testing.assert_array_equal(result[0], images[0].numpy()[:, :, ::-1])
    assert torch.equal(augment.flipped(result, which), images)


@settings(max_examples=30, deadline=None)
@given(down=st.integers(-9, 9), right=st.integers(-9, 9), channels=st.sampled_from([1, 3]))
def test_shift_moves_pixels_and_brings_in_zeros(down, right, channels):
    images = pictures(2, channels)
    result = augment.shifted(images, torch.tensor([[down, right], [0, 0]]))
    expected = np.zeros_like(images[0].numpy())
    _, height, width = expected.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                expected[:, row, column] = images[0, :, row - down, column - right]
    np.testing.assert_array_equal(result[0], expected)
    assert torch.equal(result[1], images[1])


def test_scale_one_is_the_image_and_scale_two_the_middle_enlarged():
    images = pictures(2, 1, 8, 8).float() / 255
    torch.testing.assert_close(augment.scaled(images, torch.ones(2)), images, atol=1e-5, rtol=0)
    half = torch.full((2, 1, 8, 8), 0.25)
    half[:, :, 2:6, 2:6] = 1.0
    assert torch.equal(augment.scaled(half, torch.full((2,), 2.0))[:, :, 1:7, 1:7], torch.ones(2, 1, 6, 6))


def test_scale_shrinks_about_the_centre_with_zeros_around():
    result = augment.scaled(torch.ones(1, 1, 8, 8), torch.tensor([0.5]))
    assert result[0, 0, :2].max() == 0 and result[0, 0, 3:5, 3:5].min() == 1
    torch.testing.assert_close(result, result.flip(-1))


def test_cutout_blanks_a_square_about_its_centre_and_a_part_of_it_at_the_edge():
    images = torch.ones(2, 3, 9, 9)
    result = augment.cut_out(images, torch.tensor([[4, 5], [0, 8]]), 3, fill=(0.1, 0.2, 0.3))
    expected = images.clone()
    for channel, value in enumerate((0.1, 0.2, 0.3)):
        expected[0, channel, 3:6, 4:7] = value
        expected[1, channel, :2, 7:] = value
    assert torch.equal(result, expected)


def test_colour_factors_of_one_change_nothing_and_saturation_zero_is_grey():
    images = pictures(3).float() / 255
    one = torch.ones(3)
    torch.testing.assert_close(augment.coloured(images, one, one, one), images)
    grey = augment.coloured(images, one, one, torch.zeros(3))
    torch.testing.assert_close(grey[:, 0], grey[:, 2])
    torch.testing.assert_close(augment.coloured(images, one * 0.5, one, one), images / 2)
    flat = augment.coloured(images[:, :1], one, one * 0, one)  # no contrast: each image its own mean
    torch.testing.assert_close(flat, images[:, :1].mean(dim=(2, 3), keepdim=True).expand_as(flat))
    assert augment.coloured(images, one * 2, one * 2, one * 2).max() <= 1


def test_each_image_gets_its_own_draw_within_the_limits():
    images = pictures(4000, 1, 12, 12)
    draws = drawn(Augment(flip=0.25, shift=2, scale=0.3, cutout=4, colour=0.5), images)
    assert abs(draws.flip.float().mean() - 0.25) < 0.03
    assert {tuple(pair) for pair in draws.shift.tolist()} == {(a, b) for a in range(-2, 3) for b in range(-2, 3)}
    assert 0.7 <= draws.scale.min() < 0.72 and 1.28 < draws.scale.max() <= 1.3
    assert set(draws.cutout.flatten().tolist()) == set(range(12))
    assert draws.colour.shape == (4000, 3) and draws.colour.min() >= 0.5 and draws.colour.max() <= 1.5
    assert len(set(draws.scale.tolist())) > 3900


def test_the_same_seed_draws_the_same_and_shares_add_up():
    images = pictures(8)
    strength = Augment(flip=0.5, shift=2, scale=0.2, cutout=3, colour=0.2)
    whole = strength.apply(images, drawn(strength, images))
    assert torch.equal(whole, strength.apply(images, drawn(strength, images)))
    assert not torch.equal(whole, strength.apply(images, drawn(strength, images, seed=1)))
    for rank in range(2):
        part = strength.apply(images[rank::2], drawn(strength, images).share(rank, 2))
        torch.testing.assert_close(part, whole[rank::2])


def test_the_input_is_left_alone():
    images = pictures()
    before = images.clone()
    Augment(flip=1.0, shift=3, scale=0.5, cutout=5, colour=1.0)(images)
    assert torch.equal(images, before)


@pytest.mark.parametrize(
    "field, value", [("flip", 1.5), ("shift", -1), ("scale", 1.0), ("cutout", 2.5), ("colour", -1)]
)
def test_impossible_strengths_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field}="):
        Augment(**{field: value})
