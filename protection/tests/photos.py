"""Photos for tests: good ones of every kind, marked ones, and damaged and hostile ones made from them by a seed."""

import io
import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin

CANARY = b"CanaryZq93"
TAKEN = "2026:11:20 14:03:22"
_ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

pillow_heif.register_heif_opener(thumbnails=False)


def scene(seed: int = 1, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Something with shapes and shades, another one for each seed."""
    draw = random.Random(seed)
    small = Image.frombytes("RGB", (8, 6), bytes(draw.randrange(256) for _ in range(8 * 6 * 3)))
    return small.resize(size, Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


@cache
def photo(seed: int = 1, kind: str = "JPEG") -> bytes:
    """A good photo, another one for each seed."""
    return encoded(scene(seed), kind)


@cache
def marked(kind: str, orientation: int = 6) -> bytes:
    """A good photo with the canary in every place where notes can be: EXIF, XMP, ICC, comments, texts."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = CANARY.decode()
    exif[0x8825] = {1: "N", 29: CANARY.decode()}
    exif[0x8769] = {0x9003: TAKEN, 0x9011: "+01:00", 0x927C: CANARY}
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", CANARY.decode())
    texts.add_itxt("XML:com.adobe.xmp", CANARY.decode(), zip=False)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + CANARY + b"</x:xmpmeta>"
    icc = _ICC + CANARY
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"exif": exif, "icc_profile": icc, "comment": CANARY, "xmp": xmp},
        "PNG": {"exif": exif, "icc_profile": icc, "pnginfo": texts},
        "WEBP": {"exif": exif, "icc_profile": icc, "xmp": xmp},
        "HEIF": {"exif": exif.tobytes(), "icc_profile": icc, "xmp": xmp},
    }
    return encoded(scene(), kind, **options[kind]) + (CANARY if kind == "JPEG" else b"")


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG with its right sum, whatever it says."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, pixels: bytes = b"", *between: bytes) -> bytes:
    """A PNG whose header says what it likes: eight-bit grey, `pixels` deflated, other chunks before them."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    end = chunk(b"IDAT", zlib.compress(pixels, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + end


@cache
def bombs() -> dict[str, bytes]:
    """Small files that would unfold to something huge."""
    text = b"Comment\0\0" + zlib.compress(b"A" * 20_000_000, 1)
    sos = encoded(scene(), "JPEG", progressive=True)
    scans = sos[sos.index(b"\xff\xda") : -2]
    jpeg = bytearray(photo())
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    return {
        "a PNG of 60,000 x 60,000": png_of(60_000, 60_000, bytes(1_000)),
        "a PNG as wide as it can say": png_of(2**31 - 1, 2**31 - 1),
        "a PNG one pixel too big": png_of(50_000, 1_001),
        "a PNG of 60 MB of pixels for 10 x 10": png_of(10, 10, bytes(60_000_000)),
        "a PNG with a text of 20 MB": png_of(10, 10, bytes(110), chunk(b"zTXt", text)),
        "a PNG with a profile of 20 MB": png_of(10, 10, bytes(110), chunk(b"iCCP", text)),
        "a JPEG that says 65,535 x 65,535": bytes(jpeg),
        "a JPEG of a thousand scans": sos[:-2] + scans * 200 + b"\xff\xd9",
        "a WebP that says 16,384 x 16,384": _lying_webp(),
        "a HEIC that says 60,000 x 60,000": _lying_heic(),
    }


def _lying_webp() -> bytes:
    data = bytearray(encoded(scene(), "WEBP", exif=b"Exif\0\0x"))
    at = data.index(b"VP8X")
    data[at + 12 : at + 18] = b"\xff\x3f\x00\xff\x3f\x00"
    return bytes(data)


def _lying_heic() -> bytes:
    data = bytearray(photo(1, "HEIF"))
    at = data.index(b"ispe")
    data[at + 8 : at + 16] = struct.pack(">II", 60_000, 60_000)
    return bytes(data)


@cache
def two_faced() -> dict[str, bytes]:
    """Files that are a picture and something else as well."""
    page = b"<html><script>alert(1)</script></html>"
    archive = b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18)
    return {
        "a JPEG with a page in its comment": encoded(scene(), "JPEG", comment=page),
        "a JPEG with a page behind it": photo() + page,
        "a PNG with a program behind it": photo(1, "PNG") + b"<?php system($_GET[0]); ?>",
        "a JPEG that is an archive": photo() + archive,
        "a PNG that is an archive": photo(1, "PNG") + archive,
        "a JPEG that is a document": encoded(scene(), "JPEG", comment=b"%PDF-1.7"),
    }


@cache
def others() -> dict[str, bytes]:
    """What is no photo at all, whatever it is called."""
    return {
        "a GIF": photo(1, "GIF"),
        "a TIFF": photo(1, "TIFF"),
        "a BMP": photo(1, "BMP"),
        "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'.replace(
            b"script", b"rect"
        ),
        "a program of Windows": b"MZ" + bytes(500),
        "a program of Linux": b"\x7fELF" + bytes(500),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        "a text": b"hello\n" * 100,
        "zeros": bytes(1000),
        "an AVIF": b"\0\0\0\x1cftypavif" + bytes(500),
    }


def damaged(seed: int, count: int) -> Iterator[bytes]:
    """`count` broken pictures: cut off, with flipped or swapped bytes, with lying lengths, patched together."""
    draw = random.Random(seed)
    good = [marked(kind, draw.randrange(1, 9)) for kind in ("JPEG", "PNG", "WEBP", "HEIF")]
    good += [encoded(scene(2), "JPEG", progressive=True), encoded(scene(3).convert("CMYK"), "JPEG")]
    good += [encoded(scene(4).quantize(16), "PNG"), encoded(scene(5).convert("LA"), "PNG")]
    for _ in range(count):
        data = bytearray(draw.choice(good))
        for _ in range(draw.choice((1, 1, 2, 5))):
            _HARM[draw.randrange(len(_HARM))](data, draw)
        yield bytes(data)


def _cut(data: bytearray, draw: random.Random) -> None:
    del data[draw.randrange(1, len(data) + 1) :]


def _flip(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice((1, 10, 300))):
        data[draw.randrange(len(data))] = draw.randrange(256)


def _flip_head(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice((1, 4, 16))):
        data[draw.randrange(min(len(data), 400))] = draw.randrange(256)


def _lie(data: bytearray, draw: random.Random) -> None:
    at = draw.randrange(max(1, min(len(data), 600)))
    data[at : at + 4] = draw.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\x80\0\0\0"))


def _drop(data: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(data))
    del data[at : min(len(data) - 1, at + draw.choice((1, 7, 900)))]


def _repeat(data: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(data))
    data[at:at] = data[at : at + draw.choice((4, 64, 2000))] * draw.choice((1, 3, 50))


_HARM = (_cut, _flip, _flip, _flip_head, _flip_head, _lie, _lie, _drop, _repeat)
