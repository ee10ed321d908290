"""Batch norm in its five steps: activations, mean and variance, normalise, scale and shift, moving averages."""

from dataclasses import dataclass

import numpy as np

from cnnlab.core import checks
from cnnlab.core._standardize import from_moments, per_channel, standardize


@dataclass(frozen=True, eq=False)
class BatchNormSteps:
    """Every intermediate of one batch norm, in the order in which they are computed.

    x            1. the mini-batch of activations, (N, C, *spatial) or (N, C)
    mean         2. used to normalise, (C,): of the mini-batch in training, else the moving average
    variance        likewise, biased (divided by the count M)
    normalized   3. (x - mean) / sqrt(variance + eps), the shape of x
    output       4. gamma * normalized + beta, the shape of x
    running_mean_before, running_mean_after           5. the moving averages, (C,); eval leaves them as they are
    running_variance_before, running_variance_after

    `count` is M, the values a channel; `alpha` the share that the old average keeps (torch's momentum is 1 - alpha);
    `unbiased` says whether the moving variance takes the variance times M / (M - 1), as torch does. Printing it gives
    the five steps with their numbers.
    """

    x: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    normalized: np.ndarray
    output: np.ndarray
    running_mean_before: np.ndarray
    running_mean_after: np.ndarray
    running_variance_before: np.ndarray
    running_variance_after: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    count: int
    training: bool
    alpha: float
    unbiased: bool
    eps: float

    @property
    def deviation(self):
        """What the centred activations are divided by: sqrt(variance + eps), (C,)."""
        return np.sqrt(self.variance + self.variance.dtype.type(self.eps))

    def __str__(self):
        source = "of the mini-batch" if self.training else "the moving averages"
        lines = [
            f"activations: {self.count} values a channel, from {self.x.min():.4g} to {self.x.max():.4g}",
            f"mean {_short(self.mean)}, variance {_short(self.variance)} ({source})",
            f"normalize: (x - mean) / sqrt(variance + {self.eps:g}), "
            f"from {self.normalized.min():.4g} to {self.normalized.max():.4g}",
            f"scale and shift: {_short(self.gamma)} · normalized + {_short(self.beta)}, "
            f"from {self.output.min():.4g} to {self.output.max():.4g}",
            "moving averages: " + (self._averages() if self.training else "unchanged in eval"),
        ]
        return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))

    def _averages(self):
        divisor = "M - 1" if self.unbiased else "M"
        current = self.variance * (self.count / (self.count - 1) if self.unbiased else 1)
        keep, take = f"{self.alpha:.4g}", f"{1 - self.alpha:.4g}"
        return (
            f"mean {keep} · {_short(self.running_mean_before)} + {take} · {_short(self.mean)} "
            f"= {_short(self.running_mean_after)}, variance (divided by {divisor}) "
            f"{keep} · {_short(self.running_variance_before)} + {take} · {_short(current)} "
            f"= {_short(self.running_variance_after)}"
        )


def batch_norm(
    x,
    gamma=None,
    beta=None,
    *,
    running_mean=None,
    running_var=None,
    training=True,
    momentum=None,
    alpha=None,
    unbiased=True,
    eps=1e-5,
):
    """Batch norm of x, the output alone; arguments and errors as for `batch_norm_steps`, which also returns the moving
    averages. (They are never changed in place, so `momentum`, `alpha` and `unbiased` do not matter here.)

    >>> batch_norm([[1.0], [3.0]], [2.0], [10.0], eps=0)
    array([[ 8.],
           [12.]])
    """
    settings = {"training": training, "momentum": momentum, "alpha": alpha, "unbiased": unbiased, "eps": eps}
    return batch_norm_steps(x, gamma, beta, running_mean=running_mean, running_var=running_var, **settings).output


