"""Addresses that follow from the repository's own, which stands in pyproject.toml and nowhere else."""

from importlib.metadata import metadata
from urllib.parse import quote, urlsplit

BRANCH = "main"


def repository():
    """Return the address of the repository, as installed."""
    for entry in metadata("cnnlab").get_all("Project-URL") or ():
        label, _, address = entry.partition(", ")
        if label == "Repository":
            return address
    raise LookupError("[project.urls] has no Repository")


def known(address):
    """Whether the address is a real one rather than the placeholder."""
    return "/OWNER/" not in address


def _slug(address):
    return urlsplit(address).path.strip("/").removesuffix(".git")


def binder(address, notebook="index.ipynb"):
    """Return where Binder shows a notebook as a dashboard."""
    shown = quote(f"voila/render/notebooks/{notebook}", "")
    return f"https://mybinder.org/v2/gh/{_slug(address)}/{BRANCH}?urlpath={shown}"


def colab(address, notebook):
    """Return where Colab opens a notebook."""
    return f"https://colab.research.google.com/github/{_slug(address)}/blob/{BRANCH}/notebooks/{notebook}"
