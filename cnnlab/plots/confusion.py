"""The confusion matrix as a picture: true classes as rows, guesses as columns, counts in the cells."""

import io

import matplotlib
import numpy as np
from matplotlib.figure import Figure

SIZE = 3.6, 3.6  # inches at 100 dots: 360 px


def confusion(matrix, classes):
    """PNG bytes of a (classes, classes) array of counts; each row is coloured by its own shares."""
    matrix = np.asarray(matrix)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    with matplotlib.rc_context({"font.size": 11}):
        figure = Figure(SIZE, dpi=100, layout="constrained")
        axes = figure.subplots()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        names = [name if len(name) <= 8 else f"{name[:7]}." for name in classes]
        axes.set_xticks(range(len(names)), names, rotation=90 if max(map(len, names)) > 2 else 0)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("guess")
        axes.set_ylabel("truth")
        for row, column in zip(*np.nonzero(matrix), strict=True):
            ink = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, matrix[row, column], ha="center", va="center", color=ink)
        target = io.BytesIO()
        figure.savefig(target, format="png")
    return target.getvalue()
