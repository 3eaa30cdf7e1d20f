"""Damage to files, all of it drawn from a seed."""

import random
import struct

_BYTES = (0, 1, 0x7F, 0x80, 0xFE, 0xFF, ord('"'), ord("{"), ord("/"), ord("\n"))
_NUMBERS = (0, 1, 2**7, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
_TEXTS = (
    b"NaN",
    b"Infinity",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"null",
    b"[[[[[[[[",
    b'{"a":',
    b"../../../../etc/passwd",
    b"/dev/null",
    b"\x00",
    b"\xff\xfe",
    b"%s%n",
    b"__reduce__",
)


def mutated(data, others, seed):
    """A damaged copy of a file's bytes.

    Args:
      data: bytes.
      others: List of bytes, other files of the kind.
      seed: Any hashable that `random.Random` takes.

    Returns:
      bytes.
    """
    rng = random.Random(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        data = rng.choice(_MUTATIONS)(rng, data, others)
    return data


def _flip(rng, data, others):
    return _changed(rng, data, lambda byte: byte ^ (1 << rng.randrange(8)))


def _set(rng, data, others):
    return _changed(rng, data, lambda byte: rng.choice(_BYTES))


def _changed(rng, data, change):
    if not data:
        return data
    place = _place(rng, data)
    return data[:place] + bytes([change(data[place])]) + data[place + 1 :]


def _place(rng, data):
    """Headers and ends are where formats can be hurt."""
    near = min(len(data), 256)
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randrange(near)
    if kind == 1:
        return len(data) - 1 - rng.randrange(near)
    return rng.randrange(len(data))


def _cut(rng, data, others):
    return data[: rng.randrange(len(data) + 1)]


def _delete(rng, data, others):
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[min(end, start + 4096) :]


def _repeat(rng, data, others):
    start = rng.randrange(len(data) + 1)
    part = data[start : start + rng.randrange(1, 1024)]
    return data[:start] + part * rng.randrange(2, 20) + data[start:]


def _insert(rng, data, others):
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.randbytes(rng.randrange(1, 64)) + data[start:]


def _splice(rng, data, others):
    other = rng.choice(others)
    start = rng.randrange(len(data) + 1)
    return data[:start] + other[rng.randrange(len(other) + 1) :]


def _number(rng, data, others):
    """A length, an offset or a size that no file has."""
    form = rng.choice(("<I", ">I", "<Q", ">Q", "<H", ">H"))
    limit = 2 ** (8 * struct.calcsize(form))
    packed = struct.pack(form, rng.choice(_NUMBERS) % limit)
    start = rng.randrange(len(data) + 1)
    return data[:start] + packed + data[start + len(packed) :]


def _text(rng, data, others):
    """A value in place of digits, or anywhere."""
    digits = [i for i, byte in enumerate(data[:65536]) if 48 <= byte < 58]
    start = rng.choice(digits) if digits else rng.randrange(len(data) + 1)
    return data[:start] + rng.choice(_TEXTS) + data[start + 1 :]


_MUTATIONS = (
    _flip,
    _set,
    _cut,
    _delete,
    _repeat,
    _insert,
    _splice,
    _number,
    _text,
)
