"""Files that a class might upload, by mistake or by malice: each gives a small picture or one clear refusal."""

import gzip
import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from cnnlab.core import picture_file

PLAIN = np.random.default_rng(1).integers(0, 256, (9, 11, 3), np.uint8)


def save(kind, image=None, **options):
    buffer = io.BytesIO()
    (Image.fromarray(PLAIN) if image is None else image).save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind, content, checksum=None):
    checksum = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(width=2, height=2, depth=8, colour=2, rows=None, extra=b"", end=True, checksum=None):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0), checksum)
    rows = zlib.compress(b"\0" * 7 * 2) if rows is None else rows
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", rows) + (chunk(b"IEND", b"") if end else b"")


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../../etc/passwd", "x" * 1_000_000)
    return buffer.getvalue()


def texts():
    told = PngImagePlugin.PngInfo()
    told.add_text("comment", "x" * 100_000, zip=True)
    return save("PNG", pnginfo=told)


JPEG, GIF, BMP, WEBP, PNG = (save(kind) for kind in ("JPEG", "GIF", "BMP", "WEBP", "PNG"))
FILES = {
    "nothing": b"",
    "one byte": b"\0",
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
    "noise": np.random.default_rng(2).bytes(5000),
    "plain text": "Größe: 3 × 3\n".encode(),
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg with entities": b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>',
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n",
    "pdf": b"%PDF-1.7\n1 0 obj<</OpenAction 2 0 R>>endobj",
    "pickle": b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.",
    "numpy": b"\x93NUMPY\x01\0v\0{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    "zip": archive(),
    "gzip": gzip.compress(PNG),
    "program": b"\x7fELF\x02\x01\x01" + bytes(200),
    "shell script": b"#!/bin/sh\nrm -rf /\n",
    "notebook": b'{"cells": [], "nbformat": 4}',
    "tiff": save("TIFF"),
    "icon": save("ICO"),
    "png signature alone": b"\x89PNG\r\n\x1a\n",
    "png without rows": png(rows=b""),
    "png without end": png(end=False),
    "png of no width": png(width=0),
    "png of no height": png(height=0),
    "png too wide": png(width=2**31 - 1),
    "png wrong checksum": png(checksum=1),
    "png wrong depth": png(depth=3),
    "png wrong colour": png(colour=5),
    "png rows that burst": png(rows=zlib.compress(bytes(30_000_000), 9)),
    "png bomb in a text": png(extra=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(30_000_000), 9))),
    "png bomb in a profile": png(extra=chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(30_000_000), 9))),
    "png long chunk": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**31 - 1) + b"IHDR",
    "png palette missing": png(colour=3),
    "png with a page behind": PNG + b"<script>alert(1)</script>" * 100,
    "png with a long text": texts(),
    "jpeg cut": JPEG[: len(JPEG) // 2],
    "jpeg without end": JPEG[:-2],
    "jpeg of no size": JPEG.replace(struct.pack(">HH", 9, 11), bytes(4), 1),
    "jpeg huge": JPEG.replace(struct.pack(">HH", 9, 11), b"\xff\xff\xff\xff", 1),
    "jpeg marker only": b"\xff\xd8\xff\xe0\xff\xff",
    "jpeg endless exif": b"\xff\xd8\xff\xe1\xff\xffExif\0\0" + b"MM\0*\0\0\0\x08" * 9000,
    "gif cut": GIF[: len(GIF) // 2],
    "gif huge": GIF[:6] + b"\xff\xff\xff\xff" + GIF[10:],
    "gif frame outside": save("GIF", Image.new("P", (5, 5)), save_all=True, append_images=[Image.new("P", (5, 5))]),
    "bmp negative": BMP[:22] + struct.pack("<i", -9) + BMP[26:],
    "bmp huge": BMP[:18] + struct.pack("<ii", 2**30, 2**30) + BMP[26:],
    "bmp odd depth": BMP[:28] + struct.pack("<H", 77) + BMP[30:],
    "webp cut": WEBP[: len(WEBP) // 2],
    "webp long riff": WEBP[:4] + b"\xff\xff\xff\xff" + WEBP[8:],
    "riff of sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
}


def test_there_are_forty_and_more():
    assert len(FILES) >= 40


@pytest.mark.parametrize("name", FILES)
def test_a_small_picture_or_one_clear_refusal(name):
    try:
        picture = picture_file.load(FILES[name])
    except ValueError as refusal:
        assert str(refusal).startswith(f"file={len(FILES[name])} bytes: ") and len(str(refusal)) < 200
    else:
        height, width, channels = picture.array.shape
        assert channels == 3 and max(height, width) <= picture_file.MAX_SIDE
        assert height * width <= 200, "none of these holds more"


@pytest.mark.parametrize("name", ["png too wide", "jpeg huge", "gif huge", "bmp huge"])
def test_a_size_is_refused_as_a_size(name):
    with pytest.raises(ValueError, match=r"a side|megapixels|readable"):
        picture_file.load(FILES[name])
