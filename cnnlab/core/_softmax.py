"""Softmax and cross-entropy: from scores (logits) to probabilities to a loss, with the gradients.

float32 and float64 stay what they are, any other number type is computed in float64. Bad input (empty, ragged, complex,
boolean or non-finite scores, labels out of range) is refused with a ValueError that names it. Source: Bridle 1990;
Goodfellow, Bengio & Courville, Deep Learning (2016), sections 4.1 and 6.2.2.
"""

import numpy as np

from cnnlab.core import checks


def softmax(x, axis=-1):
    """Scores to probabilities: exp(x_i) / sum_j exp(x_j) along `axis`; every value >= 0, every sum 1.

    The largest score is subtracted first, which changes nothing but keeps exp from overflowing.

    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5])
    """
    x, axis = _scores(x, axis)
    return np.exp(_log_softmax(x, axis))


def log_softmax(x, axis=-1):
    """Logarithm of softmax, x_i - log sum_j exp(x_j) along `axis`, without taking the logarithm of a rounded zero.

    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    x, axis = _scores(x, axis)
    return _log_softmax(x, axis)


def softmax_derivative(x, axis=-1):
    """Jacobian of softmax along `axis`: d softmax_i / d x_j = s_i (delta_ij - s_j).

    x of shape (..., C, ...) gives an array with `axis` moved to the end and doubled: (..., C, C), rows i, columns j.

    >>> softmax_derivative([0.0, 0.0])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    identity, probabilities = _jacobian_parts(x, axis)
    return probabilities[..., :, None] * (identity - probabilities[..., None, :])


def log_softmax_derivative(x, axis=-1):
    """Jacobian of log-softmax along `axis`: d log softmax_i / d x_j = delta_ij - s_j; shaped as `softmax_derivative`.

    >>> log_softmax_derivative([0.0, 0.0])
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    """
    identity, probabilities = _jacobian_parts(x, axis)
    return identity - probabilities[..., None, :]


def cross_entropy(logits, labels, *, label_smoothing=0.0, reduction="mean"):
    """Cross-entropy between the softmax of `logits` and the true classes: -log softmax(logits)[label].

    logits: (N, C), or (N, C, *spatial) with one label a position; labels: whole numbers 0..C-1, shape (N, *spatial).
    label_smoothing e (0..1) replaces the one-hot target by (1 - e) onehot + e / C (Szegedy et al. 2016, section 7).
    reduction: "mean" or "sum" over all labels give one number, "none" gives the shape of `labels`.

    >>> float(cross_entropy([[0.0, 0.0]], [1]).round(4))  # log 2: the network does not know
    0.6931
    """
    logits, labels = _classified(logits, labels)
    smoothing = checks.within("label_smoothing", label_smoothing, 0, 1)
    checks.choice("reduction", reduction, ("mean", "sum", "none"))
    log_probabilities = _log_softmax(logits, axis=1)
    losses = -(1 - smoothing) * np.take_along_axis(log_probabilities, labels[:, None], axis=1)[:, 0]
    with np.errstate(over="ignore"):  # logits beyond half the number range: the loss is infinite, and says so
        if smoothing:
            losses = losses - smoothing * log_probabilities.mean(axis=1)
        return {"none": np.asarray, "sum": np.sum, "mean": np.mean}[reduction](losses)


def cross_entropy_gradient(logits, labels, *, label_smoothing=0.0, reduction="mean"):
    """Gradient of `cross_entropy` by the logits: softmax - target, and for "mean" divided by the number of labels.

    Arguments as for `cross_entropy`; the result has the shape of `logits`. With "none" row n is the gradient of loss n.

    >>> cross_entropy_gradient([[0.0, 0.0]], [1])
    array([[ 0.5, -0.5]])
    """
    logits, labels = _classified(logits, labels)
    smoothing = checks.within("label_smoothing", label_smoothing, 0, 1)
    checks.choice("reduction", reduction, ("mean", "sum", "none"))
    target = np.full_like(logits, smoothing / logits.shape[1])
    np.put_along_axis(target, labels[:, None], target[0, 0].flat[0] + (1 - smoothing), axis=1)
    gradient = np.exp(_log_softmax(logits, axis=1)) - target
    return gradient / labels.size if reduction == "mean" else gradient


def _scores(x, axis):
    x = checks.real("x", x)
    checks.workspace("x.shape", x.shape, 5 * x.nbytes)
    if x.ndim == 0:
        checks.refuse("x.ndim", 0, "must be 1 or more: softmax compares scores along an axis")
    axis = checks.integer("axis", axis, -x.ndim)
    if axis >= x.ndim:
        checks.refuse("axis", axis, f"must lie between {-x.ndim} and {x.ndim - 1}")
    return x, axis


def _log_softmax(x, axis):
    with np.errstate(over="ignore"):  # scores further apart than the largest number: the true value rounds to -infinity
        shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _jacobian_parts(x, axis):
    x, axis = _scores(x, axis)
    classes = x.shape[axis]
    checks.workspace("x.shape", x.shape, 3 * x.nbytes * classes)
    return np.eye(classes, dtype=x.dtype), np.moveaxis(np.exp(_log_softmax(x, axis)), axis, -1)


def _classified(logits, labels):
    logits, labels = checks.real("logits", logits), checks.array("labels", labels)
    if logits.ndim < 2:
        checks.refuse("logits.ndim", logits.ndim, "must be 2 or more: (N, C) or (N, C, *spatial)")
    checks.workspace("logits.shape", logits.shape, 6 * logits.nbytes)
    if labels.dtype.kind not in "iu":
        checks.refuse("labels", labels, "must be whole numbers, the index of the true class")
    wanted = logits.shape[:1] + logits.shape[2:]
    if labels.shape != wanted:
        checks.refuse("labels.shape", labels.shape, f"must be {wanted}, one label a row of logits {logits.shape}")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        checks.refuse("labels", labels, f"must lie between 0 and {logits.shape[1] - 1}")
    return logits, labels.astype(np.intp)
