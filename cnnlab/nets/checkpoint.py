"""Files of weights that are either whole or absent, and that notice every flipped bit.

A file is plain safetensors: no code in it, readable by anything that reads safetensors. Its metadata hold the SHA-256
of the whole file, computed with zeros in the place of the hash itself. Saving writes a temporary file beside, asks the
disk to keep it (fsync), renames the file so far to `*.previous` and the new one into its place; so whenever the
process or the disk dies, one whole file is there.
"""

import hashlib
import json
import os
import re
from pathlib import Path

from cnnlab.core import checks

ZEROS = "0" * 64


def save(path, tensors, metadata, *, keep_previous=False):
    """Write tensors (name -> tensor) and metadata (name -> anything that JSON can hold) to `path`.

    Strings in the metadata are written as they are, everything else as JSON. Raises OSError, with the file that was
    there untouched, where the disk is full or may not be written.
    """
    from safetensors.torch import save as to_bytes

    path = Path(path)
    text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in metadata.items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    data = to_bytes(tensors, {**text, "sha256": ZEROS})
    data = data.replace(ZEROS.encode(), hashlib.sha256(data).hexdigest().encode(), 1)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if keep_previous and path.exists():
            os.replace(path, previous(path))
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def previous(path):
    """Where the checkpoint before the last one is kept."""
    path = Path(path)
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def exists(path):
    """Whether `load_newest` has something to look at."""
    return Path(path).exists() or previous(path).exists()


def load(path):
    """(tensors, metadata as strings) of a file that `save` wrote.

    Raises ValueError naming file and cause where the file is cut short, changed or something else.
    """
    from safetensors import safe_open

    path = Path(path)
    data = path.read_bytes()
    stated = re.search(rb'"sha256":"([0-9a-f]{64})"', data)
    if not stated:
        checks.refuse("checkpoint", path.name, "must be a whole file that cnnlab saved; delete it")
    start, end = stated.span(1)
    if hashlib.sha256(data[:start] + ZEROS.encode() + data[end:]).hexdigest().encode() != stated[1]:
        checks.refuse("checkpoint", path.name, "is damaged: its contents do not match its SHA-256; delete it")
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    del metadata["sha256"]
    return tensors, metadata


def load_newest(path):
    """(tensors, metadata, notice) of the checkpoint at `path`, or of the one before where that is damaged or missing;
    None where there is neither. Raises the newest one's ValueError where no whole file is left."""
    found = [file for file in (Path(path), previous(path)) if file.exists()]
    damage = None
    for file in found:
        try:
            notice = f"{damage} Going on from the checkpoint before it." if damage else ""
            return *load(file), notice
        except ValueError as error:
            damage = damage or error
    if damage:
        raise damage
    return None


def _sync_folder(folder):
    """Ask the disk to keep the renaming, where folders can be opened (not on Windows)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
