"""Arrays as they travel to the page: {"shape", "dtype", "data"}, their bytes outside the JSON."""

import numpy as np

DTYPES = ("uint8", "float64")


def encode(array):
    """The payload of a 2-D array; whole numbers from 0 to 255 travel as bytes, all others as float64."""
    array = np.asarray(array)
    small = array.dtype.kind in "iu" and array.min() >= 0 and array.max() <= 255
    array = np.ascontiguousarray(array, np.uint8 if small else np.float64)
    return {"shape": list(array.shape), "dtype": array.dtype.name, "data": array.tobytes()}


def decode(payload):
    """The array of a payload, whoever made it (the page sends float64)."""
    if payload["dtype"] not in DTYPES:
        raise ValueError(f"dtype={payload['dtype']}: must be one of {', '.join(DTYPES)}")
    return np.frombuffer(payload["data"], payload["dtype"]).reshape(payload["shape"])
