"""Speed of the mathematics core: `python -m bench.core`.

Convolutional layers of 24 shapes against torch and against a straightforward NumPy im2col, in float32 and float64 on
two threads. Then import time and the receptive-field table of ResNet-152.
"""

import os
import sys

# Before NumPy is imported: two threads, and the code for this processor that OpenBLAS itself would choose, as torch
# chooses its own. Where the environment asks for an older processor's, --as-set leaves it at that.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")
if "--as-set" not in sys.argv:
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)

import argparse
import statistics
import subprocess
import time

import numpy as np

from cnnlab.core import convolution, receptive_field

THREADS = 2
PAUSE = 0.12  # seconds

# (batch, channels in, out, side, kernel, settings)
SHAPES = [
    (1, 1, 1, 256, 3, {"padding": 1}),
    (1, 1, 1, 256, 11, {"padding": 5}),
    (1, 3, 64, 224, 7, {"stride": 2, "padding": 3}),
    (1, 3, 96, 227, 11, {"stride": 4}),
    (1, 64, 64, 56, 3, {"padding": 1}),
    (1, 64, 256, 56, 1, {}),
    (1, 256, 64, 56, 1, {}),
    (1, 128, 128, 28, 3, {"padding": 1}),
    (1, 256, 256, 14, 3, {"padding": 1}),
    (1, 512, 512, 7, 3, {"padding": 1}),
    (1, 192, 384, 13, 3, {"padding": 1}),
    (1, 96, 256, 27, 5, {"padding": 2}),
    (1, 128, 128, 28, 3, {"stride": 2, "padding": 1}),
    (1, 256, 512, 28, 1, {"stride": 2}),
    (1, 64, 64, 28, 3, {"padding": 2, "dilation": 2}),
    (1, 128, 128, 28, 3, {"padding": 4, "dilation": 4}),
    (1, 128, 128, 28, 3, {"padding": 1, "groups": 32}),
    (1, 96, 96, 56, 3, {"padding": 1, "groups": 96}),
    (4, 192, 192, 28, 5, {"padding": 2, "groups": 192}),
    (8, 16, 32, 64, 3, {"padding": 1}),
    (8, 32, 64, 32, 5, {"stride": 2, "padding": 2}),
    (16, 64, 128, 16, 3, {"padding": 1}),
    (32, 1, 32, 28, 3, {"padding": 1}),
    (32, 32, 64, 14, 3, {"padding": 1}),
]


