"""A learner's own picture, read safely: limits are checked in the header, before anything is decoded."""

import io
import os
import warnings
from dataclasses import dataclass, field

import numpy as np

from cnnlab.core import checks

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
MAX_SIDE = 8192
MAX_PIXELS = 16_000_000
MAX_FILE_BYTES = 64_000_000
ORIENTATION = 0x0112  # the EXIF tag


@dataclass(frozen=True, eq=False)
class LoadedPicture:
    """`array` is uint8 (height, width, 3); `notes` says in sentences what was done to the picture on the way."""

    array: np.ndarray = field(repr=False)
    notes: tuple[str, ...]


def load(file):
    """Read a picture from a path, or from the bytes of a file: PNG, JPEG, GIF, BMP or WEBP.

    At most 8192 pixels a side and 16 megapixels (looked up in the header before decoding) and 64 MB. A photograph is
    turned as its EXIF orientation says, what is transparent is laid on white, 16 bits are scaled to 8, and an
    animation gives its first frame; `LoadedPicture.notes` tells. Whatever is wrong with a file, the error is
    ValueError("file=...: ..."). Needs Pillow, which is imported here.

    >>> load(b"not a picture")
    Traceback (most recent call last):
    ValueError: file=13 bytes: is no readable PNG, JPEG, GIF, BMP or WEBP picture
    """
    content, shown = _content(file)
    try:
        from PIL import Image
    except ImportError:
        checks.refuse("file", shown, "needs the package Pillow: pip install pillow")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                problem = _too_large(*picture.size)
                if not problem:
                    return _decoded(picture)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            problem = f"must have at most {MAX_PIXELS / 1e6:.0f} megapixels"
        except Exception:  # noqa: BLE001 - decoders meet broken files with a dozen kinds of error
            problem = "is no readable PNG, JPEG, GIF, BMP or WEBP picture"
    checks.refuse("file", shown, problem)


def _content(file):
    """(the bytes of the file, how an error names it)."""
    if isinstance(file, (bytes, bytearray, memoryview)):
        content, shown = bytes(file), f"{len(bytes(file))} bytes"
    elif isinstance(file, (str, os.PathLike)):
        shown = str(file)
        try:
            if not os.path.isfile(file):
                checks.refuse("file", shown, "there is no such file")
            if os.path.getsize(file) > MAX_FILE_BYTES:
                checks.refuse("file", shown, f"must be at most {MAX_FILE_BYTES / 1e6:.0f} MB")
            with open(file, "rb") as opened:
                content = opened.read()
        except OSError as error:
            checks.refuse("file", shown, f"cannot be read: {error.strerror}")
    else:
        checks.refuse("file", file, "must be a path, or the bytes of a picture file")
    if len(content) > MAX_FILE_BYTES:
        checks.refuse("file", shown, f"must be at most {MAX_FILE_BYTES / 1e6:.0f} MB")
    return content, shown


def _too_large(width, height):
    if max(width, height) > MAX_SIDE:
        return f"is {width} x {height} pixels; must have at most {MAX_SIDE} a side"
    if width * height > MAX_PIXELS:
        return f"is {width} x {height} pixels; must have at most {MAX_PIXELS / 1e6:.0f} megapixels"
    return None


def _decoded(picture):
    from PIL import ImageOps

    notes = []
    if getattr(picture, "is_animated", False):
        picture.seek(0)
        notes.append("An animation: this is its first frame.")
    picture.load()
    if _orientation(picture) != 1:
        picture = ImageOps.exif_transpose(picture)
        notes.append("Turned as the camera's orientation mark says.")
    if picture.mode.startswith(("I", "F")):
        picture = _eight_bits(picture)
        notes.append("Scaled from 16 bits to 8.")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        picture = _on_white(picture, notes)
    return LoadedPicture(np.array(picture.convert("RGB")), tuple(notes))


def _orientation(picture):
    try:
        return picture.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - a broken EXIF block is no reason to refuse the picture
        return 1


def _eight_bits(picture):
    """Pillow's own conversion clips at 255."""
    from PIL import Image

    wide = np.asarray(picture).astype(np.float64)
    scaled = Image.fromarray(np.floor(wide.clip(0, 65535) / 257 + 0.5).astype(np.uint8))
    see_through = picture.info.get("transparency")
    if isinstance(see_through, int):
        scaled.putalpha(Image.fromarray(np.where(wide == see_through, 0, 255).astype(np.uint8)))
    return scaled


def _on_white(picture, notes):
    from PIL import Image

    picture = picture.convert("RGBA")
    if picture.getextrema()[3][0] == 255:
        return picture
    notes.append("Transparent parts are shown on white.")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
