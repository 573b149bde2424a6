"""A real browser for tests: headless Chromium by the WebDriver protocol, without a package of its own."""

import base64
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_chromium = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")
_OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
PATIENCE = 60  # seconds
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, §11: the key of an element's reference


class Browser:
    """One window. Elements are named by CSS selectors; whatever is not there fails the test by its name."""

    def __init__(self, session: str) -> None:
        self.session = session

    def open(self, url: str) -> None:
        self._call("post", "/url", url=url)

    def click(self, selector: str) -> None:
        self._call("post", f"/element/{self._find(selector)}/click")

    def press(self, label: str) -> None:
        """Press the button or follow the link that says `label`."""
        said = f"normalize-space()='{label}'"
        path = f"//button[{said}] | //a[{said}] | //summary[starts-with(normalize-space(), '{label}')]"
        self._call("post", f"/element/{self._find(path, 'xpath')}/click")

    def type(self, selector: str, text: str) -> None:
        self._call("post", f"/element/{self._find(selector)}/value", text=text)

    def run(self, script: str) -> Any:
        """What a script of the test says; the pages have none."""
        return self._call("post", "/execute/sync", script=script, args=[])

    def sees(self, words: str) -> None:
        """Wait until the page says these words: a form's answer may take its time on a busy machine."""
        until = time.monotonic() + PATIENCE
        while words not in self.text:
            assert time.monotonic() < until, f"{words!r} is not on the page {self.url}: {self.text}"
            time.sleep(0.05)

    def pictures(self) -> int:
        """How many pictures of the page could be loaded and shown, once each was tried."""
        script = """
            const done = arguments[0], all = [...document.images];
            all.forEach(one => one.loading = 'eager');
            Promise.allSettled(all.map(one => one.decode())).then(() => done(all.filter(i => i.naturalWidth).length));
        """
        return int(self._call("post", "/execute/async", script=script, args=[]))

    @property
    def text(self) -> str:
        return str(self.run("return document.body ? document.body.innerText : ''"))

    @property
    def url(self) -> str:
        return str(self._call("get", "/url"))

    def resize(self, width: int, height: int) -> None:
        """A window whose page is so wide; Chromium's own is never narrower than 500 pixels, so a device is played."""
        self._call(
            "post", "/goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride",
            params={"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700},
        )  # fmt: skip

    def picture(self, target: Path) -> None:
        """The whole page as a PNG, however long it is."""
        found = self._call("post", "/goog/cdp/execute", cmd="Page.captureScreenshot",
                           params={"captureBeyondViewport": True, "format": "png"})  # fmt: skip
        target.write_bytes(base64.b64decode(found["data"]))

    def _find(self, selector: str, using: str = "css selector") -> str:
        return str(self._call("post", "/element", using=using, value=selector)[_ELEMENT])

    def _call(self, method: str, path: str, **body: Any) -> Any:
        answer = requests.request(method, self.session + path, json=body if method == "post" else None, timeout=60)
        value = answer.json()["value"]
        assert answer.ok, f"{path}: {value['error']}: {value['message'][:300]}"
        return value


@contextmanager
def browser() -> Iterator[Browser]:
    """A window with a profile of its own, gone afterwards."""
    with socket.socket() as probe, tempfile.TemporaryDirectory() as profile:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        driver = subprocess.Popen([str(DRIVER), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        base = f"http://127.0.0.1:{port}"
        try:
            _wait_for(driver, base)
            chrome = {"binary": CHROMIUM, "args": [*_OPTIONS, f"--user-data-dir={profile}"]}
            wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": chrome}}
            answer = requests.post(f"{base}/session", json={"capabilities": wanted}, timeout=60)
            session = f"{base}/session/{answer.json()['value']['sessionId']}"
            requests.post(f"{session}/timeouts", json={"implicit": PATIENCE * 1000}, timeout=60)
            try:
                yield Browser(session)
            finally:
                requests.delete(session, timeout=30)
        finally:
            driver.terminate()
            driver.wait(30)


def _wait_for(driver: subprocess.Popen[bytes], base: str) -> None:
    while driver.poll() is None:
        try:
            if requests.get(f"{base}/status", timeout=5).json()["value"]["ready"]:
                return
        except requests.ConnectionError:
            continue
    raise AssertionError("chromedriver ended before it was ready")