def straightforward_im2col(x, weight, stride=1, padding=0, dilation=1, groups=1):
    """What one writes first: pad, gather every window into a matrix, multiply."""
    batch, _, *_ = x.shape
    filters, channels, kernel, _ = weight.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    span = dilation * (kernel - 1) + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, (span, span), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride, ::dilation, ::dilation]
    side = windows.shape[2:4]
    columns = windows.reshape(batch, groups, channels, *side, kernel, kernel).transpose(0, 1, 2, 5, 6, 3, 4)
    columns = columns.reshape(batch, groups, channels * kernel**2, -1)
    weights = weight.reshape(groups, filters // groups, -1)
    return (weights @ columns).reshape(batch, filters, *side)


def take_turns(calls, seconds, rounds=5):
    """Best time of each call in seconds. They take turns, so that a busy machine slows all of them alike.

    Between turns there is a pause: the worker threads of torch and of OpenBLAS keep spinning for a while after the
    last product, and would steal a core from the next in turn.
    """
    times = [[] for _ in calls]
    for _ in range(rounds):
        for call, taken in zip(calls, times, strict=True):
            time.sleep(PAUSE)
            call()
            end = time.perf_counter() + seconds / rounds
            while True:
                start = time.perf_counter()
                call()
                now = time.perf_counter()
                taken.append(now - start)
                if now > end:
                    break
    return [min(taken) for taken in times]


def layers(dtype, seconds):
    """Print one row a shape; returns the ratios to torch and to the straightforward im2col."""
    import torch
    import torch.nn.functional as F  # noqa: N812 - its usual name

    torch.set_num_threads(THREADS)
    random = np.random.default_rng(0)
    print(f"\n{np.dtype(dtype).name:42}      ms   torch  im2col   / torch  / im2col")
    to_torch, to_im2col = [], []
    for batch, channels, filters, side, kernel, settings in SHAPES:
        groups = settings.get("groups", 1)
        x = random.standard_normal((batch, channels, side, side)).astype(dtype)
        weight = random.standard_normal((filters, channels // groups, kernel, kernel)).astype(dtype)
        tensors = torch.from_numpy(x), torch.from_numpy(weight)
        calls = [
            lambda x=x, w=weight, s=settings: convolution.conv_layer(x, w, **s),
            lambda t=tensors, s=settings: F.conv2d(*t, **s),
            lambda x=x, w=weight, s=settings: straightforward_im2col(x, w, **s),
        ]
        results = [np.asarray(call()) for call in calls]
        scale = abs(results[1]).max()
        for result in results:
            assert abs(result - results[1]).max() <= (1e-4 if dtype == np.float32 else 1e-10) * scale
        with torch.inference_mode():
            ours, theirs, simple = take_turns(calls, seconds)
        to_torch.append(ours / theirs)
        to_im2col.append(ours / simple)
        options = ", ".join(f"{key} {value}" for key, value in settings.items())
        label = f"{batch} x {channels} -> {filters}, {side}², k{kernel} {options}"
        times = f"{ours * 1e3:8.2f}{theirs * 1e3:8.2f}{simple * 1e3:8.2f}"
        print(f"{label:44}{times}{to_torch[-1]:10.2f}{to_im2col[-1]:10.2f}")
    summarise("torch", to_torch)
    summarise("the straightforward im2col", to_im2col)
    return to_torch, to_im2col


def product_library():
    """The library, version and processor kernel behind NumPy's matrix product, which sets the pace."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    chosen = os.environ.get("OPENBLAS_CORETYPE", "chosen by itself")
    return f"{blas['name']} {blas['version']}, code for the processor {chosen}"


def summarise(name, ratios):
    mean = statistics.geometric_mean(ratios)
    faster = sum(ratio < 1 for ratio in ratios)
    print(f"time over {name}: geometric mean {mean:.2f}, worst {max(ratios):.2f}, faster on {faster} of {len(ratios)}")


def resnet_152():
    """The layers along ResNet-152's main path, as (kernel, stride, padding), torchvision's layout."""
    layers = [("conv1", 7, 2, 3), ("pool", 3, 2, 1)]
    for stage, blocks in enumerate([3, 8, 36, 3], start=1):
        for block in range(blocks):
            stride = 2 if stage > 1 and block == 0 else 1
            name = f"stage{stage}.{block}"
            layers += [(f"{name}.reduce", 1, 1, 0), (f"{name}.conv", 3, stride, 1), (f"{name}.expand", 1, 1, 0)]
    return layers


def receptive_field_time():
    layers = resnet_152()
    times = []
    for _ in range(20):
        start = time.perf_counter()
        rows = receptive_field.table(layers, (224, 224))
        times.append(time.perf_counter() - start)
    return min(times), len(layers), rows[-1].size


def import_time(module, runs=5):
    """Median seconds that importing a module adds to a fresh process."""
    command = f"import time; s = time.perf_counter(); import {module}; print(time.perf_counter() - s)"
    taken = [float(subprocess.check_output([sys.executable, "-c", command])) for _ in range(runs)]
    return statistics.median(taken)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.15, help="for each shape and number type")
    parser.add_argument("--as-set", action="store_true", help="keep OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE")
    seconds = parser.parse_args().seconds
    print(f"NumPy's matrix product: {product_library()}; {THREADS} threads")
    layers(np.float32, seconds)
    layers(np.float64, seconds)
    taken, count, size = receptive_field_time()
    print(f"\nreceptive-field table of ResNet-152, {count} layers: {taken * 1e3:.2f} ms; field {size}")
    for module in ("cnnlab.core", "cnnlab.core.convolution"):
        print(f"import {module}: {import_time(module):.3f} s")


if __name__ == "__main__":
    main()
