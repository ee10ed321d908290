"""The base of apps that train a network live: one run after the other, each with its curves, the earlier ones faint."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from cnnlab.apps import turns
from cnnlab.apps.live import LiveApp
from cnnlab.nets import train

EARLIER = 3  # runs that stay on the charts
POINTS = 150  # of a curve at most


@dataclass
class Run:
    """A run: what it trains, and what has come out so far.

    model, data, recipe, held_out : as `cnnlab.nets.train.fit` takes them; name : what the legend calls it
    """

    name: str
    model: Any
    data: Any
    recipe: Any
    held_out: Any = None
    notice: str = ""  # stays for the whole run
    remark: str = ""  # the newest
    losses: list = field(default_factory=list)  # (epochs done, loss of the step)
    scores: list = field(default_factory=list)  # (epochs done, held-out accuracy in per cent)
    train_scores: list = field(default_factory=list)  # (epochs done, accuracy on the augmented training batches)
    last: Any = None  # the newest record

    def take(self, record):
        """Add what one step says."""
        done = record.step / record.steps * self.recipe.epochs
        self.losses.append((done, record.loss))
        self.train_scores.append((done, 100 * record.accuracy))
        if record.held_out is not None:
            self.scores.append((done, 100 * record.held_out.accuracy))
        if record.notice:
            self.remark = record.notice
        self.last = record


def smoothed(points, most=POINTS):
    """At most so many points, each the mean of its neighbours."""
    size = max(1, -(-len(points) // most))
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [[sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)] for group in groups]


class TrainingApp(LiveApp):
    """Trains what `prepare` returns; `look` gives the pictures of the network as it is now."""

    def __init__(self, **state):
        self.runs = []
        self._folder = tempfile.TemporaryDirectory(prefix="cnnlab-", ignore_cleanup_errors=True)
        super().__init__(**state)

    def prepare(self, **state):
        """A `Run` for a state."""
        raise NotImplementedError

    def look(self, run):
        """{caption: PNG bytes} of the network of a run, and a sentence that says the same."""
        return {}, ""

    def conclude(self, run):
        """A sentence on a run that is complete."""
        return ""

    @property
    def run(self):
        """The present run, or None."""
        return self.runs[-1] if self.runs else None

    @property
    def checkpoint(self):
        """Where the present run is saved at the end of every epoch, and when it is stopped."""
        return Path(self._folder.name) / "run.safetensors"

    def close(self):
        super().close()
        if self.wait(5):
            self._folder.cleanup()

    def work(self, stopped, fresh, **state):
        if fresh:
            for file in self.checkpoint.parent.glob("*"):
                file.unlink()
            self.runs = [*self.runs[-EARLIER:], self.prepare(**state)]
        run = self.run
        torch.set_num_threads(turns.cores())
        fitting = train.fit(
            run.model, run.data, run.recipe, held_out=run.held_out, checkpoint=self.checkpoint, stop=stopped
        )
        for record in fitting:
            run.take(record)
            yield run
        if not stopped() and (sentence := self.conclude(run)):
            run.remark = sentence
            yield run

    def draw(self, run):
        pictures, words = self.look(run)
        record = run.last
        held_out = f", held out {run.scores[-1][1]:.1f} %" if run.scores else ""
        text = (
            f"{run.name}: epoch {record.epoch} of {run.recipe.epochs}, loss {record.loss:.3f}, accuracy of the batch "
            f"{100 * record.accuracy:.0f} %{held_out}; {record.images_per_second:,.0f} images a second. "
            f"{words} {run.remark} {run.notice}"
        )
        return {
            "pictures": pictures,
            "charts": [self.loss_chart(), self.accuracy_chart()],
            "text": " ".join(text.split()),
            "share": record.step / record.steps,
        }

    def loss_chart(self):
        """Loss of the training batches, this run's over those of earlier ones."""
        lines = [self._line(run, smoothed(run.losses), "input") for run in self.runs]
        highest = max((y for line in lines for _, y in line["points"]), default=1)
        return {
            "name": "Loss on training images",
            "text": f"Now {self.run.losses[-1][1]:.3f}.",
            "x": {"range": [0, self._most_epochs()], "name": "epochs"},
            "y": {"range": [0, 1.05 * highest or 1]},
            "lines": lines,
        }

    def accuracy_chart(self):
        """Accuracy in per cent: of training batches (dotted) and of the images held out."""
        lines = [self._line(run, run.scores, "output") for run in self.runs if run.scores]
        now = self._line(self.run, smoothed(self.run.train_scores, 40), "input")
        lowest = min((y for line in lines for _, y in line["points"]), default=0)
        floor = next(level for level in (90, 80, 50, 0) if lowest >= level)
        return {
            "name": "Accuracy, %: training dotted, held out solid",
            "text": f"Held out {self.run.scores[-1][1]:.1f} %." if self.run.scores else "",
            "x": {"range": [0, self._most_epochs()], "name": "epochs"},
            "y": {"range": [floor, 100]},
            "lines": [{**now, "style": "dotted", "name": None}, *lines],
        }

    def _most_epochs(self):
        return max(run.recipe.epochs for run in self.runs)

    def _line(self, run, points, role):
        present = run is self.run
        return {"points": points, "role": role, "faint": not present, "name": None if present else run.name}
