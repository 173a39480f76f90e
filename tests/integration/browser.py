"""A headless Chromium, spoken to by its DevTools protocol over two pipes: no package beside Chromium."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

ANSWER_SECONDS = 60
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"]


def find():
    """Where Chromium is; None where it is not."""
    return shutil.which("chromium")


class Browser:
    """One tab. Use as a context: it ends its own browser only."""

    def __init__(self, width=1000, height=1400):
        self.folder = tempfile.mkdtemp(prefix="zerocarb-browser-")
        self.last = 0
        self.pending = b""
        self.events = []
        self.process = self._start(width, height)
        try:
            self.session = None
            target = self._call("Target.createTarget", url="about:blank")["targetId"]
            self.session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                self._call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def _start(self, width, height):
        theirs_in, self.out = os.pipe()
        self.into, theirs_out = os.pipe()
        # The browser reads descriptor 3 and writes 4; a shell puts them there.
        script = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        process = subprocess.Popen(
            ["bash", "-c", script, find(), *FLAGS, f"--user-data-dir={self.folder}",
             f"--window-size={width},{height}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        return process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        os.close(self.out)
        os.close(self.into)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, deadline):
        while b"\0" not in self.pending:
            ready, _, _ = select.select([self.into], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(self.into, 1 << 20) if ready else b""
            if not part:
                raise AssertionError("the browser gives no answer")
            self.pending += part
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def _call(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path):
        """Opens a file and waits until it is drawn."""
        self.events.clear()
        result = self._call("Page.navigate", url=f"file://{path}")
        if "errorText" in result:
            raise AssertionError(f"{path}: {result['errorText']}")
        deadline = time.monotonic() + ANSWER_SECONDS
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read(deadline))

    def requests(self):
        """The addresses that the page asked for since it was opened."""
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        """What the browser logged, and the exceptions of scripts."""
        return [event["params"] for event in self.events
                if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown",
                                           "Runtime.consoleAPICalled")]

    def ask(self, script):
        """The value of a JavaScript expression, asked from outside the page's own policy."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def emulate(self, scheme="light", media="screen", width=None):
        self._call("Emulation.setEmulatedMedia", media=media,
                   features=[{"name": "prefers-color-scheme", "value": scheme}])
        if width:
            self._call("Emulation.setDeviceMetricsOverride", width=width, height=1200, deviceScaleFactor=1,
                       mobile=False)

    def screenshot(self, path, clip=None):
        """The whole page, or the part clip = (x, y, width, height), as PNG."""
        parameters = {"format": "png", "captureBeyondViewport": True}
        if not clip:
            size = self._call("Page.getLayoutMetrics")["cssContentSize"]
            clip = (0, 0, size["width"], size["height"])
        parameters["clip"] = dict(zip(("x", "y", "width", "height"), clip), scale=1)
        data = base64.b64decode(self._call("Page.captureScreenshot", **parameters)["data"])
        with open(path, "wb") as file:
            file.write(data)

    def print_pdf(self, path):
        answer = self._call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))
