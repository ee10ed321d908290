"""Every kernel of the gallery answers to what it says; families against formulas and scikit-image."""

import numpy as np
import pytest
import scipy.ndimage

from cnnlab.core import images, kernels
from cnnlab.core.convolution import correlate
from cnnlab.core.kernels import KERNELS

ANGLES = (0, 45, 90, 135)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
class TestEveryKernel:
    def test_describes_itself(self, kernel):
        assert KERNELS[kernel.name] is kernel
        assert kernel.note and kernel.family and kernel.source
        assert kernel.name[0].isupper() or kernel.name[0].isdigit()

    def test_is_an_array_of_its_own_that_cannot_be_changed(self, kernel):
        array = np.asarray(kernel)
        assert array.ndim == 2
        assert array.dtype in (np.int64, np.float64)
        assert max(array.shape) <= 11
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 5
        copy = np.array(kernel)
        copy[0, 0] = 5
        assert np.array(kernel, dtype=np.float32).dtype == np.float32

    def test_looks_like_its_array(self, kernel):
        array = np.asarray(kernel)
        assert (kernel.shape, kernel.ndim, kernel.dtype, len(kernel)) == (array.shape, 2, array.dtype, len(array))
        assert kernel.tolist() == [list(row) for row in kernel] == array.tolist()
        assert np.array_equal(kernel * np.ones(array.shape), array)

    def test_correlates_with_a_picture(self, kernel):
        assert correlate(images.picture("cat", 32), kernel, padding="same").shape == (32, 32)

    def test_sum_says_what_becomes_of_a_flat_picture(self, kernel):
        total = np.asarray(kernel).sum()
        expected = {"Identity": 1, "Blur": 1, "Sharpen": 1}.get(kernel.family, 0)
        assert total == pytest.approx(expected, abs=1e-12)


def test_line_detectors_are_the_lectures():
    assert np.asarray(KERNELS["Horizontal lines"]).tolist() == [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]]
    assert np.asarray(KERNELS["Vertical lines"]).tolist() == [[-1, 2, -1]] * 3
    assert np.asarray(KERNELS["45 degree lines"]).tolist() == [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]]
    assert np.asarray(KERNELS["135 degree lines"]).tolist() == [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]
    assert np.asarray(KERNELS["Laplacian 4"]).tolist() == [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    assert np.asarray(KERNELS["Sharpen"]).tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]


@pytest.mark.parametrize(
    "family",
    [
        ["Horizontal lines", "45 degree lines", "Vertical lines", "135 degree lines"],
        [f"Gabor {angle}" for angle in ANGLES],
    ],
)
def test_each_answers_most_to_a_bar_of_its_own_angle(family):
    """The orientation tuning that Hubel & Wiesel found."""
    for name, own in zip(family, ANGLES, strict=True):
        kernel = KERNELS[name]
        size = kernel.shape[0]
        answers = {angle: correlate(images.bar(size, width=size / 4, angle=angle), kernel).item() for angle in ANGLES}
        assert max(answers, key=answers.get) == own, answers


def test_edges_point_to_where_it_gets_lighter():
    right, down = images.step_edge(8, 90), images.step_edge(8, 0)
    for name in ("Prewitt", "Sobel", "Scharr"):
        assert correlate(right, KERNELS[f"{name} x"]).max() > 0 == correlate(right, KERNELS[f"{name} x"]).min()
        assert not correlate(right, KERNELS[f"{name} y"]).any()
        assert correlate(down, KERNELS[f"{name} y"]).max() > 0
    assert correlate(right, KERNELS["Vertical edge"]).min() < 0


@pytest.mark.parametrize("name", ["sobel", "prewitt", "laplace"])
def test_scipy_has_the_same(name):
    picture = images.picture("coins", 64).astype(np.int64)
    if name == "laplace":
        expected, ours = scipy.ndimage.laplace(picture, mode="constant"), KERNELS["Laplacian 4"]
    else:
        expected, ours = getattr(scipy.ndimage, name)(picture, axis=1, mode="constant"), KERNELS[f"{name.title()} x"]
    assert np.array_equal(correlate(picture, ours, padding=1), expected)


