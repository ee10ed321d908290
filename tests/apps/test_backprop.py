"""The backpropagation apps in process: examples, both ends of every control, refusals, training."""

import itertools
import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest

from cnnlab.apps import backprop_train
from cnnlab.apps.backprop import LIMITS, PARTS, BackwardExplorer
from cnnlab.apps.backprop_menu import EXAMPLES, MOST_CELLS, MOST_TAPS, OPERATIONS, UPSTREAM, numbers, upstream
from cnnlab.apps.backprop_train import LEARN, MOST_STEPS, RATES, DigitTraining
from cnnlab.core import backprop, convolution


@pytest.fixture
def explorer():
    app = BackwardExplorer()
    yield app
    app.close()


def example(name):
    return BackwardExplorer(**EXAMPLES[name])


def test_by_hand():
    result = example("One axis, by hand").result()
    first, second = result.gradient[0]
    np.testing.assert_array_equal(result.output, [[1 * 5 + 2 * 6 + 3 * 7, 2 * 5 + 3 * 6 + 4 * 7]])
    np.testing.assert_array_equal(
        result.by_input, [[5 * first, 6 * first + 5 * second, 7 * first + 6 * second, 7 * second]]
    )
    np.testing.assert_array_equal(result.by_weight, [[k * first + (k + 1) * second for k in (1, 2, 3)]])


def test_the_gradient_of_the_input_is_a_full_convolution():
    app = example("Gradient of the input")
    result = app.result()
    np.testing.assert_array_equal(result.by_input, convolution.convolve(result.gradient, app.kernel, padding="full"))


def test_a_single_gradient_prints_the_kernel():
    app = example("A single 1 comes back: the kernel appears")
    np.testing.assert_array_equal(app.result().by_input[1:4, 1:4], app.kernel)
    assert np.count_nonzero(app.result().by_input) == np.count_nonzero(app.kernel)


def test_a_cell_that_no_window_reads_gets_nothing():
    app = example("Stride 2, a cell that no window reads")
    found = backprop.explain_input(app.result().gradient, app.input, app.kernel, app.position, stride=2)
    assert found.terms == () and app.result().by_input[tuple(app.position)] == 0


def test_max_sends_all_to_the_largest_and_average_spreads():
    result = example("Max pooling: all to the largest").result()
    for (r, c), gradient in np.ndenumerate(result.gradient):
        window = result.by_input[2 * r : 2 * r + 2, 2 * c : 2 * c + 2]
        assert sorted(window.ravel()) == sorted([0, 0, 0, gradient])
    result = example("Average pooling: 1/Q to each").result()
    for (r, c), gradient in np.ndenumerate(result.gradient):
        assert (result.by_input[2 * r : 2 * r + 2, 2 * c : 2 * c + 2] == gradient / 4).all()
    assert result.by_weight is None


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_every_example_shows(name):
    result = example(name).result()
    assert result.gradient.shape == result.output.shape
    if not EXAMPLES[name]["padding"]:  # nothing is lost on the way back
        factor = 1 if result.by_weight is None else np.sum(EXAMPLES[name]["kernel"])
        assert result.by_input.sum() == pytest.approx(result.gradient.sum() * factor)


def test_every_control_at_both_ends(explorer):
    shown = 0
    for operation, rule, n, k, stride, padding in itertools.product(
        OPERATIONS, UPSTREAM, (3, MOST_CELLS), (1, MOST_TAPS), *LIMITS.values()
    ):
        explorer.operation, explorer.upstream, explorer.stride, explorer.padding = operation, rule, stride, padding
        explorer.input, explorer.kernel = numbers(n, n), np.ones((k, k))
        for explorer.part in PARTS:
            try:
                result = explorer.result()
            except ValueError as refusal:
                assert str(refusal).split("=")[0] in ("kernel", "kernel.shape", "padding", "size"), refusal
                continue
            shown += 1
            assert result.by_input.shape == (n, n)
    assert shown > 100


def test_the_gradient_from_above():
    assert upstream("ones", 2, 3).tolist() == [[1, 1, 1]] * 2
    assert upstream("one cell", 3, 3).sum() == upstream("one cell", 3, 3)[1, 1] == 1
    assert set(upstream("numbers", 8, 8).ravel()) == set(range(-2, 5))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("operation", "min pooling"),
        ("input", np.ones((9, 1))),
        ("input", [[1], [1, 2]]),
        ("kernel", np.ones((1, 5))),
        ("kernel", [["a"]]),
        ("stride", 0),
        ("stride", 4),
        ("padding", -1),
        ("padding", 1.5),
        ("upstream", "two"),
        ("part", "bias"),
        ("position", (1, -1)),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(explorer, name, value):
    before = explorer.state
    with pytest.raises(ValueError, match=rf"^{name}.*=.*: \w+"):
        setattr(explorer, name, value)
    assert explorer.state == before


