"""Files of published data sets, read in memory with limits: IDX, CIFAR's binary layout, and CIFAR-10 as JPEG files.

The layout of pickles that Python readers of CIFAR use is left alone: reading a pickle runs what is in it.
"""

import gzip
import hashlib
import io
import struct
import tarfile
import zlib

import numpy as np
import torch

CIFAR_10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
PIXELS = 3 * 32 * 32
JPEG = "cifar-10-jpeg.npz"
JPEG_NOTICE = (
    "This CIFAR-10 was packed as JPEG files, which loses a little: "
    "accuracies do not compare with published ones to the last point."
)
LIMIT = 400_000_000  # bytes that one unpacked file may have


class DamagedError(Exception):
    """A file is not what it should be; the text names it."""


def archives(about, split):
    """Names of the files to download for a split."""
    return [f"{name}.gz" for name in _idx_names(split)] if about.layout == "idx" else list(about.archives)


def present(about, split, place):
    """Whether a split lies in the folder `place`, by the names of the files."""
    if about.layout == "idx":
        return all(_idx_path(place, name) for name in _idx_names(split))
    return _cifar_source(about, split, place) is not None


def read(about, split, place):
    """(images uint8 (N, C, H, W), labels int64 (N,), notice) of the split in the folder `place`; DamagedError."""
    if about.layout == "idx":
        images, labels = (_idx(_idx_path(place, name), about.unpacked[name]) for name in _idx_names(split))
        return _checked(about, images[:, None], labels, place)
    source = _cifar_source(about, split, place)
    if source.name == JPEG:
        return *_checked(about, *_jpeg(source, split), source)[:2], JPEG_NOTICE
    label_bytes = 1 if len(about.classes) == 10 else 2
    records = _records(about, split, source, PIXELS + label_bytes)
    # CIFAR-100 puts the coarse label first; the fine one is next to the pixels.
    return _checked(about, records[:, label_bytes:].reshape(-1, 3, 32, 32), records[:, label_bytes - 1], source)


def _checked(about, images, labels, place):
    if images.shape[1:] != about.shape or len(images) != len(labels) or labels.max() >= len(about.classes):
        raise DamagedError(f"{place} holds no {about.title}")
    # Copies: torch wants memory it may write to.
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64)), ""


def _idx_names(split):
    part = "train" if split == "train" else "t10k"
    return f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"


def _idx_path(place, name):
    return next((path for path in (place / f"{name}.gz", place / name) if path.is_file()), None)


def _idx(path, sha256):
    """The array in an IDX file of bytes: magic 0, 0, 8, dimensions, then one big-endian length a dimension."""
    content = _unpacked(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedError(f"{path.name} is damaged: its checksum differs")
    dimensions = content[3]
    lengths = struct.unpack_from(f">{dimensions}I", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(lengths)


def _unpacked(path):
    """The bytes of a file, unpacked if it is gzip."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            content = file.read(LIMIT + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
        raise DamagedError(f"{path.name} is damaged: {problem}") from problem
    if len(content) > LIMIT:
        raise DamagedError(f"{path.name} is larger than it should be")
    return content


def _cifar_files(about, split):
    if len(about.classes) == 100:
        return [f"{split}.bin"]
    return [f"data_batch_{i}.bin" for i in range(1, 6)] if split == "train" else ["test_batch.bin"]


def _cifar_source(about, split, place):
    """A folder of .bin files, the archive, or the JPEG file: the first of them in `place`."""
    if all((place / name).is_file() for name in _cifar_files(about, split)):
        return place
    for name in (*about.archives, *([JPEG] if len(about.classes) == 10 else [])):
        if (place / name).is_file():
            return place / name
    return None


def _records(about, split, source, length):
    """Bytes (N, length): one row an image, as the .bin files have them; nothing is written to the disk."""
    names = _cifar_files(about, split)
    if source.is_dir():
        parts = {name: _unpacked(source / name) for name in names}
    else:
        parts = _members(source, names, about.archives[source.name])
    content = b"".join(parts[name] for name in names)
    rows, left = divmod(len(content), length)
    if left or rows != (50_000 if split == "train" else 10_000):
        raise DamagedError(f"{source.name} is damaged: half a file, or another one")
    return np.frombuffer(content, np.uint8).reshape(rows, length)


def _members(path, names, md5):
    """Name -> bytes of plain files in a checked .tar.gz."""
    with open(path, "rb") as file:
        if hashlib.file_digest(file, "md5").hexdigest() != md5:
            raise DamagedError(f"{path.name} is damaged: its checksum differs")
        file.seek(0)
        found = {}
        with tarfile.open(fileobj=file, mode="r|gz") as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                if name in names and member.isreg() and member.size <= LIMIT:
                    found[name] = archive.extractfile(member).read()
    if missing := set(names) - set(found):
        raise DamagedError(f"{path.name} lacks {', '.join(sorted(missing))}")
    return found


def _jpeg(path, split):
    """Images (N, 3, 32, 32) and labels from one file of 60,000 JPEG pictures and their offsets."""
    from PIL import Image

    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            blob, offsets, labels = (file[f"{split}_{part}"] for part in ("jpeg", "offsets", "labels"))
        images = np.empty((len(labels), 3, 32, 32), np.uint8)
        for image, start, stop in zip(images, offsets, offsets[1:], strict=False):
            with Image.open(io.BytesIO(blob[start:stop].tobytes()), formats=("JPEG",)) as picture:
                if picture.size != (32, 32):
                    raise DamagedError(f"{path.name} is damaged: a picture of another size")
                image[:] = np.asarray(picture.convert("RGB")).transpose(2, 0, 1)
    except DamagedError:
        raise
    except Exception as problem:  # broken files fail in many ways, all meaning the same
        raise DamagedError(f"{path.name} is damaged: {type(problem).__name__}") from problem
    return images, labels