@pytest.mark.parametrize(("size", "sigma"), [(1, 1.0), (3, 0.8), (4, 1.0), (7, 1.5), (11, 30.0)])
def test_gaussian(size, sigma):
    kernel = kernels.gaussian(size, sigma)
    assert kernel.sum() == pytest.approx(1)
    assert np.allclose(kernel, kernel.T)
    assert np.allclose(kernel, kernel[::-1, ::-1])
    if size % 2:
        impulse = np.zeros((size, size))
        impulse[size // 2, size // 2] = 1
        truncate = (size // 2) / sigma
        expected = scipy.ndimage.gaussian_filter(impulse, sigma, mode="constant", truncate=truncate)
        assert np.allclose(kernel, expected)


def test_laplacian_of_gaussian_is_scipys_up_to_its_shift():
    impulse = np.zeros((15, 15))
    impulse[7, 7] = 1
    expected = scipy.ndimage.gaussian_laplace(impulse, 1.5, mode="constant", truncate=7 / 1.5)
    ours = kernels.laplacian_of_gaussian(15, 1.5)
    ours = ours * (expected.min() / ours.min())
    assert np.allclose(ours, expected, atol=2e-3 * abs(expected).max())


def test_gabor():
    upright = kernels.gabor(21, 6, 90)
    assert np.allclose(upright.T, kernels.gabor(21, 6, 0))
    assert np.allclose(upright, kernels.gabor(21, 6, 270))
    assert np.allclose(kernels.gabor(21, 6, 90, phase=90), -kernels.gabor(21, 6, 90, phase=-90))
    bars = images.grating(21, wavelength=6).astype(float)
    answers = [correlate(bars, kernels.gabor(21, wavelength, 90)).item() for wavelength in (3, 6, 12)]
    assert answers[1] == max(answers)


def test_unsharp_and_difference_of_gaussians():
    picture = images.picture("cat", 32).astype(float)
    blurred = correlate(picture, kernels.gaussian(5, 1.0), padding="same")
    sharpened = correlate(picture, kernels.unsharp(5, 1.0, amount=0.5), padding="same")
    assert np.allclose(sharpened, picture + 0.5 * (picture - blurred))
    difference = kernels.difference_of_gaussians(9, 1.0, ratio=2)
    assert np.allclose(difference, kernels.gaussian(9, 1.0) - kernels.gaussian(9, 2.0))


def test_motion_blur_follows_its_angle():
    assert np.count_nonzero(kernels.motion_blur(5, 0)[2]) == 5
    rising = kernels.motion_blur(5, 45)
    assert np.allclose(rising, np.fliplr(np.eye(5)) / 5)


def test_menu():
    assert sum(map(len, kernels.families().values())) == len(KERNELS)
    assert kernels.named("SOBEL X") is KERNELS["Sobel x"]


@pytest.mark.parametrize(
    ("parameter", "call"),
    [
        ("name", lambda: kernels.named("no such")),
        ("name", lambda: kernels.named(3)),
        ("size", lambda: kernels.gaussian(0, 1)),
        ("size", lambda: kernels.gaussian(2.5, 1)),
        ("size", lambda: kernels.box(10**6)),
        ("sigma", lambda: kernels.gaussian(3, 0)),
        ("sigma", lambda: kernels.gaussian(3, float("nan"))),
        ("sigma", lambda: kernels.gaussian(2, 1e-9)),
        ("sigma", lambda: kernels.laplacian_of_gaussian(3, 1e-200)),
        ("ratio", lambda: kernels.difference_of_gaussians(3, 1, 1)),
        ("wavelength", lambda: kernels.gabor(3, 0)),
        ("orientation", lambda: kernels.gabor(3, 1, "up")),
        ("aspect", lambda: kernels.gabor(3, 1, aspect=-1)),
        ("phase", lambda: kernels.gabor(3, 1, phase=float("inf"))),
        ("angle", lambda: kernels.motion_blur(3, None)),
        ("size", lambda: kernels.unsharp(4, 1)),
        ("amount", lambda: kernels.unsharp(3, 1, amount=1e308 * 10)),
    ],
)
def test_refusals(parameter, call):
    with pytest.raises(ValueError, match=rf"^{parameter}="):
        call()