def batch_norm_steps(
    x,
    gamma=None,
    beta=None,
    *,
    running_mean=None,
    running_var=None,
    training=True,
    momentum=None,
    alpha=None,
    unbiased=True,
    eps=1e-5,
):
    """Batch norm with every intermediate visible.

    x: (N, C) or (N, C, *spatial), in training with two values a channel or more; gamma, beta: scale and shift, (C,),
    or None for 1 and 0. running_mean, running_var: the moving averages so far, (C,); in training None stands for 0 and
    1, in eval (training=False) they are used instead of the mini-batch's own and are required.
    The averages move as new = alpha * old + (1 - alpha) * current; give `alpha` (as the lectures write it) or torch's
    `momentum` = 1 - alpha (default 0.1), not both. The current variance that enters is divided by M - 1 with
    unbiased=True (torch) or by M with unbiased=False (as the formula for normalising has it).
    Source: Ioffe & Szegedy 2015, algorithms 1 and 2.

    >>> steps = batch_norm_steps([[1.0], [3.0]], alpha=0.9, unbiased=False, eps=0)
    >>> steps.mean, steps.variance, steps.normalized[:, 0], steps.running_mean_after
    (array([2.]), array([1.]), array([-1.,  1.]), array([0.2]))
    >>> print(steps)
    1. activations: 2 values a channel, from 1 to 3
    2. mean [2], variance [1] (of the mini-batch)
    3. normalize: (x - mean) / sqrt(variance + 0), from -1 to 1
    4. scale and shift: [1] · normalized + [0], from -1 to 1
    5. moving averages: mean 0.9 · [0] + 0.1 · [2] = [0.2], variance (divided by M) 0.9 · [1] + 0.1 · [1] = [1]
    """
    x = checks.real("x", x)
    checks.flag("unbiased", unbiased)
    alpha = _share_kept(momentum, alpha)
    standardized, old_mean, old_variance = standardized_batch(x, running_mean, running_var, training, eps)
    scale, shift = _filled("gamma", gamma, x, 1.0), _filled("beta", beta, x, 0.0)
    output = standardized.scaled(scale, shift)
    count = x.size // x.shape[1]
    new_mean, new_variance = old_mean, old_variance
    if training:
        correction = count / (count - 1) if unbiased else 1
        new_mean = alpha * old_mean + (1 - alpha) * standardized.mean
        new_variance = alpha * old_variance + (1 - alpha) * standardized.variance * correction
    return BatchNormSteps(
        x=x,
        mean=_in_type_of(x, "x", standardized.mean),
        variance=_in_type_of(x, "x", standardized.variance),
        normalized=standardized.normalized,
        output=output,
        running_mean_before=_in_type_of(x, "running_mean", old_mean),
        running_mean_after=_in_type_of(x, "running_mean", new_mean),
        running_variance_before=_in_type_of(x, "running_var", old_variance),
        running_variance_after=_in_type_of(x, "running_var", new_variance),
        gamma=_in_type_of(x, "gamma", scale),
        beta=_in_type_of(x, "beta", shift),
        count=count,
        training=bool(training),
        alpha=alpha,
        unbiased=bool(unbiased),
        eps=eps,
    )


def standardized_batch(x, running_mean, running_var, training, eps):
    """(x normalised by the mini-batch in training, else by the moving averages; the averages' mean; their variance)."""
    if x.ndim < 2:
        checks.refuse("x.ndim", x.ndim, "must be 2 or more: (N, C) or (N, C, *spatial)")
    training = checks.flag("training", training)
    mean, variance = _running(x, running_mean, running_var, training)
    if not training:
        return from_moments(x, mean, variance, checks.within("eps", eps, 0, 1e6)), mean, variance
    if x.size == x.shape[1]:
        checks.refuse("x.shape", x.shape, "must hold two values a channel or more in training; one alone has no spread")
    return standardize(x, (0, *range(2, x.ndim)), eps), mean, variance


def _share_kept(momentum, alpha):
    """The share of the old average that stays, from torch's momentum or the lectures' alpha."""
    if alpha is None:
        return 1 - checks.within("momentum", 0.1 if momentum is None else momentum, 0, 1)
    if momentum is not None:
        checks.refuse("alpha", alpha, "must stand alone: alpha and momentum = 1 - alpha say the same thing")
    return checks.within("alpha", alpha, 0, 1)


def _running(x, mean, variance, training):
    for name, value in (("running_mean", mean), ("running_var", variance)):
        if value is None and not training:
            checks.refuse(name, None, "must be given in eval, where it replaces the mini-batch's own")
    mean, variance = _filled("running_mean", mean, x, 0.0), _filled("running_var", variance, x, 1.0)
    if (variance < 0).any():
        checks.refuse("running_var", variance, "must not be negative")
    return mean, variance


def _filled(name, value, x, default):
    value = per_channel(name, value, x)
    return np.full((x.shape[1], *(1,) * (x.ndim - 2)), default) if value is None else value


def _short(values):
    """Up to four numbers, one a channel, with four digits."""
    shown = [f"{value:.4g}" for value in values[:4]]
    return f"[{', '.join(shown)}{', ...' if len(values) > 4 else ''}]"


def _in_type_of(x, name, value):
    """One number a channel, (C,), in the type of x."""
    with np.errstate(over="ignore"):
        value = value.reshape(-1).astype(x.dtype)
    if not np.isfinite(value).all():
        checks.refuse(name, "array", f"is too large for {x.dtype}; scale it down")
    return value
