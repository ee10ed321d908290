"""Wild arguments for every public function: the right thing or a ValueError naming the parameter, in time and memory.

`CNNLAB_FUZZ=10000 pytest tests/core/test_fuzz.py` makes that many calls; the normal run makes fewer. A failure shows
the call's number; `CNNLAB_FUZZ_FIRST` starts there.
"""

import dataclasses
import importlib
import inspect
import os
import random
import re
import signal
import time
import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest

from cnnlab.core import checks, convolution, pooling, receptive_field

CALLS = int(os.environ.get("CNNLAB_FUZZ", "1500"))
FIRST = int(os.environ.get("CNNLAB_FUZZ_FIRST", "0"))
SECONDS = 2  # of processor time, which other programs on the machine do not lengthen
MODULES = [
    "activations",
    "arithmetic",
    "backprop",
    "convolution",
    "images",
    "kernels",
    "normalization",
    "patterns",
    "pooling",
    "receptive_field",
    "slips",
    "views",
]
# Refusals that name a part of an argument rather than the argument itself.
PARTS = {
    "branch_macs": {"kernel", "out_channels"},
    "module_macs": {"branch", "kernel", "out_channels"},
    "separable_parameters": {"groups"},
    "table": {field.name for field in dataclasses.fields(receptive_field.Layer)},
    "graph_table": {field.name for field in dataclasses.fields(receptive_field.Layer)},
    "minimum_input_size": {field.name for field in dataclasses.fields(receptive_field.Layer)},
}
PNG = bytes.fromhex(  # one black pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)
MODES = ["zeros", "reflect", "replicate", "circular", "constant"]


def public_functions():
    """Every public function of the core by name, result classes and tables left out."""
    found = {}
    for module in map(importlib.import_module, (f"cnnlab.core.{name}" for name in MODULES)):
        names = getattr(module, "__all__", None) or [
            name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
        ]
        for name in names:
            if inspect.isfunction(getattr(module, name)) and not name.startswith("_"):
                found[f"{module.__name__.removeprefix('cnnlab.core.')}.{name}"] = getattr(module, name)
    return found


FUNCTIONS = public_functions()


class Draw(random.Random):
    """Arguments by name, as a reasonable caller would choose them; `axes` fit together within one call."""

    def __init__(self, seed):
        super().__init__(seed)
        self.axes = self.randint(1, 3)
        self.groups = self.randint(1, 3)
        self.inputs, self.filters = (self.groups * self.randint(1, 2) for _ in range(2))
        self.size = [self.randint(3, 8) for _ in range(self.axes)]
        self.taps = [self.randint(1, 3) for _ in range(self.axes)]
        self.layer_like = False

    def array(self, *shape):
        dtype = self.choice(["int8", "uint8", "int64", "float16", "float32", "float64", "float64"])
        values = np.random.default_rng(self.randint(0, 99)).integers(0, 5, shape)
        return values.astype(dtype) if self.random() < 0.8 else values.tolist()

    def per_axis(self, low, high):
        return self.choice([self.randint(low, high), tuple(self.randint(low, high) for _ in range(self.axes))])

    def sane(self, name, function):
        layer = "layer" in function or "norm" in function
        shape = (2, self.inputs, *self.size) if layer else tuple(self.size)
        grad = (2, self.filters, *(n - k + 1 for n, k in zip(self.size, self.taps, strict=True)))
        if function.startswith("backprop."):
            return self.sane_gradient(name, function, shape, grad)
        transposed = "transpose" in function
        weight = (self.inputs, self.filters) if transposed else (self.filters, self.inputs // self.groups)
        return {
            "x": lambda: self.array(*shape),
            "kernel": lambda: (
                self.array(*self.taps)
                if "correlate" in function
                or "matrix" in function
                or function in ("convolution.convolve", "convolution.steps", "convolution.flip")
                else self.randint(1, 3)
            ),
            "weight": lambda: self.array(*weight, *self.taps),
            "bias": lambda: (
                self.choice([True, False])
                if "param" in function
                else self.choice([None, self.array(self.filters * (self.groups if transposed else 1))])
            ),
            "groups": lambda: self.groups,
            **self.settings(function),
            **self.others(function),
        }

    def sane_gradient(self, name, function, shape, grad):
        if "correlate" in function or "explain" in function:
            shape, grad = tuple(self.size), grad[2:]
        elif "linear" in function:
            shape, grad = (3, 4), (3, 5)
        elif "pool" in function:
            shape, grad = (2, 6, 6), (2, 3, 3)
        elif "conv" not in function:
            grad = shape
        return {
            "x": lambda: self.array(*shape),
            "grad": lambda: self.array(*grad),
            "kernel": lambda: self.array(*self.taps),
            "weight": lambda: (
                self.array(5, 4)
                if "linear" in function
                else self.array(self.filters, self.inputs // self.groups, *self.taps)
            ),
            "position": lambda: tuple(self.randint(0, k - 1) for k in self.taps),
            "groups": lambda: self.groups,
            **{key: value for key, value in self.settings(function).items() if key in ("padding_mode", "value")},
            "size": lambda: 2,
            **{key: value for key, value in self.others(function).items() if key not in ("size", "position")},
        }

    def settings(self, function):
        sides = (
            [(0, 2)] if function.startswith(("arithmetic.", "slips.")) else [self.per_axis(0, 2), [(1, 2)] * self.axes]
        )
        if function.startswith(("arithmetic.", "slips.")):
            self.axes = 1
        return {
            "stride": lambda: self.per_axis(1, 3),
            "padding": lambda: self.choice([0, 1, "same", "valid", "full", *sides]),
            "dilation": lambda: self.per_axis(1, 2),
            "output_padding": lambda: 0,
            "padding_mode": lambda: self.choice(MODES),
            "value": lambda: self.choice([0, 1, -2.5]),
            "flipped": lambda: self.choice([True, False]),
        }

    def others(self, function):
        stack = [("conv", 3, 1, 1), ("pool", 2, 2), receptive_field.Layer("last", 3, 1, 2, 2)]
        table = receptive_field.table(stack, (16, 16))
        small = lambda: self.randint(1, 9)  # noqa: E731
        return {
            "n": lambda: self.randint(5, 20),
            "height": small,
            "width": small,
            "kernel_size": lambda: tuple(self.taps),
            "size": lambda: list(self.size) if "matrix" in function else self.randint(1, 3),
            "in_channels": lambda: self.inputs,
            "out_channels": lambda: self.filters,
            "output": small,
            "inputs": lambda: {"last": ["conv"]} if "graph" in function else self.randint(1, 9),
            "outputs": small,
            "shape": lambda: tuple(self.size),
            "branch": lambda: [(1, 4), (3, None)],
            "branches": lambda: {"a": [(1, 4)], "b": [(3, None), (1, 2)]},
            "mode": lambda: self.choice(["max", "average", "min"]),
            "axes": lambda: 1,
            "sigma": lambda: self.choice([0.5, 1, 2.5]),
            "ratio": lambda: 1.6,
            "amount": lambda: 0.5,
            "name": lambda: {"images.picture": "cat", "kernels.named": "Sobel x"}.get(function, "relu"),
            "image": lambda: np.zeros((5, 6, 3), np.uint8),
            "file": lambda: PNG,
            "kind": lambda: "disc",
            "center": lambda: (2.5, 3),
            "position": lambda: (0, 0),
            "labels": lambda: [0, 1, 1],
            "logits": lambda: np.ones((3, 4)),
            "gamma": lambda: None,
            "beta": lambda: 0.75 if "local" in function else None,
            "layers": lambda: stack,
            "input_size": lambda: self.choice([16, (16, 12)]),
            "table": lambda: table,
            "layer": lambda: self.choice([0, 2, "pool"]),
            "unit": lambda: self.choice([0, (1, 1)]),
            "pixel": lambda: self.choice([0, (3, 5)]),
        }

    def wild(self):
        """Something that a caller should not pass, or hardly."""
        kind = self.randrange(8)
        if kind == 0:
            return self.choice(
                [None, True, False, "", "same", "abc", "0", b"x", object(), 1j, ..., {}, {1: 2}, set(), print]
            )
        if kind == 1:
            return self.choice([-1, 0, 1, 2, 5, 100, 10**4, 10**6, 2**31, 2**63, 10**40, -(10**40), 10**5000])
        if kind == 2:
            return self.choice([1.5, -0.0, float("nan"), float("inf"), -float("inf"), 1e308, 1e-320, -3.0])
        if kind == 3:
            return self.choice(
                [
                    [],
                    [[]],
                    (),
                    [1, [2]],
                    [True],
                    [None],
                    ["a"],
                    [1, "a"],
                    [1j],
                    [float("nan")],
                    [10**30],
                    (0, 0),
                    (1, -1),
                    (2, 2),
                    ((1, 2), (3, 4)),
                    (10**6, 10**6),
                    [[1, 2], [3]],
                    range(3),
                ]
            )
        if kind == 4:
            dtype = self.choice(
                ["bool", "complex128", "object", "U3", "S3", "M8[s]", "float16", "uint64", "int8", ">f4"]
            )
            shape = self.choice([(), (0,), (1,), (3, 3), (2, 0, 3), (1,) * 7, (2, 2, 5, 5)])
            return np.zeros(shape, dtype)
        if kind == 5:
            values = np.random.default_rng(self.randint(0, 99)).standard_normal(
                self.choice([(4,), (4, 5), (2, 3, 4, 5)])
            )
            values.flat[self.randrange(values.size)] = self.choice([np.nan, np.inf, -np.inf, 1e308, 0, -1e-300])
            return values.astype(self.choice(["float32", "float64", "longdouble"])) if values.max() < 1e30 else values
        if kind == 6:
            limits = np.iinfo(self.choice(["int8", "uint8", "int64", "uint64"]))
            return np.full(
                self.choice([(3,), (4, 4), (1, 2, 4, 4)]), self.choice([limits.min, limits.max]), limits.dtype
            )
        element = self.choice([np.int8(1), np.float32(1), np.float64(1)])
        return np.broadcast_to(element, self.choice([(10**6, 10**6), (3000, 3000), (1, 1, 10**9), (10**5,)]))


def make_call(number):
    """(name, function, arguments) of one call: sane ones, of which none to three are replaced by wild ones."""
    draw = Draw(number)
    name = draw.choice(sorted(FUNCTIONS))
    function = FUNCTIONS[name]
    sane, arguments = draw.sane(name, name), {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is parameter.empty or (parameter.name in sane and draw.random() < 0.4):
            arguments[parameter.name] = sane[parameter.name]() if parameter.name in sane else draw.wild()
    for parameter in inspect.signature(function).parameters:
        if draw.random() < 0.7 / len(inspect.signature(function).parameters):
            arguments[parameter] = draw.wild()
    return name, function, arguments


@contextmanager
def at_most(seconds):
    def stop(*_):
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def everything_in(result):
    """All arrays and numbers in a result, however it is nested."""
    if isinstance(result, dict):
        result = list(result.values())
    elif dataclasses.is_dataclass(result):
        result = [getattr(result, field.name) for field in dataclasses.fields(result)]
    if isinstance(result, (list, tuple)):
        for part in result:
            yield from everything_in(part)
    elif isinstance(result, (np.ndarray, np.generic, float)):
        yield result


def check(number):
    """Make one call; says whether it was accepted."""
    name, function, arguments = make_call(number)
    shown = f"call {number}: {name}(" + ", ".join(f"{k}={checks._shown(v)}" for k, v in arguments.items()) + ")"
    tracemalloc.reset_peak()
    before, start = tracemalloc.get_traced_memory()[0], time.process_time()
    result = error = None
    try:
        with at_most(30):
            result = function(**arguments)
            if inspect.isgenerator(result):
                result = [step for step, _ in zip(result, range(50), strict=False)]
    except ValueError as refusal:
        error = str(refusal)
    except BaseException as other:
        raise AssertionError(f"{shown} raised {other!r}") from other
    seconds, memory = time.process_time() - start, tracemalloc.get_traced_memory()[1] - before
    assert seconds < SECONDS, f"{shown} took {seconds:.1f} s"
    assert memory < checks.WORKSPACE_LIMIT * 1.1, f"{shown} took {memory / 1e6:.0f} MB"
    if error is not None:
        named = re.match(r"([A-Za-z_]+)[^=\n]*=[^\n]*: \S", error)
        allowed = set(inspect.signature(function).parameters) | PARTS.get(function.__name__, set())
        assert named and named[1] in allowed, f"{shown} refused with {error!r}"
        return False
    for part in everything_in(result):
        values = np.asarray(part)
        assert values.dtype.kind in "biuf", f"{shown} gave {values.dtype}"
        assert values.dtype.kind != "f" or np.isfinite(values).all(), f"{shown} gave NaN or infinity"
    check_by_loops(function, arguments, result, shown)
    return True


def check_by_loops(function, arguments, result, shown):
    """Where there is a plain way to the same result, go it."""
    if function is convolution.convolve:
        arguments = {**arguments, "kernel": convolution.flip(arguments["kernel"])}
    if function in (convolution.correlate, convolution.convolve) and result.size < 2000:
        expected = convolution.correlate_by_loops(**arguments)
    elif function is convolution.conv_layer and result.size < 500 and np.asarray(arguments["x"]).shape[1] == 1:
        settings = {key: value for key, value in arguments.items() if key not in ("x", "weight", "bias", "groups")}
        image, one = np.asarray(arguments["x"])[0, 0], np.asarray(arguments["weight"])[0, 0]
        expected = convolution.correlate_by_loops(image, one, **settings)
        bias = arguments.get("bias")
        expected, result = expected + (0 if bias is None else np.asarray(bias)[0]), result[0, 0]
    elif function is pooling.pool and arguments.get("mode", "max") == "max":
        expected = pooling.pool_with_positions(**{k: v for k, v in arguments.items() if k != "count_padding"})[0]
    else:
        return
    tolerance = 1e-2 if result.dtype == np.float16 else 1e-4
    scale = float(np.abs(np.asarray(expected, float)).max()) + 1e-300
    assert np.allclose(result, expected, rtol=tolerance, atol=tolerance * scale), f"{shown} is wrong"


def test_every_public_function_is_called():
    names = {make_call(number)[0] for number in range(3000)}
    assert names == set(FUNCTIONS)
    assert {"convolution.conv_layer", "pooling.pool", "images.load", "receptive_field.table"} <= names


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that can interrupt a call")
def test_wild_arguments():
    tracemalloc.start()
    try:
        accepted = sum(check(number) for number in range(FIRST, FIRST + CALLS))
    finally:
        tracemalloc.stop()
    assert CALLS < 100 or 0.15 < accepted / CALLS < 0.85  # neither all nonsense nor all harmless


def test_it_would_notice(monkeypatch):
    """The harness itself: a warning, a wrong result, another error and a hang are all caught."""

    def hang(size):
        time.sleep(60)

    faults = {
        "kernels.box": lambda size: 1 / np.zeros(1),
        "kernels.gaussian": lambda size, sigma: np.array([np.nan]),
        "kernels.families": lambda: {}["missing"],
        "patterns.impulse": hang,
    }
    for name, broken in faults.items():
        monkeypatch.setitem(FUNCTIONS, name, broken)
        number = next(n for n in range(10_000) if make_call(n)[0] == name)
        with pytest.raises(AssertionError, match=rf"call {number}: {name}"), monkeypatch.context() as patch:
            if broken is hang:
                patch.setattr(f"{__name__}.at_most", lambda _: shortly(), raising=False)
                patch.setitem(globals(), "at_most", lambda _: shortly())
            tracemalloc.start()
            try:
                check(number)
            finally:
                tracemalloc.stop()


def shortly(once=at_most):
    return once(0.05)
