"""Batch norm in five steps: a mini-batch of one channel that can be dragged, and the moving averages it feeds."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import checks, normalization

MOST_VALUES, BATCHES = 12, 31  # values of the largest mini-batch; mini-batches that come one after the other
FAR = 10  # a value lies between -FAR and FAR
CENTRE, SPREAD = 3, 2  # of all the data that the mini-batches are drawn from
LIMITS = {"gamma": (-3, 3), "beta": (-5, 5), "alpha": (0, 1)}
CONVENTIONS = ("alpha", "momentum")


@dataclass(frozen=True, eq=False)
class Result:
    """The five steps for the present mini-batch, and the moving averages after 0, 1, 2, ... mini-batches."""

    steps: normalization.BatchNormSteps
    means: np.ndarray
    variances: np.ndarray


class BatchNormExplorer(BrowserApp, module="explorers/batch_norm.js"):
    """One channel's batch norm: activations, mean and spread, normalised, scaled and shifted, moving averages.

    Settings
    --------
    batches : 31 lists of 12 numbers from -10 to 10; a mini-batch is the first `size` of one list
    step : which mini-batch is on the stage, 0 to 30; those before it have already moved the averages
    size : values of a mini-batch, 1 to 12. One alone has no spread: it will do in eval only, and then the averages
        come from mini-batches of two
    gamma, beta : scale and shift
    training : False normalises by the moving averages
    alpha : the share of the old average that stays; torch's momentum is 1 - alpha
    unbiased : whether the moving variance takes the variance divided by M - 1
    convention : "alpha" or "momentum": which of the two the page writes
    """

    batches = Setting().tag(sync=True, state=True)
    step = Setting(3).tag(sync=True, state=True)
    size = Setting(6).tag(sync=True, state=True)
    gamma = Setting(1.5).tag(sync=True, state=True)
    beta = Setting(-2.0).tag(sync=True, state=True)
    training = Setting(True).tag(sync=True, state=True)
    alpha = Setting(0.9).tag(sync=True, state=True)
    unbiased = Setting(True).tag(sync=True, state=True)
    convention = Setting("alpha").tag(sync=True, state=True)

    population = traitlets.Dict({"mean": CENTRE, "variance": SPREAD**2}, read_only=True).tag(sync=True)

    @property
    def values(self):
        """The present mini-batch; set it to as many numbers as you like, up to 12."""
        return list(self.batches[self.step][: self.size])

    @values.setter
    def values(self, values):
        values = checks.array("values", values, 1).tolist()
        if len(values) > MOST_VALUES:
            checks.refuse("values", len(values), f"must be at most {MOST_VALUES} numbers")
        rows = [list(row) for row in self.batches]
        rows[self.step][: len(values)] = values
        self.batches, self.size = rows, len(values)

    @staticmethod
    def compute(*, batches, step, size, gamma, beta, training, alpha, unbiased, convention):
        """The same as the page computes, by `cnnlab.core.normalization`; returns a `Result`."""
        settings = {"alpha": alpha, "unbiased": unbiased}
        mean, variance = [0.0], [1.0]
        for batch in batches[:step]:
            x = np.array(batch[: max(size, 2)])[:, None]
            past = normalization.batch_norm_steps(x, running_mean=mean[-1:], running_var=variance[-1:], **settings)
            mean.append(float(past.running_mean_after[0]))
            variance.append(float(past.running_variance_after[0]))
        steps = normalization.batch_norm_steps(
            np.array(batches[step][:size])[:, None],
            [gamma],
            [beta],
            running_mean=mean[-1:],
            running_var=variance[-1:],
            training=training,
            **settings,
        )
        return Result(steps, np.array(mean), np.array(variance))

    @traitlets.default("batches")
    def _first_batches(self):
        drawn = np.random.default_rng(3).normal(CENTRE, SPREAD, (BATCHES, MOST_VALUES))
        return np.clip(drawn.round(1), -FAR, FAR).tolist()

    @traitlets.validate("batches")
    def _checked_batches(self, proposal):
        batches = checks.array("batches", proposal["value"], 2)
        if batches.shape != (BATCHES, MOST_VALUES):
            checks.refuse("batches.shape", batches.shape, f"must be ({BATCHES}, {MOST_VALUES})")
        if abs(batches).max() > FAR:
            checks.refuse("batches", abs(batches).max(), f"must lie between {-FAR} and {FAR}")
        return batches.astype(float).tolist()

    @traitlets.validate("step", "size")
    def _counted(self, proposal):
        name = proposal["trait"].name
        low, high = {"step": (0, BATCHES - 1), "size": (1, MOST_VALUES)}[name]
        return int(checks.within(name, checks.integer(name, proposal["value"], low), low, high))

    @traitlets.validate("gamma", "beta", "alpha")
    def _in_range(self, proposal):
        name = proposal["trait"].name
        return checks.within(name, proposal["value"], *LIMITS[name])

    @traitlets.validate("training", "unbiased")
    def _yes_or_no(self, proposal):
        return checks.flag(proposal["trait"].name, proposal["value"])

    @traitlets.validate("convention")
    def _known_convention(self, proposal):
        return checks.choice("convention", proposal["value"], CONVENTIONS)
