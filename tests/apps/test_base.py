"""The base of the apps: cells that run twice, exercises, the guessing game."""

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from cnnlab.apps import question
from cnnlab.apps.guess import OFFERED, KernelGuess
from cnnlab.core import images
from cnnlab.widgets import payload


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    yield shell
    shell.reset()
    InteractiveShell.clear_instance()


def test_running_a_cell_twice_closes_what_it_made_before(shell):
    cell = "from cnnlab.apps.guess import KernelGuess\nfirst, second = KernelGuess(), KernelGuess()\n"
    run(shell, cell + "kept = globals().get('kept', []) + [first, second]")
    run(shell, "third = KernelGuess()")
    run(shell, cell + "kept = globals().get('kept', []) + [first, second]")
    closed = [widget.comm is None for widget in [*shell.user_ns["kept"], shell.user_ns["third"]]]
    assert closed == [True, True, False, False, False]


def run(shell, source):
    shell.run_cell(source, store_history=True).raise_error()


@pytest.mark.parametrize(
    "array", [np.zeros((1, 1), np.uint8), np.arange(6).reshape(2, 3), np.array([[-1]]), np.array([[0.1, 1e9]])]
)
def test_payloads_keep_every_value(array):
    np.testing.assert_array_equal(payload.decode(payload.encode(array)), array)


def test_questions_know_right_and_usual_wrong_answers():
    asked = question.number("?", 3, replies={2: "one short"}, hint="count", solution="three")
    assert asked.exercise["right"] == [3]
    assert asked.exercise["replies"] == [[[2], "one short"]]
    chosen = question.choice("?", {"a": "no", "b": "yes"}, "b")
    assert chosen.exercise["options"] == ["a", "b"]


def test_questions_refuse_answers_that_are_none():
    with pytest.raises(ValueError, match="answer=c: must be one of a, b"):
        question.choice("?", {"a": "", "b": ""}, "c")
    with pytest.raises(ValueError, match=r"replies.*must have the shape of the answer"):
        question.numbers("?", [[1, 2]], replies=[([[1]], "too short")])


def test_the_game_starts_with_its_answer_among_the_offers():
    game = KernelGuess()
    assert game.answer in game.offers and set(game.offers) <= set(OFFERED)
    assert game.input in game.pictures
    assert payload.decode(game.pictures["Cat"]).shape == images.picture("Cat", 96).shape
    with pytest.raises(ValueError, match="answer=Nothing"):
        game.answer = "Nothing"
