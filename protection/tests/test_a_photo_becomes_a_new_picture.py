"""Photos: told by their content, opened in a limited process, turned upright, made anew, freed of every note."""

import io
import json
import time
from pathlib import Path

import pytest
from PIL import Image

from protection import photo_process, photos
from protection.photos import Photo, PhotoRefused, develop, received
from protection.tests.photos import CANARY, bombs, encoded, marked, others, photo, png_of, scene, two_faced


def developed(raw: bytes) -> Photo:
    with received(io.BytesIO(raw)) as original:
        return develop(original)


def refusal(raw: bytes) -> str:
    with pytest.raises(PhotoRefused) as refused:
        developed(raw)
    return refused.value.code


def refused_here(raw: bytes) -> str:
    """As `refusal`, of what is refused before anything is decoded, and so without a process each."""
    with pytest.raises(photo_process.Refused) as refused:
        photo_process.opened(raw)
    return str(refused.value)


def opened(raw: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(raw))
    picture.load()
    return picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_no_note_leaves_and_the_camera_time_is_kept_as_a_fact(kind: str) -> None:
    raw = marked(kind)
    assert CANARY in raw
    new = developed(raw)
    for made in (new.picture, new.thumbnail):
        assert CANARY not in made
        picture = opened(made)
        assert picture.format == "JPEG"
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert new.taken_at == "2026-11-20T14:03:22+01:00"
    assert (new.content_type, new.width, new.height) == ("image/jpeg", 300, 400)  # turned as the camera was held
    assert opened(new.picture).size == (300, 400)
    assert opened(new.thumbnail).size == (240, 320)


def test_what_is_transparent_stays_so_as_a_png_without_notes() -> None:
    picture = scene().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    new = developed(encoded(picture, "PNG", exif=b"Exif\0\0" + CANARY, icc_profile=CANARY))
    assert new.content_type == "image/png"
    assert opened(new.picture).mode == "RGBA"
    assert CANARY not in new.picture
    assert opened(new.picture).info == {}
    assert opened(new.thumbnail).format == "JPEG"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA", "CMYK", "YCbCr"])
def test_every_way_to_hold_colours_is_read(mode: str) -> None:
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    if mode == "I;16":
        picture = Image.linear_gradient("L").convert("I").point(lambda value: value * 257).convert("I;16")
    else:
        picture = scene().convert(mode)
    new = opened(photo_process.developed(encoded(picture, kind))[1])
    assert new.convert("L").point(lambda shade: 255 * (shade > 128)).getextrema() == (
        0,
        255,
    )  # not one shade


