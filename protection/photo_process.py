"""The process that opens one picture a stranger sent: a script of its own, because a decoder may be led into anything.

Standard input is the file as it was sent, standard output the answer: one line of JSON, then the new picture and its
thumbnail. The process holds no secret (it starts with an empty environment), imports nothing of this project, and
before it looks at a single byte it gives up opening files and sockets, memory beyond a gigabyte and time beyond
seconds. What goes wrong in here ends here; `protection.photos` starts it, waits for it, and believes only what it
checks again.
"""

import json
import os
import re
import resource
import sys
import zipfile
from datetime import datetime
from io import BytesIO

import pillow_heif
from PIL import ExifTags, Image, ImageOps
from PIL import JpegImagePlugin as _jpeg  # all of it is loaded now: no file can be opened later
from PIL import MpoImagePlugin as _mpo
from PIL import PngImagePlugin as _png
from PIL import TiffImagePlugin as _tiff
from PIL import WebPImagePlugin as _webp

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
# What a picture begins with, and so all that a decoder of ours will ever see: JPEG, PNG, WebP, HEIC.
BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP|.{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL
)
CAMERA_CLOCK = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
LOADED = (_jpeg, _mpo, _png, _tiff, _webp)
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
MAX_PNG = 15 * 1024 * 1024
THUMBNAIL = 320  # pixels, the longer side
PLAIN = 16  # steps of grey: a picture with less contrast than this is like any other plain one

LIMITS = {
    resource.RLIMIT_AS: 1 << 30,
    resource.RLIMIT_CPU: 20,
    resource.RLIMIT_FSIZE: 80 << 20,  # the answer is a file: a flood of output ends here
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 3,  # input, output, errors: no file and no socket can be opened
}

# What makes a picture something else as well: a page, a program, a document or an archive.
TWO_FACED = re.compile(rb"<html[\s>]|<script[\s>]|<\?php\s|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c", re.IGNORECASE)


class Refused(Exception):
    """The file is not taken; the message is the code that `protection.photos` explains."""


def limit() -> None:
    """Give up all that opening a picture does not need; nothing in this process can take it back."""
    for kind, amount in LIMITS.items():
        resource.setrlimit(kind, (amount, amount))
    os.nice(5)


def opened(raw: bytes) -> Image.Image:
    """The first frame, upright; raises Refused before anything is decoded when it is no picture or too big a one."""
    if b"%PDF-" in raw[:1024] or TWO_FACED.search(raw) or zipfile.is_zipfile(BytesIO(raw)):
        raise Refused("two_things")
    if not BEGINNINGS.match(raw):
        raise Refused("not_a_photo")
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses at twice this
    try:
        picture = Image.open(BytesIO(raw), formats=FORMATS)
    except Image.DecompressionBombError:
        raise Refused("too_many_pixels") from None
    if picture.width * picture.height > MAX_PIXELS or max(picture.size) > MAX_SIDE:
        raise Refused("too_many_pixels")
    picture.load()
    return picture


def camera_time(picture: Image.Image) -> str:
    """When the camera says it took the picture: 2026-11-20T14:03:22, with an offset if it knew one; "" if it is silent.

    EXIF 2.32 §4.6.5: DateTimeOriginal is local time, OffsetTimeOriginal tells of which zone.
    """
    try:
        exif = picture.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        taken = str(details.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime) or "")
        offset = str(details.get(ExifTags.Base.OffsetTimeOriginal) or "")
        year, month, day, clock = CAMERA_CLOCK.match(taken).groups()  # type: ignore[union-attr]
        return datetime.fromisoformat(f"{year}-{month}-{day}T{clock}{offset.strip()}").isoformat()
    except Exception:  # noqa: BLE001 whatever is wrong with these notes, the picture may be good
        return ""


def upright(picture: Image.Image) -> Image.Image:
    """Turned as the camera was held; a picture whose notes cannot be read stays as it lies."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 as above
        return picture


def plain(picture: Image.Image) -> Image.Image:
    """Eight-bit colours, transparent only if something shows through, and no note of any kind left on it."""
    if picture.mode.startswith("I;16"):
        picture = picture.point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if picture.getchannel("A").getextrema() == (255, 255):
            picture = picture.convert("RGB")
    elif picture.mode != "RGB":
        picture = picture.convert("RGB")
    picture.info = {}
    return picture


def on_white(picture: Image.Image) -> Image.Image:
    """The same without transparency."""
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def thumbnail(picture: Image.Image) -> Image.Image:
    """At most THUMBNAIL pixels on the longer side."""
    scale = min(1.0, THUMBNAIL / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return on_white(picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0))


def fingerprint(small: Image.Image) -> int | None:
    """A difference hash of 64 bits: is each of 8 × 8 fields brighter than its right neighbour? None of a plain picture.

    Two pictures of which at most a few bits differ are the same photo, scaled, compressed or slightly edited.
    """
    grey = small.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    if max(grey) - min(grey) < PLAIN:
        return None
    bits = "".join("1" if grey[row * 9 + x] > grey[row * 9 + x + 1] else "0" for row in range(8) for x in range(8))
    return int(bits, 2)


def encoded(picture: Image.Image, quality: int) -> bytes:
    """JPEG; PNG for what is transparent, unless that would be huge."""
    if picture.mode == "RGBA":
        target = BytesIO()
        picture.save(target, "PNG", compress_level=3)
        if target.tell() <= MAX_PNG:
            return target.getvalue()
    target = BytesIO()
    on_white(picture).save(target, "JPEG", quality=quality)
    return target.getvalue()


def developed(raw: bytes) -> tuple[dict[str, object], bytes, bytes]:
    """The facts, the new picture and the thumbnail of a file; raises Refused."""
    picture = opened(raw)
    taken_at = camera_time(picture)
    picture = plain(upright(picture))
    small = thumbnail(picture)
    new, tiny = encoded(picture, 88), encoded(small, 80)
    facts: dict[str, object] = {
        "width": picture.width, "height": picture.height, "taken_at": taken_at, "fingerprint": fingerprint(small),
        "picture": len(new), "thumbnail": len(tiny),
    }  # fmt: skip
    return facts, new, tiny


def main() -> None:
    """One picture in, one answer out."""
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    Image.preinit()
    limit()
    new = tiny = b""
    try:
        facts, new, tiny = developed(sys.stdin.buffer.read())
    except Refused as refusal:
        facts = {"refused": str(refusal)}
    except MemoryError:
        facts = {"refused": "too_costly"}
    except Exception:  # noqa: BLE001 a decoder may fail in any way; to the sender all of them are a broken picture
        facts = {"refused": "damaged"}
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + new + tiny)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
