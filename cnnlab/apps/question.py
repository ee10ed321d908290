"""Exercises with feedback: a usual wrong answer is recognised and its misconception named.

They judge in the page and need no kernel. Each function returns a widget to show::

    question.number("How many columns?", answer=5, replies={6: "That forgets ..."}, solution="...")
"""

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp
from cnnlab.core import checks


class Question(BrowserApp, module="explorers/question.js"):
    """One exercise; `verdict` is "", "right" or "wrong" and can be observed."""

    exercise = traitlets.Dict().tag(sync=True)
    verdict = traitlets.Unicode("").tag(sync=True, state=True)

    def __init__(self, exercise):
        self.exercise = exercise
        super().__init__()


def number(prompt, answer, *, replies=None, hint="", solution=""):
    """Ask for one number. `replies` maps answers (right or wrong) to what is said about them."""
    return numbers(
        prompt,
        [[answer]],
        replies=[([[value]], text) for value, text in (replies or {}).items()],
        hint=hint,
        solution=solution,
    )


def numbers(prompt, answer, *, replies=(), hint="", solution=""):
    """Ask for a grid of numbers, such as an output; `replies` holds pairs (grid, what is said about it)."""
    answer = checks.array("answer", answer, 2)
    known = [(_listed("replies", grid, answer.shape), text) for grid, text in replies]
    return _question(prompt, hint, solution, list(answer.shape), [], answer.ravel().tolist(), known)


def choice(prompt, options, answer, *, hint="", solution=""):
    """Ask to choose: `options` maps each answer to what is said about it, `answer` is the right one."""
    checks.choice("answer", answer, list(options))
    return _question(prompt, hint, solution, [0, 0], list(options), answer, list(options.items()))


def _question(prompt, hint, solution, shape, options, right, replies):
    exercise = {"prompt": prompt, "hint": hint, "solution": solution, "shape": shape, "options": options}
    return Question(exercise | {"right": right, "replies": [list(reply) for reply in replies]})


def _listed(parameter, grid, shape):
    grid = checks.array(parameter, grid, 2)
    if grid.shape != shape:
        checks.refuse(parameter, grid, f"must have the shape of the answer, {shape}")
    return np.ravel(grid).tolist()
