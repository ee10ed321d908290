"""The space of features: each image a point, images that a network finds alike near each other."""

import torch

from cnnlab.core import checks
from cnnlab.nets import inspect

__all__ = ["features", "nearest", "pca", "tsne"]


def features(model, x, layer, *, batch=256):
    """The outputs of a layer as points (N, D); of feature maps the mean over their places."""
    found = torch.cat([inspect.feature_maps(model, part, layer)[layer] for part in x.split(batch)])
    return found.mean((2, 3)) if found.ndim == 4 else found.flatten(1)


def nearest(points, queries, count=5):
    """(distances, numbers), each (M, count): the nearest of the points (N, D) to each query (M, D), Euclidean."""
    from sklearn.neighbors import NearestNeighbors

    count = checks.integer("count", count, 1)
    if count > len(points):
        checks.refuse("count", count, f"must be at most {len(points)}, the number of points")
    found = NearestNeighbors(n_neighbors=count).fit(points.numpy())
    return tuple(torch.from_numpy(part) for part in found.kneighbors(queries.numpy()))


def pca(points, dimensions=2):
    """The points (N, dimensions) along the directions in which they differ most."""
    from sklearn.decomposition import PCA

    return torch.from_numpy(PCA(dimensions, random_state=0).fit_transform(points.numpy()))


def tsne(points, *, perplexity=30.0, seed=0):
    """A map (N, 2) that keeps neighbours together; distances between far groups mean nothing.

    van der Maaten & Hinton, "Visualizing data using t-SNE", 2008.
    """
    from sklearn.manifold import TSNE

    if not 0 < perplexity < len(points):
        checks.refuse("perplexity", perplexity, f"must lie between 0 and {len(points)}, the number of points")
    made = TSNE(2, perplexity=perplexity, init="pca", random_state=checks.integer("seed", seed, 0))
    return torch.from_numpy(made.fit_transform(points.numpy()))
