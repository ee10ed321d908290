"""Published data sets: found on the disk, downloaded from a real server, and every way in which that goes wrong."""

import gzip
import hashlib
import http.server
import io
import os
import resource
import signal
import subprocess
import sys
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnlab.nets import _layouts, _published, data
from cnnlab.nets._statistics import statistics

REAL = os.environ.get("CNNLAB_DATA")
needs_real = pytest.mark.skipif(not REAL, reason="CNNLAB_DATA names no folder with the real data sets")


def idx(values):
    head = bytes([0, 0, 8, values.ndim]) + b"".join(length.to_bytes(4, "big") for length in values.shape)
    return head + values.astype(np.uint8).tobytes()


class Site:
    """A server of files: `files` path -> bytes; `half` sends the first half of each; `asked` counts requests."""

    def __init__(self):
        self.files, self.half, self.asked = {}, False, []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                content = site.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write((content or b"")[: len(content or b"") // 2] if site.half else content or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def site():
    running = Site()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no other place to find data."""
    monkeypatch.delenv("CNNLAB_DATA", raising=False)
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_published, "DEBIAN", tmp_path / "debian")
    return tmp_path / "cache"


@pytest.fixture
def small(site, cache, monkeypatch):
    """A small Fashion-MNIST: 30 and 20 images, on the server with its true checksums."""
    random = np.random.default_rng(0)
    files = {}
    for part, count in (("train", 30), ("t10k", 20)):
        files[f"{part}-images-idx3-ubyte"] = idx(random.integers(0, 256, (count, 28, 28)))
        files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(count) % 10)
    site.files = {f"/{name}.gz": gzip.compress(content) for name, content in files.items()}
    about = replace(
        _published.PUBLISHED["fashion-mnist"],
        urls=(site.url,),
        archives={path[1:]: hashlib.md5(content).hexdigest() for path, content in site.files.items()},
        unpacked={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    monkeypatch.setitem(_published.PUBLISHED, "fashion-mnist", about)
    return files


def assert_stands_in(images, *words, shape=(1, 28, 28)):
    """Working digits in the shape asked for, and a sentence that says why."""
    assert images.name == "digits" and images.images.shape == (1438, *shape)
    assert images.images.dtype == torch.uint8 and len(images.classes) == 10
    assert len(images.mean) == len(images.std) == shape[0]
    np.testing.assert_allclose((images.mean, images.std), statistics(images.images))
    for word in (*words, "Instead: scikit-learn's handwritten digits"):
        assert word in images.notice
    assert "\n" not in images.notice


def test_a_download_is_kept_and_asked_for_once(small, site, capfd):
    assert not data.at_hand("fashion-mnist")
    train = data.load("fashion-mnist")
    assert (train.name, train.notice, train.images.shape) == ("fashion-mnist", "", (30, 1, 28, 28))
    assert idx(train.images[:, 0].numpy()) == small["train-images-idx3-ubyte"]
    assert "100%" in capfd.readouterr().err  # the progress bar
    assert len(data.load("fashion-mnist", "test")) == 20
    assert data.at_hand("fashion-mnist") and len(site.asked) == 4
    data.load("fashion-mnist")
    assert len(site.asked) == 4


def test_the_second_address_serves_where_the_first_does_not(small, site, monkeypatch):
    about = _published.PUBLISHED["fashion-mnist"]
    dead = "http://127.0.0.1:9/"
    monkeypatch.setitem(_published.PUBLISHED, "fashion-mnist", replace(about, urls=(dead, site.url + "no/", site.url)))
    assert data.load("fashion-mnist").notice == ""


def test_without_a_network(small, site, cache):
    site.server.shutdown()
    site.server.server_close()
    assert_stands_in(data.load("fashion-mnist"), "Fashion-MNIST is not at hand", "no download: ConnectionError")
    assert data.load("fashion-mnist", "test").images.shape == (359, 1, 28, 28)


def test_a_page_of_a_hotel_instead_of_data(small, site, cache):
    site.files = dict.fromkeys(site.files, b"<html>Please log in</html>")
    assert_stands_in(data.load("fashion-mnist"), "the checksum differs")
    assert not [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_missing_on_the_server(small, site):
    site.files.clear()
    assert_stands_in(data.load("fashion-mnist"), "no download: HTTPError")


def test_half_a_file_from_the_server_and_whole_the_next_time(small, site, cache):
    site.half = True
    assert_stands_in(data.load("fashion-mnist"), "no download: ")
    assert not [*cache.rglob("*ubyte*")]
    site.half = False
    assert data.load("fashion-mnist").notice == ""


@pytest.mark.parametrize("harm", ["half", "flipped", "empty", "unpacked"])
def test_a_damaged_file_in_the_cache_is_fetched_again(small, site, cache, harm):
    data.load("fashion-mnist")
    path = cache / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    flipped = bytearray(gzip.decompress(whole))
    flipped[5000] ^= 1
    path.write_bytes(
        {"half": whole[: len(whole) // 2], "flipped": gzip.compress(flipped), "empty": b"", "unpacked": flipped}[harm]
    )
    assert data.load("fashion-mnist").notice == ""
    assert path.read_bytes() == whole


def test_damaged_and_no_network(small, site, cache):
    data.load("fashion-mnist")
    site.server.shutdown()
    site.server.server_close()
    (cache / "fashion-mnist" / "train-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8b\x08 half")
    assert_stands_in(data.load("fashion-mnist"), "train-labels-idx1-ubyte.gz is damaged", "no download")


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("inner", ["", "fashion-mnist", "FashionMNIST/raw"])
def test_files_of_others_are_found(small, site, tmp_path, monkeypatch, packed, inner):
    """Packed again with another level, or unpacked: the SHA-256 of what is inside counts."""
    place = tmp_path / "own" / inner
    place.mkdir(parents=True)
    for name, content in small.items():
        (place / f"{name}{'.gz' if packed else ''}").write_bytes(gzip.compress(content, 1) if packed else content)
    assert data.load("fashion-mnist", folder=tmp_path / "own").notice == ""
    monkeypatch.setenv("CNNLAB_DATA", str(tmp_path / "own"))
    assert data.at_hand("fashion-mnist") and data.load("fashion-mnist").notice == ""
    monkeypatch.delenv("CNNLAB_DATA")
    monkeypatch.setattr(_published, "DEBIAN", tmp_path / "own")
    assert data.load("fashion-mnist").notice == "" and not site.asked


@pytest.mark.parametrize("way", ["below a file", "read-only"])
def test_a_cache_that_cannot_be_written(small, tmp_path, monkeypatch, way):
    if way == "below a file":
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "file" / "cache"))
    else:
        monkeypatch.setenv("CNNLAB_CACHE", "/proc/cnnlab")
    assert_stands_in(data.load("fashion-mnist"), "cannot be written")


def test_a_full_disk(small, cache, monkeypatch):
    """Files may have 4 kB: writing more fails in the middle, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        images = data.load("fashion-mnist")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
    assert_stands_in(images, "cannot be written", "File too large")
    assert not [*cache.rglob("*images*")]
    assert data.load("fashion-mnist").notice == ""


THIRTY = """
import multiprocessing, sys
from dataclasses import replace
from cnnlab.nets import _published, data

about = eval(sys.stdin.read(), {"Published": _published.Published})
_published.PUBLISHED["fashion-mnist"] = about

def work(i):
    images = data.load("fashion-mnist")
    return images.name, images.notice, int(images.images.long().sum())

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(30) as pool:
        print(*{*pool.map(work, range(30), 1)}, sep="\\n")
"""


@pytest.mark.parametrize("served", [True, False])
def test_thirty_processes_at_once_download_once(small, site, served):
    if not served:
        site.files = dict.fromkeys(site.files, b"something else")
    about = repr(_published.PUBLISHED["fashion-mnist"])
    done = subprocess.run([sys.executable, "-c", THIRTY], input=about, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    outcomes = [eval(line) for line in done.stdout.splitlines()]
    if served:
        total = int(np.frombuffer(small["train-images-idx3-ubyte"][16:], np.uint8).astype(int).sum())
        assert outcomes == [("fashion-mnist", "", total)] and len(site.asked) == 2
    else:
        assert {name for name, _, _ in outcomes} == {"digits"} and all(notice for _, notice, _ in outcomes)
        assert len(site.asked) < 30  # who waited for a failing download does not try again


def test_who_waits_too_long_goes_on_with_digits(small, cache, monkeypatch):
    import filelock

    monkeypatch.setattr(_published, "PATIENCE", 0.1)
    cache.mkdir()
    with filelock.FileLock(cache / "fashion-mnist.lock", thread_local=False):
        waiting = []
        thread = threading.Thread(target=lambda: waiting.append(data.load("fashion-mnist")))
        thread.start()
        thread.join(20)
    assert_stands_in(waiting[0], "another process has been downloading it for too long")


def cifar(count, classes, random):
    """`count` records of CIFAR's binary layout; the label is also the value of the first pixel."""
    records = random.integers(0, 256, (count, 3073 + (classes == 100)), dtype=np.uint8)
    records[:, -3073] = np.arange(count) % classes
    records[:, -3072] = records[:, -3073]
    return records.tobytes()


def archive(files, folder):
    """A .tar.gz of name -> bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize(("name", "classes"), [("cifar-10", 10), ("cifar-100", 100)])
def test_cifar_from_its_archive_and_from_its_folder(site, cache, tmp_path, monkeypatch, name, classes):
    content = cifar(10_000, classes, np.random.default_rng(1))
    file = "test_batch.bin" if classes == 10 else "test.bin"
    packed = archive({"../evil.txt": b"!", file: content}, f"{name}-binary")
    packed_name = f"{name}-binary.tar.gz"
    site.files = {f"/{packed_name}": packed}
    md5 = hashlib.md5(packed).hexdigest()
    about = replace(_published.PUBLISHED[name], urls=(site.url,), archives={packed_name: md5})
    monkeypatch.setitem(_published.PUBLISHED, name, about)
    images = data.load(name, "test")
    assert (images.name, images.notice, images.images.shape) == (name, "", (10_000, 3, 32, 32))
    assert torch.equal(images.images[:, 0, 0, 0].long(), images.labels)
    assert images.labels.max() == classes - 1 and len(images.classes) == classes
    assert not [*tmp_path.rglob("evil*")] and not [*tmp_path.rglob("*.bin")]  # nothing is unpacked to the disk

    own = tmp_path / "own" / about.folders[-1]
    own.mkdir(parents=True)
    (own / file).write_bytes(content)
    asked = len(site.asked)
    assert torch.equal(data.load(name, "test", folder=tmp_path / "own").images, images.images)
    (own / file).write_bytes(content[:-100])
    (cache / name / packed_name).write_bytes(packed[:-100])
    assert len(site.asked) == asked
    assert data.load(name, "test", folder=tmp_path / "own").notice == ""  # by a new download
    assert len(site.asked) == asked + 1
    site.files.clear()
    (cache / name / packed_name).unlink()
    problem = data.load(name, "train", folder=tmp_path / "own")
    assert_stands_in(problem, "HTTPError", shape=(3, 32, 32))


def test_labels_out_of_range_are_no_cifar(cache, tmp_path):
    content = bytearray(cifar(10_000, 10, np.random.default_rng(2)))
    content[0] = 10
    (tmp_path / "test_batch.bin").write_bytes(content)
    with pytest.raises(_layouts.DamagedError, match="holds no CIFAR-10"):
        _layouts.read(_published.PUBLISHED["cifar-10"], "test", tmp_path)


def test_pickles_are_left_alone(cache, tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    assert not _layouts.present(_published.PUBLISHED["cifar-10"], "test", tmp_path)
    assert not any("pickle" in Path(module.__file__).read_text().split('"""')[2] for module in (_layouts, _published))


def test_files_that_unpack_to_more_than_they_should(small, tmp_path, monkeypatch):
    monkeypatch.setattr(_layouts, "LIMIT", 1000)
    for name, content in small.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    with pytest.raises(_layouts.DamagedError, match="larger than it should be"):
        _layouts.read(_published.PUBLISHED["fashion-mnist"], "train", tmp_path)


@needs_real
@pytest.mark.parametrize(("name", "shape"), [("mnist", (1, 28, 28)), ("fashion-mnist", (1, 28, 28))])
def test_real_idx_files(name, shape):
    train, test = (data.load(name, split, folder=REAL) for split in data.SPLITS)
    assert (len(train), len(test), train.notice) == (60_000, 10_000, "")
    assert train.images.shape[1:] == shape
    np.testing.assert_allclose(statistics(train.images), (train.mean, train.std), atol=1e-7)


@needs_real
def test_real_cifar_of_jpeg_files_says_what_it_is(tmp_path):
    test = data.load("cifar-10", "test", folder=REAL)
    assert test.images.shape == (10_000, 3, 32, 32) and torch.bincount(test.labels).tolist() == [1000] * 10
    assert "JPEG" in test.notice
    np.testing.assert_allclose(statistics(test.images), (test.mean, test.std), atol=0.005)
    (tmp_path / "cifar-10-jpeg.npz").write_bytes((Path(REAL) / "cifar-10" / "cifar-10-jpeg.npz").read_bytes()[: 10**6])
    with pytest.raises(_layouts.DamagedError, match="is damaged"):
        _layouts.read(_published.PUBLISHED["cifar-10"], "test", tmp_path)
