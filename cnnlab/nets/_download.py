"""Large files from the web: one process at a time, taken up where it stopped, held to a checksum before it is read."""

import hashlib
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 1800  # seconds to wait for another process that downloads the same
TIMEOUT = 20  # seconds without a byte
ATTEMPTS = 3  # in a row that bring nothing
PIECE = 1 << 20


class DownloadError(Exception):
    """The file cannot be had; the text says why in a few words."""


def whole(path, sha256):
    """Whether a file is there and the SHA-256 of its bytes starts as stated."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest().startswith(sha256)
    except OSError:
        return False


def fetch(url, path, sha256):
    """Bring `url` to `path` unless it is there already. Raises DownloadError; then `path` is as it was.

    sha256 : the hash, or its beginning
    """
    try:
        import filelock
    except ImportError:
        raise DownloadError("downloads need the package filelock") from None
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_name(path.name + ".lock"), timeout=PATIENCE):
            if not whole(path, sha256):
                _bring(url, path, sha256)
    except filelock.Timeout:
        raise DownloadError("another process has been downloading it for too long") from None
    except OSError as problem:
        raise DownloadError(f"{path.parent} cannot be written: {problem.strerror or problem}") from problem


def _bring(url, path, sha256):
    part = path.with_name(path.name + ".part")
    resumed = part.exists()
    _download(url, part)
    if resumed and not whole(part, sha256):  # what was there may have been of another file
        part.unlink()
        _download(url, part)
    if not whole(part, sha256):
        part.unlink()
        raise DownloadError("what came is not what was published: its SHA-256 differs")
    part.replace(path)


def _download(url, part):
    """All bytes of `url` in the file `part`, after what is in it already."""
    failures, problem = 0, None
    while failures < ATTEMPTS:
        before = part.stat().st_size if part.exists() else 0
        try:
            if _continue(url, part, before):
                return
            problem = "the connection broke off"
        except urllib.error.HTTPError as error:
            if error.code == 416 and before:  # nothing is left to send
                return
            raise DownloadError(f"the server answers {error.code} {error.reason}") from error
        except TimeoutError:
            problem = f"nothing came for {TIMEOUT:g} seconds"
        except urllib.error.URLError as error:
            problem = f"no connection: {error.reason}"
        except ConnectionError as error:
            problem = f"the connection broke off: {type(error).__name__}"
        failures = 0 if part.exists() and part.stat().st_size > before else failures + 1
    raise DownloadError(problem)


def _continue(url, part, before):
    """Whether all bytes from the `before`-th on came."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={before}-"} if before else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        if answer.status != 206:
            before = 0  # the server sends all of it again
        length = answer.headers.get("Content-Length")
        total = before + int(length) if length else None
        with open(part, "ab" if before else "wb") as file, _progress(part, before, total) as shown:
            while piece := answer.read1(PIECE):
                file.write(piece)
                shown.update(len(piece))
            return total is None or file.tell() == total


def _progress(part, before, total):
    from tqdm.auto import tqdm

    name = part.name.removesuffix(".part")
    return tqdm(desc=name, initial=before, total=total, unit="B", unit_scale=True, unit_divisor=1000, leave=False)
