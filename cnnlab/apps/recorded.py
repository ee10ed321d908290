"""Recorded training runs, drawn epoch by epoch as they went."""

import time

import traitlets

from cnnlab.apps.base import Setting
from cnnlab.apps.live import LiveApp
from cnnlab.core import checks
from cnnlab.nets import records

FIGURES = {
    "training accuracy": ("Accuracy on training batches, %", lambda epoch: 100 * epoch.accuracy),
    "held-out accuracy": (
        "Accuracy on images held out, %",
        lambda epoch: epoch.held_out and 100 * epoch.held_out.accuracy,
    ),
    "loss": ("Loss on training batches", lambda epoch: epoch.loss),
    "gradient": ("Norm of the gradient", lambda epoch: epoch.gradient_norm),
}
LOOKS = [(role, style) for style in (None, "dashed", "dotted") for role in ("input", "kernel", "output", "gradient")]
PACE = 0.25  # seconds an epoch in the replay
APART = 0.075  # of the height: names of lines are at least so far from each other


class RecordedRuns(LiveApp):
    """Curves of recorded runs; Start draws them anew, epoch after epoch.

    runs : {what the legend says: name of a record}; those that are not recorded yet are named in the text
    """

    figure = Setting("training accuracy").tag(sync=True, state=True)
    controls = traitlets.List(
        [{"kind": "menu", "name": "figure", "label": "Show", "options": [[key, key] for key in FIGURES]}]
    ).tag(sync=True)
    views = ("figure",)

    def __init__(self, runs, label="Recorded runs", **state):
        known = records.names()
        self.runs = {title: records.load(name) for title, name in runs.items() if name in known}
        self.missing = [title for title, name in runs.items() if name not in known]
        self.last = max((len(run.epochs) for run in self.runs.values()), default=0)
        self.label = label
        super().__init__(**state)

    @traitlets.validate("figure")
    def _one_of(self, proposal):
        return checks.choice("figure", proposal["value"], tuple(FIGURES))

    def opening(self, **_):
        return self.last

    def work(self, stopped, fresh, **_):
        self.reached = 0 if fresh else self.reached
        while self.reached < self.last and not stopped():
            self.reached += 1
            yield self.reached
            time.sleep(PACE)

    def draw(self, reached):
        caption, value = FIGURES[self.figure]
        lines = []
        for (role, style), (title, run) in zip(LOOKS, self.runs.items(), strict=False):
            points = [[epoch.epoch, value(epoch)] for epoch in run.epochs[:reached] if value(epoch) is not None]
            if points:
                lines.append({"points": points, "role": role, "style": style, "name": title})
        heights = [value(e) for run in self.runs.values() for e in run.epochs if value(e) is not None]
        top = 1.05 * max(heights, default=1) if self.figure in ("loss", "gradient") else 100
        chart = {
            "name": caption,
            "text": "",
            "x": {"range": [0, max(self.last, 1)], "name": "epochs"},
            "y": {"range": [0, top]},
            "lines": named_apart(lines, top),
        }
        charts = [chart] if self.runs else []
        return {"pictures": {}, "charts": charts, "text": self._words(), "share": reached / max(self.last, 1)}

    def _words(self):
        told = [_ending(title, run) for title, run in self.runs.items()]
        if self.missing:
            told.append(f"Not recorded yet: {', '.join(self.missing)}.")
        return " ".join(told)


def _ending(title, run):
    """What a run came to, in words."""
    training = run.training.accuracy if run.training else run.epochs[-1].accuracy
    words = f"{title}: {100 * training:.1f} % of the training images right after {len(run.epochs)} epochs"
    if run.test:
        words += f", {100 * run.test.accuracy:.1f} % of the test images"
    return words + "."


def named_apart(lines, top, bottom=0):
    """The lines with their names at their ends, moved up or down until no two cover each other."""
    room = APART * (top - bottom)
    ordered = sorted(lines, key=lambda line: line["points"][-1][1])
    heights = [line["points"][-1][1] for line in ordered]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + room)
    ceiling = top - room  # above it the chart ends: those below make room
    for i in reversed(range(len(heights))):
        heights[i] = ceiling = min(heights[i], ceiling)
        ceiling -= room
    for line, height in zip(ordered, heights, strict=True):
        line["at"], line["lift"] = [line["points"][-1][0], height], -5
    return lines
