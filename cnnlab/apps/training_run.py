"""The base of apps that train a network live: one run after the other, each with its curves, the earlier ones faint."""

import math
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
    number: int = 1  # among the runs of an app
    last: Any = None  # the newest record
    judged: int = -1  # how many epochs were over when `matrix` was counted and painted as `confusion`
    matrix: Any = None
    confusion: bytes = b""

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

    def forget(self):
        self.runs = []

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
            made = self.prepare(**state)
            made.number = self.run.number + 1 if self.runs else 1
            self.runs = [*self.runs[-EARLIER:], made]
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
        """Curves, pictures and words; of a network that nobody has trained yet, too."""
        pictures, words = self.look(run)
        record = run.last
        state = f"{run.name}: not trained yet."
        if record is not None:
            held_out = f", held out {run.scores[-1][1]:.1f} %" if run.scores else ""
            state = (
                f"{run.name}: epoch {record.epoch} of {run.recipe.epochs}, loss {record.loss:.3f}, "
                f"batch {100 * record.accuracy:.0f} %{held_out}; {record.images_per_second:,.0f} images a second."
            )
        return {
            "pictures": pictures,
            "charts": [self.loss_chart(run), self.accuracy_chart(run)],
            "text": " ".join(f"{state} {words} {self._earlier(run)}".split()),
            "notice": f"{run.remark} {run.notice}".strip(),
            "share": record.step / record.steps if record else 0,
        }

    def loss_chart(self, run):
        """Loss of the training batches, this run's over those of earlier ones."""
        lines = [self._line(one, run, smoothed(one.losses), "input") for one in self.runs if one.losses]
        guessing = math.log(len(run.data.classes))
        highest = max([1.1 * guessing, *(y for line in lines for _, y in line["points"])])
        return {
            "name": "Loss on training images",
            "text": f"Now {run.losses[-1][1]:.3f}." if run.losses else "",
            "x": {"range": [0, self._most_epochs(run)], "name": "epochs"},
            "y": {"range": [0, 1.05 * highest]},
            "rules": [{"y": guessing, "style": "dashed", "name": f"guessing: ln {len(run.data.classes)}"}],
            "lines": lines,
        }

    def accuracy_chart(self, run):
        """Accuracy in per cent: of training batches (dotted) and of the images held out."""
        lines = [self._line(one, run, one.scores, "output") for one in self.runs if one.scores]
        lowest = min((y for line in lines for _, y in line["points"]), default=0)
        floor = next(level for level in (90, 80, 50, 0) if lowest >= level)
        if run.train_scores:
            now = self._line(run, run, smoothed(run.train_scores, 40), "input")
            lines = [{**now, "style": "dotted"}, *lines]
        return {
            "name": "Accuracy, % (dotted: training)",
            "text": f"Held out {run.scores[-1][1]:.1f} %." if run.scores else "",
            "x": {"range": [0, self._most_epochs(run)], "name": "epochs"},
            "y": {"range": [floor, 100]},
            "lines": lines,
        }

    def _most_epochs(self, run):
        return max(one.recipe.epochs for one in [run, *self.runs])

    def _line(self, one, run, points, role):
        present = one is run
        return {"points": points, "role": role, "faint": not present, "name": None if present else str(one.number)}

    def _earlier(self, run):
        """Which number on the charts is which earlier run."""
        others = [
            f"{one.number} {one.name}" + (f" ({one.scores[-1][1]:.1f} %)" if one.scores else "")
            for one in self.runs
            if one is not run
        ]
        return f"Earlier runs: {'; '.join(others)}." if others else ""
