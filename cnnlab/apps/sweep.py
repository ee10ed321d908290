"""The base of apps that train many small networks one after the other and compare what they come to."""

import math
import os
from dataclasses import dataclass, field
from typing import Any

import torch

from cnnlab.apps.live import LiveApp
from cnnlab.apps.recorded import named_apart
from cnnlab.apps.training_run import smoothed
from cnnlab.nets import train

ROLES = ("kernel", "output", "input")


@dataclass
class Job:
    """One network of a series to train: `x` is its place on the axis, `make()` builds it."""

    series: str
    x: float
    name: str
    make: Any
    recipe: Any
    losses: list = field(default_factory=list)  # (epochs done, loss of the step)
    error: float | None = None  # per cent of the training images, in eval mode, when it is done
    diverged: bool = False


class SweepApp(LiveApp):
    """Trains the `jobs` of a state on `images` and draws the training error of each over its x."""

    jobs = ()

    def plan(self, **state):
        """(images, list of Job) of a state."""
        raise NotImplementedError

    def axis(self):
        """The x axis of the errors, as `Curves.draw` in widgets/js/curves.js takes it."""
        raise NotImplementedError

    def forget(self):
        self.jobs = ()

    def work(self, stopped, fresh, **state):
        if fresh:
            images, self.jobs = self.plan(**state)
            self._going = self._trained(images, self.jobs)
        torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))  # one core stays with the page and the other apps
        for job in self._going:
            yield job
            if stopped():
                return

    @staticmethod
    def _trained(images, jobs):
        """Train the jobs; yields the present one after every step."""
        for job in jobs:
            torch.manual_seed(0)
            model = job.make()
            for record in train.fit(model, images, job.recipe):
                if math.isfinite(record.loss):
                    job.losses.append((record.step / record.steps * job.recipe.epochs, record.loss))
                else:
                    job.diverged = True
                if job.losses:
                    yield job
            job.error = 100 * (1 - train.evaluate(model, images).accuracy)
            yield job

    def draw(self, job):
        done = [job for job in self.jobs if job.error is not None]
        return {
            "pictures": {},
            "charts": [self._errors(done), self._losses(job)],
            "text": self._words(done),
            "share": (len(done) + (job.error is None) * job.losses[-1][0] / job.recipe.epochs) / len(self.jobs),
        }

    def _errors(self, done):
        lines, dots = [], []
        for role, series in zip(ROLES, dict.fromkeys(job.series for job in self.jobs), strict=False):
            points = [[job.x, job.error] for job in done if job.series == series]
            if points:
                anchor = "end" if len(points) > 2 else "start"
                lines.append({"points": points, "role": role, "name": series, "anchor": anchor})
            dots += [{"at": point, "role": role} for point in points]
        return {
            "name": "Training error, %",
            "text": self._words(done),
            "x": self.axis(),
            "y": {"range": [0, 100]},
            "lines": named_apart(lines, 100),
            "dots": dots,
        }

    def _losses(self, job):
        """The present network's curve over those of the others."""
        shown = [other for other in self.jobs if other.losses and other is not job] + [job]
        lines = [
            {"points": smoothed(each.losses, 60), "role": self._role(each), "faint": each is not job} for each in shown
        ]
        lines[-1] |= {"name": job.name, "anchor": "end" if job.losses[-1][0] > job.recipe.epochs / 2 else "start"}
        return {
            "name": "Loss on training batches",
            "text": f"{job.name}: now {job.losses[-1][1]:.2f}.",
            "x": {"range": [0, job.recipe.epochs], "name": "epochs"},
            "y": {"range": [0, 3]},
            "lines": lines,
        }

    def _role(self, job):
        return ROLES[list(dict.fromkeys(each.series for each in self.jobs)).index(job.series)]

    @staticmethod
    def _words(done):
        told = [f"{job.name} {job.error:.1f} %{' (diverged)' if job.diverged else ''}" for job in done]
        return f"Training error: {', '.join(told)}." if told else "The first network is learning."
