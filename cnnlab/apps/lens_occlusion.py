"""Cover a part of the picture and watch the class scores answer."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import traitlets

from cnnlab.apps import lens_maps, lens_subjects
from cnnlab.apps.base import KernelApp, Setting
from cnnlab.core import checks
from cnnlab.nets import attribution
from cnnlab.plots import paint

COVERS = ("mean", "black", "white")
OUTLINE = np.array([213, 94, 0])
RANGES = {"size": (10, 90), "across": (0, 100), "down": (0, 100), "target": (0, 9)}


@dataclass(frozen=True, eq=False)
class View:
    """What is shown: the covered picture, the map of falls (H, W), probabilities before and after."""

    subject: lens_subjects.Subject
    covered: np.ndarray
    falls: torch.Tensor
    before: torch.Tensor
    after: torch.Tensor
    target: int
    size: int


def view(*, picture, size, across, down, cover, target):
    """The picture with one patch covered, and the map for a patch of that size at every place."""
    subject = lens_subjects.subject(picture)
    height, width = subject.x.shape[2:]
    side = max(1, round(size / 100 * height))
    top, left = round(down / 100 * height - side / 2), round(across / 100 * width - side / 2)
    value = _value(subject, cover)
    x = attribution.occluded(subject.x, top, left, side, value)
    before, after = lens_subjects.probabilities(subject), lens_subjects.probabilities(subject, x)
    return View(
        subject,
        _painted(subject, top, left, side, cover),
        _falls(picture, side, cover, target),
        before,
        after,
        target,
        side,
    )


@lru_cache(maxsize=64)
def _falls(picture, side, cover, target):
    subject = lens_subjects.subject(picture)
    stride = max(1, side // 4)
    return attribution.occlusion(
        subject.model, subject.x, target, size=side, stride=stride, value=_value(subject, cover)
    )[0]


def _value(subject, cover):
    return {"mean": 0 * subject.black, "black": subject.black, "white": subject.white}[cover]


def _painted(subject, top, left, side, cover):
    """The picture with the patch in its colour, and a line around it."""
    shown = lens_maps.picture(subject.shown).copy()
    mean = np.rint(255 * (-subject.black / (subject.white - subject.black)).numpy())
    colour = {"mean": mean, "black": 0, "white": 255}[cover]
    rows = slice(max(top, 0), max(top + side, 0))
    columns = slice(max(left, 0), max(left + side, 0))
    shown[rows, columns] = colour
    large = np.kron(shown, np.ones((8, 8, 1), np.uint8))
    edge = [slice(part.start * 8, part.stop * 8) for part in (rows, columns)]
    frame = large[edge[0], edge[1]]
    if frame.size:
        frame[:2] = frame[-2:] = OUTLINE
        frame[:, :2] = frame[:, -2:] = OUTLINE
    return large


class OcclusionExplorer(KernelApp):
    """Move a patch over the picture: which part does the network need for its answer?"""

    picture = Setting("lenet5: Digit 9").tag(sync=True, state=True)
    size = Setting(30).tag(sync=True, state=True)
    across = Setting(50).tag(sync=True, state=True)
    down = Setting(30).tag(sync=True, state=True)
    cover = Setting("black").tag(sync=True, state=True)
    target = Setting(9).tag(sync=True, state=True)

    label = traitlets.Unicode("Occlusion").tag(sync=True)
    pointed = traitlets.Dict({"0": {"across": "across", "down": "down", "on": "move"}}).tag(sync=True)

    @traitlets.default("controls")
    def _controls(self):
        return [
            {"kind": "menu", "name": "picture", "label": "Network and picture", "options": lens_subjects.options()},
            {"kind": "slider", "name": "size", "label": "Patch %", "min": 10, "max": 90},
            {"kind": "slider", "name": "across", "label": "Across %", "min": 0, "max": 100},
            {"kind": "slider", "name": "down", "label": "Down %", "min": 0, "max": 100},
            {"kind": "menu", "name": "cover", "label": "Covered with", "options": [[c, c] for c in COVERS]},
            {"kind": "slider", "name": "target", "label": "Map of class", "min": 0, "max": 9},
        ]

    @traitlets.validate("picture", "cover")
    def _one_of(self, proposal):
        options = lens_subjects.names() if proposal["trait"].name == "picture" else COVERS
        return checks.choice(proposal["trait"].name, proposal["value"], options)

    @traitlets.validate(*RANGES)
    def _in_range(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        checks.within(name, value, *RANGES[name])
        return checks.integer(name, value, RANGES[name][0])

    @staticmethod
    def compute(**state):
        return view(**state)

    @staticmethod
    def draw(result):
        subject, classes = result.subject, result.subject.classes
        now, then = int(result.after.argmax()), int(result.before.argmax())
        lost = result.before[then] - result.after[then]
        answer = "still says" if now == then else "now says"
        caption = f"Fall of the score of “{classes[result.target]}”, wherever a patch of {result.size} px lies"
        return {
            "pictures": {
                "Move the patch over the picture": paint.png(result.covered),
                caption: paint.png(lens_maps.overlay(subject.shown, result.falls)),
            },
            "bars": [
                {"name": name, "value": float(after), "before": float(before)}
                for name, before, after in zip(classes, result.before, result.after, strict=True)
            ],
            "text": (
                f"Uncovered it says “{classes[then]}” with {100 * result.before[then]:.1f} %; covered it {answer} "
                f"“{classes[now]}” with {100 * result.after[now]:.1f} %. The patch takes {100 * lost:.1f} points from "
                f"“{classes[then]}”. Orange: covering here lowers the score of “{classes[result.target]}” "
                f"(by {result.falls.max():.2f} at most), blue: it raises it."
            ),
        }
