"""A page in a browser without a window, over the DevTools protocol.

The browser is asked through a pipe: nothing needs to be installed beside it.
"""

import fcntl
import json
import os
import shlex
import shutil
import subprocess
import threading

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 60  # until a browser that does not answer is ended


def find():
    """Command of a browser: SIMCLRV2_BROWSER, or one on the PATH; or []."""
    given = shlex.split(os.environ.get("SIMCLRV2_BROWSER", ""))
    found = (shutil.which(name) for name in NAMES)
    return given or next(([path] for path in found if path), [])


def look(command, path, profile, widths, expression):
    """Opens a file.

    Args:
      command: Of the browser.
      path: Of the page, a `pathlib.Path`.
      profile: An empty directory.
      widths: Of windows, in pixels.
      expression: JavaScript that is asked at each width.

    Returns:
      {"answers": one for each width, "errors": sentences, "requests": URLs
      that are not within the page}.
    """
    pipes = [_Pipe(), _Pipe()]
    process = subprocess.Popen(
        [
            *command,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: (
            os.dup2(pipes[0].reader, 3),
            os.dup2(pipes[1].writer, 4),
        ),
        pass_fds=(3, 4),
    )
    os.close(pipes[0].reader)
    os.close(pipes[1].writer)
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    try:
        return _Session(pipes[0].writer, pipes[1].reader).look(
            path, widths, expression
        )
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        os.close(pipes[0].writer)
        os.close(pipes[1].reader)


class _Pipe:
    """Both ends, above the numbers that the browser wants."""

    def __init__(self):
        ends = os.pipe()
        self.reader, self.writer = (
            fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 50) for end in ends
        )
        for end in ends:
            os.close(end)


class _Session:
    def __init__(self, writer, reader):
        self._writer, self._reader = writer, reader
        self._rest, self._last, self._target = b"", 0, None
        self._events = []

    def look(self, path, widths, expression):
        target = self._ask("Target.createTarget", url="about:blank")
        self._target = self._ask(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")
        self._ask("Page.navigate", url=path.as_uri())
        while not self._named("Page.loadEventFired"):
            self._receive()
        answers = [self._at(width, expression) for width in widths]
        return {"answers": answers, **self._heard(path.as_uri())}

    def _at(self, width, expression):
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        told = self._ask(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        return told["result"]["value"]

    def _heard(self, own):
        calls = self._named("Runtime.consoleAPICalled")
        bad = [c for c in calls if c["type"] in ("error", "warning")]
        bad += self._named("Runtime.exceptionThrown")
        bad += [e["entry"] for e in self._named("Log.entryAdded")]
        asked = self._named("Network.requestWillBeSent")
        urls = [event["request"]["url"] for event in asked]
        outside = [u for u in urls if u != own and not u.startswith("data:")]
        return {"errors": list(map(str, bad)), "requests": outside}

    def _named(self, name):
        return [e["params"] for e in self._events if e.get("method") == name]

    def _ask(self, method, **params):
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self._target:
            message["sessionId"] = self._target
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last:
                return answer["result"]

    def _receive(self):
        while b"\0" not in self._rest:
            data = os.read(self._reader, 2**16)
            if not data:
                raise RuntimeError("the browser has ended")
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        self._events.append(json.loads(message))
        return self._events[-1]
