"""Weights: downloaded from a real server into a real cache, and every way in which that goes wrong."""

import hashlib
import http.server
import io
import os
import pickle
import subprocess
import sys
import threading

import pytest
import torch

from cnnlab import nets
from cnnlab.nets import _download, weights


class Site:
    """A server of files that knows ranges. `mode`: whole, ignores ranges, breaks off half way (once or always), or
    stalls; `asked` holds the range of every request."""

    def __init__(self):
        self.files, self.mode, self.asked = {}, "whole", []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.headers["Range"])
                content = site.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                start = int((self.headers["Range"] or "bytes=0-")[6:-1])
                if site.mode == "ignores ranges":
                    start = 0
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                content = content[start:]
                if site.mode in ("breaks off once", "breaks off"):
                    content = content[: len(content) // 2 if site.mode == "breaks off once" else 0]
                    site.mode = "whole" if site.mode == "breaks off once" else site.mode
                if site.mode == "stalls":
                    self.wfile.write(content[:100] if not start else b"")
                    self.wfile.flush()
                    site.released.wait(10)
                    return
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.released = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def put(self, state):
        """Serve a file of weights for SqueezeNet 1.1; returns its name."""
        content = io.BytesIO()
        torch.save(state, content)
        content = content.getvalue()
        name = f"squeezenet1_1-{hashlib.sha256(content).hexdigest()[:8]}.pth"
        self.files[f"/{name}"] = content
        return name


@pytest.fixture
def site(tmp_path, monkeypatch):
    running = Site()
    monkeypatch.setattr(weights, "ADDRESS", running.url)
    monkeypatch.setattr(_download, "TIMEOUT", 0.3)
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return nets.build("squeezenet1_1").state_dict()


@pytest.fixture
def served(site, state, monkeypatch):
    name = site.put(state)
    monkeypatch.setitem(weights.FILES, "squeezenet1_1", name)
    return name


def same(model, state):
    return all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())


def test_weights_are_downloaded_once(site, served, state, tmp_path):
    model = weights.load("squeezenet1_1")
    assert same(model, state) and not model.training
    assert same(weights.load("squeezenet1_1"), state) and len(site.asked) == 1
    kept = tmp_path / "cache" / "weights"
    assert sorted(path.name for path in kept.iterdir() if path.suffix != ".lock") == [served]


def test_a_broken_connection_is_taken_up_where_it_stopped(site, served, state):
    site.mode = "breaks off once"
    assert same(weights.load("squeezenet1_1"), state)
    half = len(site.files[f"/{served}"]) // 2
    assert site.asked == [None, f"bytes={half}-"]


def test_a_part_from_before_is_continued_and_a_wrong_one_replaced(site, served, state, tmp_path):
    part = tmp_path / "cache" / "weights" / f"{served}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(site.files[f"/{served}"][:5000])
    assert same(weights.load("squeezenet1_1"), state) and site.asked == ["bytes=5000-"]
    (part.parent / served).unlink()
    part.write_bytes(b"x" * 5000)
    assert same(weights.load("squeezenet1_1"), state) and site.asked[1:] == ["bytes=5000-", None]
    (part.parent / served).unlink()
    part.write_bytes(b"x" * 5000)
    site.mode = "ignores ranges"
    assert same(weights.load("squeezenet1_1"), state) and not part.exists()


@pytest.mark.parametrize(
    "mode, cause", [("breaks off", "the connection broke off"), ("stalls", "nothing came for 0.3 seconds")]
)
def test_a_server_that_gives_up(site, served, mode, cause):
    site.mode = mode
    with pytest.raises(weights.WeightsError, match=f"{served}: {cause}.*put it into .*weights.trained"):
        weights.load("squeezenet1_1")
    assert len(site.asked) <= 2 * _download.ATTEMPTS


def test_not_there_and_nobody_there(site, served, monkeypatch):
    site.files.clear()
    with pytest.raises(weights.WeightsError, match=f"{served}: the server answers 404 Not Found"):
        weights.load("squeezenet1_1")
    monkeypatch.setattr(weights, "ADDRESS", "http://127.0.0.1:9/")
    with pytest.raises(weights.WeightsError, match=f"{served}: no connection: .*refused"):
        weights.load("squeezenet1_1")


