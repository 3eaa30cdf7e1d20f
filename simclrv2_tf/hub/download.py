"""One file from a URL, a bucket or a directory; resumable, with progress.

`keras.utils.get_file` neither goes on where it stopped nor reads buckets. The
file's `.incomplete` is kept on purpose, unlike what `files/atomic.py` writes.
"""

from __future__ import annotations

import http.client
import os
import ssl
import time
import urllib.error
import urllib.request

import tensorflow as tf

from simclrv2_tf.console.progress import progress

TRIES = 4  # of one file, when the connection breaks
PAUSE_SECONDS = 0.5  # before the second try, doubled for each further one
TIMEOUT_SECONDS = 30
_BYTES = 2**20
_BREAKS = (
    TimeoutError,
    ConnectionError,
    urllib.error.URLError,
    http.client.HTTPException,
    ssl.SSLError,
)


class Unreachable(Exception):
    """A place cannot be read from."""


class Missing(Unreachable):
    """A place has no such file."""


def get(url: str, target: str) -> None:
    """Copies a file; goes on where an earlier copy stopped.

    Args:
      url: https://…, http://…, gs://… or a path.
      target: Path; there is a whole file there afterwards. What has come so
        far is in `<target>.incomplete`.

    Raises:
      Unreachable: If it cannot be read.
      urllib.error.URLError: The same for HTTP.
      OSError: If it cannot be written.
    """
    if os.path.exists(target):
        return
    open_at = _open_http if url.startswith("http") else _open_file
    for attempt in range(TRIES):
        try:
            _copy(url, f"{target}.incomplete", open_at)
            break
        except _Broken as error:
            if attempt + 1 == TRIES:
                raise Unreachable(str(error)) from None
            time.sleep(PAUSE_SECONDS * 2**attempt)
    os.rename(f"{target}.incomplete", target)


class _Broken(Exception):
    """The connection ended before the file did."""


def _copy(url, path, open_at):
    have = os.path.getsize(path) if os.path.exists(path) else 0
    stream, start, total = open_at(url, have)
    done = start
    with (
        stream,
        open(path, "ab" if start else "wb") as file,
        _bar(url, start, total) as bar,
    ):
        while chunk := _read(stream):
            file.write(chunk)
            done += len(chunk)
            bar.update(len(chunk))
    if total is not None and done < total:
        raise _Broken(f"ended after {done:,} of {total:,} bytes")
    if total is not None and done > total:
        os.remove(path)
        raise _Broken(f"{done:,} bytes came for {total:,}")


def _read(stream):
    try:
        return stream.read(_BYTES)
    except _BREAKS as error:
        raise _Broken(str(error)) from error
    except tf.errors.OpError as error:
        raise _Broken(error.message) from error


def _open_http(url, have):
    """A stream, the byte it starts at, and the size of the whole file."""
    headers = {"Range": f"bytes={have}-"} if have else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        stream = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to send
            return _open_http(url, 0)
        if error.code == 429 or error.code >= 500:  # it may be better soon
            raise _Broken(f"HTTP {error.code}") from None
        raise
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise Unreachable(str(error)) from error
    length = stream.headers.get("Content-Length")
    start = have if stream.status == 206 else 0
    return stream, start, None if length is None else start + int(length)


def _open_file(url, have):
    try:
        total = tf.io.gfile.stat(url).length
        stream = tf.io.gfile.GFile(url, "rb")
        start = have if have <= total else 0
        stream.seek(start)
    except tf.errors.NotFoundError:
        raise Missing("no such file") from None
    except tf.errors.OpError as error:
        raise Unreachable(error.message) from error
    return stream, start, total


def _bar(url, start, total):
    name = url.rpartition("/")[2]
    return progress(name, total, "B", initial=start, unit_scale=True)
