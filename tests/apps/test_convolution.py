"""The convolution explorer in process: every setting to both ends, every example, every refusal."""

import itertools

import numpy as np
import pytest

from cnnlab.apps.convolution import LIMITS, MOST_TAPS, ConvolutionExplorer
from cnnlab.apps.convolution_menu import EXAMPLES, SIDE, kernels, pictures
from cnnlab.core import convolution, images


@pytest.fixture
def explorer():
    app = ConvolutionExplorer()
    yield app
    app.close()


def test_opens_on_a_photograph_and_a_kernel_that_answers(explorer):
    output = explorer.result().output
    assert output.shape == (SIDE - 2, SIDE - 2)
    assert output.max() > 100 and output.min() < -100


@pytest.mark.parametrize("name", [name for name, worked in images.WORKED.items() if not worked.is_layer])
def test_worked_examples_come_out_with_the_lectures_numbers(explorer, name):
    explorer.set_trait("input", EXAMPLES[name]["input"])
    for setting, value in EXAMPLES[name].items():
        setattr(explorer, setting, value)
    np.testing.assert_array_equal(explorer.result().output, images.WORKED[name].output)


def test_size_examples_have_the_lectures_sizes(explorer):
    sizes = [worked for worked in images.SIZES.values() if f"Size: {worked.name}" in EXAMPLES]
    assert len(sizes) == 7
    for worked in sizes:
        for setting, value in EXAMPLES[f"Size: {worked.name}"].items():
            setattr(explorer, setting, value)
        result = explorer.result()
        assert result.output.shape == (worked.output, worked.output)
        assert (result.rows.uncovered, result.columns.uncovered) == (worked.uncovered, worked.uncovered)


def test_every_control_at_both_ends(explorer):
    kernel_sizes = [(1, 1), (1, MOST_TAPS), (MOST_TAPS, 1), (MOST_TAPS, MOST_TAPS)]
    ends = [list(itertools.product(LIMITS[name], repeat=2)) for name in ("stride", "dilation", "padding")]
    for size in kernel_sizes:
        explorer.kernel = np.ones(size)
        for stride, dilation, padding in zip(*ends, strict=True):
            explorer.stride, explorer.dilation, explorer.padding = stride, dilation, padding
            result = explorer.result()
            assert result.output.shape == (result.rows.result, result.columns.result)


@pytest.mark.parametrize("padding", ["valid", "same", "full", 3])
@pytest.mark.parametrize("padding_mode", ["zeros", "reflect", "replicate", "circular", "constant"])
def test_every_way_to_pad(explorer, padding, padding_mode):
    explorer.padding, explorer.padding_mode, explorer.fill = padding, padding_mode, 7
    assert explorer.result().output.ndim == 2


@pytest.mark.parametrize("name", list(pictures()))
def test_every_input_shows(explorer, name):
    explorer.input = name
    explorer.padding = "same"
    assert explorer.result().output.shape == explorer.image.shape
    assert max(explorer.image.shape) <= SIDE


@pytest.mark.parametrize("name", [name for family in kernels().values() for name in family])
def test_every_kernel_of_the_gallery_by_name(explorer, name):
    explorer.kernel = name
    assert explorer.kernel == kernels_by_name()[name]


def kernels_by_name():
    return {name: rows for family in kernels().values() for name, rows in family.items()}


def test_flip_is_a_true_convolution(explorer):
    explorer.image, explorer.kernel = np.arange(30).reshape(5, 6), [[1, 2], [3, 5]]
    straight = explorer.result().output
    explorer.flip = True
    np.testing.assert_array_equal(explorer.result().output, convolution.convolve(explorer.image, [[1, 2], [3, 5]]))
    assert not np.array_equal(explorer.result().output, straight)
    np.testing.assert_array_equal(explorer.result().applied, [[5, 3], [2, 1]])


def test_own_image_goes_there_and_back(explorer):
    image = np.array([[0.5, -1.25], [3, 4]])
    explorer.image = image
    assert explorer.input == "own"
    np.testing.assert_array_equal(explorer.image, image)
    painted = {"shape": [1, 2], "dtype": "float64", "data": memoryview(np.array([7.0, 8.0]).tobytes())}
    explorer.set_state({"own": painted})  # as the page sends it
    np.testing.assert_array_equal(explorer.image, [[7, 8]])


def test_settings_can_be_observed(explorer):
    seen = []
    explorer.observe(lambda change: seen.append(change["new"]), "stride")
    explorer.stride = 2
    assert seen == [[2, 2]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stride", None),
        ("kernel", None),
        ("input", None),
        ("stride", 0),
        ("stride", 9),
        ("stride", (1, 2, 3)),
        ("stride", 1.5),
        ("dilation", 0),
        ("padding", -1),
        ("padding", "some"),
        ("padding_mode", "mirror"),
        ("kernel", []),
        ("kernel", [[1, 2], [3]]),
        ("kernel", [[float("nan")]]),
        ("kernel", np.ones((12, 1))),
        ("kernel", "sobell"),
        ("input", "dog"),
        ("input", "own"),
        ("flip", 1),
        ("fill", "x"),
        ("fill", float("inf")),
        ("position", (-1, 0)),
        ("image", np.ones((113, 1))),
        ("image", [[True]]),
    ],
)
def test_bad_settings_are_refused_by_name_and_change_nothing(explorer, name, value):
    before = explorer.state
    with pytest.raises(ValueError, match=rf"^{name}.*=.*: \w+"):
        setattr(explorer, name, value)
    assert explorer.state == before


def test_a_setting_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"strides: no such setting; this app has .*stride"):
        ConvolutionExplorer(strides=2)


def test_two_apps_do_not_share_state(explorer):
    other = ConvolutionExplorer(stride=3)
    assert tuple(explorer.stride) == (1, 1) and other.stride == [3, 3]
    other.close()
