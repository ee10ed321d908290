"""Published data sets: what they are, where they may lie, how they are downloaded, and what they are held to."""

import os
from dataclasses import dataclass
from pathlib import Path

from cnnlab.nets import _layouts
from cnnlab.nets._cifar_100 import CIFAR_100

DEBIAN = Path("/usr/share/datasets")
PATIENCE = 600  # seconds to wait for another process that downloads the same
TIMEOUTS = (5, 30)  # seconds to connect, and between two pieces of an answer


class UnavailableError(Exception):
    """The data set cannot be had; the text says why in a few words."""


@dataclass(frozen=True)
class Published:
    """A data set of (C, H, W) `shape`. `layout` is "idx" or "cifar"; `archives` name -> published MD5 of what is
    downloaded; `unpacked` name -> SHA-256 of the bytes inside, for files that others may have packed again.
    `mean` and `std` are those of the training split."""

    title: str
    layout: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    folders: tuple[str, ...]
    urls: tuple[str, ...]
    archives: dict[str, str]
    unpacked: dict[str, str]


def _idx(title, classes, mean, std, folders, urls, md5, sha256):
    files = [f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    archives = dict(zip((f"{file}.gz" for file in files), md5, strict=True))
    unpacked = dict(zip(files, sha256, strict=True))
    return Published(title, "idx", (1, 28, 28), classes, (mean,), (std,), folders, urls, archives, unpacked)


def _cifar(title, classes, mean, std, folders, archive, md5):
    urls = ("https://www.cs.toronto.edu/~kriz/",)
    return Published(title, "cifar", (3, 32, 32), classes, mean, std, folders, urls, {archive: md5}, {})


# Checksums: MD5 as published with each data set; SHA-256 of the unpacked files, which many projects publish alike.
PUBLISHED = {
    "mnist": _idx(
        "MNIST",
        tuple("0123456789"),
        0.1306605,
        0.3081078,
        ("mnist", "MNIST/raw"),
        ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
        (
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    "fashion-mnist": _idx(
        "Fashion-MNIST",
        ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
        0.2860406,
        0.3530242,
        ("fashion-mnist", "FashionMNIST/raw"),
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        (
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    "cifar-10": _cifar(
        "CIFAR-10",
        _layouts.CIFAR_10,
        (0.4913997, 0.4821584, 0.4465309),
        (0.2470322, 0.2434851, 0.2615878),
        ("cifar-10", "cifar-10-batches-bin"),
        "cifar-10-binary.tar.gz",
        "c32a1d4ab5d03f1284b67883e8d87530",
    ),
    "cifar-100": _cifar(
        "CIFAR-100",
        CIFAR_100,
        (0.5070752, 0.4865489, 0.4409178),
        (0.2673343, 0.2564385, 0.2761505),
        ("cifar-100", "cifar-100-binary"),
        "cifar-100-binary.tar.gz",
        "03b5dce01913d631647c71ecec9e9cb8",
    ),
}


def cache_folder():
    """Where downloads are kept: CNNLAB_CACHE, or the user's cache folder."""
    if chosen := os.environ.get("CNNLAB_CACHE"):
        return Path(chosen)
    try:
        import pooch
    except ImportError:
        return Path.home() / ".cache" / "cnnlab"
    return Path(pooch.os_cache("cnnlab"))


def places(name, folder=None):
    """Folders where a data set may lie on this machine, the best first."""
    roots = [folder, os.environ.get("CNNLAB_DATA"), cache_folder(), DEBIAN]
    for root in filter(None, roots):
        yield Path(root)
        yield from (Path(root) / inner for inner in PUBLISHED[name].folders)


def at_hand(name):
    about, found = PUBLISHED[name], [*places(name)]
    return all(any(_layouts.present(about, split, place) for place in found) for split in ("train", "test"))


def read(name, split, folder=None):
    """(images, labels, notice), from this machine or downloaded; UnavailableError says why neither worked."""
    about = PUBLISHED[name]
    problems = []
    for place in places(name, folder):
        if _layouts.present(about, split, place):
            try:
                return _layouts.read(about, split, place)
            except (_layouts.DamagedError, OSError) as problem:
                problems.append(str(problem))
    try:
        return _layouts.read(about, split, _download(name, split))
    except (UnavailableError, _layouts.DamagedError, OSError) as problem:
        raise UnavailableError("; ".join([*problems, str(problem)])) from problem


def _download(name, split):
    """Download what a split needs into the cache, one process at a time, and return the folder."""
    try:
        import filelock
    except ImportError:
        raise UnavailableError("downloads need the packages pooch and filelock") from None
    target = cache_folder() / name
    lock = filelock.FileLock(target.with_suffix(".lock"))
    try:
        target.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except filelock.Timeout:
            lock.acquire(timeout=PATIENCE)
            if not _layouts.present(PUBLISHED[name], split, target):
                raise UnavailableError("another process has just tried to download it, in vain") from None
            return target
        _fetch(PUBLISHED[name], split, target)
    except filelock.Timeout:
        raise UnavailableError("another process has been downloading it for too long") from None
    except OSError as problem:
        raise UnavailableError(f"the cache {target} cannot be written: {problem.strerror or problem}") from problem
    finally:
        lock.release()
    return target


def _fetch(about, split, target):
    """Every archive of the split from the first address that has it whole, checked before it gets its name."""
    import pooch

    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUTS)
    for archive in _layouts.archives(about, split):
        for url in about.urls:
            try:
                pooch.retrieve(url + archive, f"md5:{about.archives[archive]}", archive, target, downloader=downloader)
                break
            except ValueError:
                problem = "what came is not what was published: the checksum differs"
            except OSError as error:  # requests' errors are OSErrors too, and the only ones without a number
                if error.errno is not None:
                    raise
                problem = f"no download: {type(error).__name__}"
        else:
            raise UnavailableError(problem)