def test_gradients_of_somebody_else_are_put_beside(explorer):
    torch = pytest.importorskip("torch")
    from torch.nn import functional

    for name in EXAMPLES:
        for setting, value in EXAMPLES[name].items():
            setattr(explorer, setting, value)
        x, w = (
            torch.tensor(values, dtype=torch.float64, requires_grad=True)
            for values in (explorer.input, explorer.kernel)
        )
        settings = {"stride": explorer.stride, "padding": explorer.padding}
        if explorer.operation == "convolution":
            y = functional.conv2d(x[None, None], w[None, None], **settings)
        else:
            pool = functional.max_pool2d if explorer.operation == "max pooling" else functional.avg_pool2d
            y = pool(x[None, None], tuple(w.shape), **settings)
        result = explorer.result()
        np.testing.assert_allclose(y[0, 0].detach(), result.output)
        y.backward(torch.tensor(result.gradient)[None, None])
        np.testing.assert_allclose(x.grad, result.by_input)
        explorer.put_beside(x.grad.numpy(), None if w.grad is None else w.grad.numpy())
        assert explorer.beside["name"] == "autograd" and explorer.beside["layer"]["stride"] == explorer.stride
        assert ("weight" in explorer.beside) == (explorer.operation == "convolution")
    with pytest.raises(ValueError, match=r"by_input\.shape"):
        explorer.put_beside([[1.0]])


def autograd_cell():
    """The lesson's own cell that asks PyTorch, switched on."""
    lesson = json.loads((Path(__file__).parents[2] / "notebooks/08_backprop.ipynb").read_text(encoding="utf-8"))
    cell = next(cell for cell in lesson["cells"] if cell["id"] == "code-autograd")
    assert {"lab-only", "needs-kernel"} <= set(cell["metadata"]["tags"])
    others = [cell for cell in lesson["cells"] if cell["id"] != "code-autograd" and cell["cell_type"] == "code"]
    assert not any("torch" in "".join(cell["source"]) for cell in others)
    source = "".join(cell["source"])
    assert "beside = False" in source
    return source.replace("beside = False", "beside = True")


@pytest.mark.parametrize("name", ["Stride 2", "Max pooling, windows that overlap"])
def test_the_lessons_cell_puts_autograd_beside(name, capsys):
    pytest.importorskip("torch")
    app = example(name)
    exec(autograd_cell(), {"explorer": app})
    assert "largest difference of dL/dx: 0.0" in capsys.readouterr().out
    np.testing.assert_array_equal(app.beside["input"], app.result().by_input)


def test_without_torch_the_lessons_cell_says_so_in_one_sentence(explorer, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    exec(autograd_cell(), {"explorer": explorer})
    assert capsys.readouterr().out == "PyTorch is not installed in this kernel, so there is nothing to compare with.\n"
    assert explorer.beside == {}


def test_training_lowers_the_loss_and_starts_the_same_each_time():
    app = DigitTraining(steps=60)
    losses = app.result().losses
    assert len(losses) == 61 and losses[0] == DigitTraining(steps=0).result().losses[0]
    assert abs(losses[0] - np.log(10)) < 0.5 and losses[-1] < 0.15
    assert losses[:40] == sorted(losses[:40], reverse=True)
    assert app.result().probabilities.argmax() == app.digit


def test_too_long_steps_learn_nothing():
    assert DigitTraining(steps=60, rate=RATES[1]).result().losses[-1] > 2


def test_every_setting_of_the_training_at_both_ends():
    rng = random.Random(0)
    for learn, rate, steps in itertools.product(LEARN, RATES, (0, 1, MOST_STEPS)):
        result = DigitTraining(learn=learn, rate=rate, steps=steps, digit=rng.randint(0, 9)).result()
        assert np.isfinite(result.losses).all() and result.probabilities.sum() == pytest.approx(1)
    for name, value in [("digit", 10), ("digit", -1), ("learn", "none"), ("rate", 0), ("rate", 4), ("steps", 201)]:
        with pytest.raises(ValueError, match=f"^{name}="):
            DigitTraining(**{name: value})


def test_gradients_of_the_network_are_the_slopes_of_its_loss():
    weights, x, labels = backprop_train.first_weights(), backprop_train.digits()[:3], np.arange(3)
    _, _, _, gradients, _ = backprop_train.forward_backward(weights, x, labels)
    rng = np.random.default_rng(0)
    for number, (part, gradient) in enumerate(zip(weights, gradients, strict=True)):
        for index in rng.integers(0, part.size, 6):
            loss = []
            for step in (1e-5, -1e-5):
                moved = [w.copy() for w in weights]
                moved[number].flat[index] += step
                loss.append(backprop_train.forward_backward(moved, x, labels)[0])
            assert (loss[0] - loss[1]) / 2e-5 == pytest.approx(gradient.flat[index], abs=1e-6)