def test_of_moving_pictures_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "blue")]
    for kind in ("WEBP", "PNG"):
        new = developed(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
        red, _, blue = opened(new.picture).getpixel((20, 20))  # type: ignore[misc]
        assert (red > 200, blue < 50) == (True, True)


def test_a_camera_without_a_clock_or_with_a_mad_one_is_no_reason_to_refuse() -> None:
    for taken in ("", "0000:00:00 00:00:00", "yesterday", "2026:13:45 99:99:99"):
        exif = Image.Exif()
        exif[0x8769] = {0x9003: taken}
        assert photo_process.developed(encoded(scene(), "JPEG", exif=exif))[0]["taken_at"] == ""
    broken = encoded(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert developed(broken).taken_at == ""


def test_the_same_photo_has_nearly_the_same_fingerprint_another_one_has_not() -> None:
    mine = developed(photo(1)).fingerprint
    smaller = developed(encoded(scene(1).resize((200, 150)), "WEBP", quality=40)).fingerprint
    other = developed(photo(2)).fingerprint
    assert mine is not None
    assert smaller is not None
    assert other is not None
    assert ((mine ^ smaller) & (2**64 - 1)).bit_count() <= 6
    assert ((mine ^ other) & (2**64 - 1)).bit_count() > 12
    assert -(2**63) <= mine < 2**63
    assert developed(encoded(Image.new("RGB", (50, 50), "grey"))).fingerprint is None


@pytest.mark.parametrize("name", others())
def test_what_is_no_photo_is_called_so_whatever_its_name_says(name: str) -> None:
    assert refused_here(others()[name]) == "not_a_photo"


@pytest.mark.parametrize("name", two_faced())
def test_what_is_two_things_at_once_is_refused(name: str) -> None:
    assert refused_here(two_faced()[name]) == "two_things"


def test_bombs_are_refused_before_they_go_off() -> None:
    for name, raw in bombs().items():
        begun = time.monotonic()
        code = refusal(raw) if "scans" not in name and "60 MB" not in name else _either(raw)
        assert code in ("too_many_pixels", "damaged", "too_costly", "taken"), name
        assert time.monotonic() - begun < 30, name


def _either(raw: bytes) -> str:
    """Files that are odd but hold a picture may be taken; what comes out is then an ordinary one."""
    try:
        assert len(developed(raw).picture) < 1_000_000
    except PhotoRefused as refused:
        return refused.code
    return "taken"


def test_sizes_are_named() -> None:
    assert refusal(b"") == "empty"
    assert refusal(photo() + bytes(photos.MAX_BYTES)) == "too_large"
    assert refusal(png_of(10_000, 5_001)) == "too_many_pixels"
    assert refusal(png_of(20_001, 1, bytes(20_002))) == "too_many_pixels"
    assert developed(png_of(20_000, 1, bytes(20_001))).width == 20_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_photo_that_is_cut_off_is_damaged(kind: str) -> None:
    raw = photo(1, kind)
    assert {refusal(raw[: len(raw) // 2]), refusal(raw[:30])} == {"damaged"}


def test_the_process_can_open_no_file_and_no_socket_and_take_no_more_than_its_share(tmp_path, monkeypatch) -> None:
    program = tmp_path / "curious.py"
    source = Path(photo_process.__file__).read_text().replace('if __name__ == "__main__":\n    main()\n', "")
    program.write_text(
        source
        + """
import socket
limit()
tried = []
for attempt in (lambda: open("/etc/hostname"), socket.socket, lambda: bytearray(2 << 30), lambda: os.listdir("/")):
    try:
        attempt()
        tried.append("done")
    except (OSError, MemoryError):
        tried.append("refused")
bounded = resource.getrlimit(resource.RLIMIT_CPU) == (20, 20)
print(json.dumps({"refused": tried == ["refused"] * 4 and bounded and not set(os.environ) - {"LC_CTYPE"} and "empty"}))
"""
    )
    monkeypatch.setattr(photos, "PROGRAM", program)
    assert refusal(photo()) == "empty"  # the word it says when all four were refused and it knows no secret


ANSWER = {"picture": 5, "thumbnail": 5, "width": 1, "height": 1, "fingerprint": 1, "taken_at": ""}
SAYS = [ANSWER | {"fingerprint": 2**70}, ANSWER | {"picture": 10**9}, ANSWER | {"width": "x"}, ANSWER | {"picture": -1},
        ANSWER, {"refused": "nonsense"}, {}, []]  # fmt: skip


@pytest.mark.parametrize("ending", [
    "os.kill(os.getpid(), 9)", "os.abort()", "sys.exit(1)", "print('{')", "while True: pass",
    "import time; time.sleep(600)", "sys.stdout.write('x' * (200 << 20))",
    *(f"print({json.dumps(json.dumps(one))})" for one in SAYS),
])  # fmt: skip
def test_a_process_that_dies_hangs_or_lies_is_a_refusal(ending: str, tmp_path, monkeypatch) -> None:
    program = tmp_path / "taken_over.py"
    source = Path(photo_process.__file__).read_text().split("import pillow_heif")[0]
    limits = "for kind in (resource.RLIMIT_FSIZE,):\n    resource.setrlimit(kind, (80 << 20, 80 << 20))\n"
    program.write_text(source + limits + ending + "\n")
    monkeypatch.setattr(photos, "PROGRAM", program)
    monkeypatch.setattr(photos, "WALL_SECONDS", 1.5)
    assert refusal(photo()) == "too_costly"


def test_only_so_many_are_opened_at_a_time(monkeypatch) -> None:
    monkeypatch.setattr(photos, "WAIT_SECONDS", 0.01)
    rooms = [photos._darkrooms.acquire(timeout=1) for _ in range(2)]
    try:
        assert rooms == [True, True]
        assert refusal(photo()) == "busy"
    finally:
        for _ in rooms:
            photos._darkrooms.release()
    assert developed(photo()).width == 400