def test_a_changed_file_is_not_read(site, served, state, tmp_path):
    content = bytearray(site.files[f"/{served}"])
    content[len(content) // 2] ^= 1
    whole, site.files[f"/{served}"] = site.files[f"/{served}"], bytes(content)
    with pytest.raises(weights.WeightsError, match=f"{served}: what came is not what was published"):
        weights.load("squeezenet1_1")
    kept = tmp_path / "cache" / "weights" / served
    assert not kept.exists() and not kept.with_name(f"{served}.part").exists()
    kept.write_bytes(content)  # damaged on the disk: fetched again
    site.files[f"/{served}"] = whole
    assert same(weights.load("squeezenet1_1"), state)


def test_a_file_of_torch_hub_is_used(site, served, state, tmp_path):
    kept = tmp_path / "hub" / "hub" / "checkpoints"
    kept.mkdir(parents=True)
    (kept / served).write_bytes(site.files[f"/{served}"])
    assert same(weights.load("squeezenet1_1"), state) and not site.asked


class Evil:
    def __reduce__(self):
        return os.mkdir, (os.environ["CNNLAB_CACHE"] + "/evil",)


@pytest.mark.parametrize("content", ["pickle", "text", "empty", "list"])
def test_nothing_but_tensors_is_let_in(site, monkeypatch, tmp_path, content):
    if content == "pickle":
        name = site.put({"weight": Evil()})
    elif content == "list":
        name = site.put([torch.zeros(2)])
    else:
        data = b"" if content == "empty" else b"<html>Please log in</html>"
        name = f"squeezenet1_1-{hashlib.sha256(data).hexdigest()[:8]}.pth"
        site.files[f"/{name}"] = data
    monkeypatch.setitem(weights.FILES, "squeezenet1_1", name)
    with pytest.raises(weights.WeightsError, match=f"{name}: holds something else than tensors"):
        weights.load("squeezenet1_1")
    assert not (tmp_path / "cache" / "evil").exists()
    assert pickle.dumps(Evil())  # it would have run


def test_weights_of_another_architecture(site, state, monkeypatch):
    changed = {**state, "classifier.1.weight": torch.zeros(10, 512, 1, 1)}
    monkeypatch.setitem(weights.FILES, "squeezenet1_1", site.put(changed))
    with pytest.raises(weights.WeightsError, match=r"does not fit SqueezeNet: size mismatch for classifier.1.weight"):
        weights.load("squeezenet1_1")
    with pytest.raises(ValueError, match="name=resnet1000"):
        weights.load("resnet1000")


def test_densenets_old_names(site, monkeypatch):
    torch.manual_seed(0)
    state = nets.build("densenet121").state_dict()
    old = {}
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            continue  # files of that time have none
        for part in ("norm1", "norm2", "conv1", "conv2"):
            name = name.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.") if "denselayer" in name else name
        old[name] = tensor
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    monkeypatch.setitem(weights.FILES, "densenet121", site.put(old))
    assert same(weights.load("densenet121"), state)


def test_twenty_processes_at_once_download_it_once(site, served, tmp_path):
    code = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('download', sys.argv[1])\n"  # without torch: it starts at once
        "download = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(download)\n"
        "download.fetch(*sys.argv[2:])"
    )
    target = tmp_path / "weights" / served
    command = [sys.executable, "-c", code, _download.__file__, site.url + served, target, weights._sha256(served)]
    running = [subprocess.Popen(command, stderr=-1, text=True) for _ in range(20)]
    told = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 20, told
    assert target.read_bytes() == site.files[f"/{served}"] and len(site.asked) == 1


def test_every_file_states_its_hash_and_architecture():
    assert set(weights.names()) <= set(nets.names())
    assert all(len(weights._sha256(file)) >= 8 for file in weights.FILES.values())


@pytest.mark.parametrize("name", weights.trained_names() or [pytest.param("", marks=pytest.mark.skip("none yet"))])
def test_weights_that_come_along(name):
    about, model = weights.shipped(name), weights.trained(name)
    assert not model.training and about.accuracy > 0.8 and about.command.startswith("python -m cnnlab.nets.train")
    size = nets.info(about.architecture).input_size[1:]
    assert model(torch.zeros(1, len(about.mean), *size)).shape == (1, len(about.classes))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_damaged_weights_that_come_along(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    (tmp_path / "fashion_cnn.safetensors").write_bytes(b"no weights")
    with pytest.raises(weights.WeightsError, match=r"fashion_cnn.safetensors: cannot be read.*Install cnnlab again"):
        weights.trained("fashion_cnn")
