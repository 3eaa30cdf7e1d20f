"""The time of each type of operation in a profile."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

_PICOSECONDS = 1e-12
# Frames around operations: the time that is theirs alone is the runtime's.
_FRAMES = ("PartitionedCall", "StatefulPartitionedCall", "While", "If")


@dataclasses.dataclass(frozen=True)
class OperationTime:
    """The time of all operations of one type.

    Attributes:
      operation: The type, such as "Conv2D".
      seconds: Of all of them, over all threads and devices.
      count: How often one ran.
    """

    operation: str
    seconds: float
    count: int


def operation_times(path: str) -> list[OperationTime]:
    """Reads a profile that TensorFlow wrote.

    Args:
      path: Of an `.xplane.pb`.

    Returns:
      The costliest first. An operation that others run in, such as a loop,
      counts without them.
    """
    seconds: dict[str, float] = collections.defaultdict(float)
    count: dict[str, int] = collections.Counter()
    for plane in _planes(path):
        names = {
            number: metadata.name
            for number, metadata in plane.event_metadata.items()
        }
        on_device = plane.name.startswith("/device:")
        for line in plane.lines:
            if on_device and not _is_of_operations(line.name):
                continue
            for name, duration in own_times(line.events, names):
                operation = name if on_device else _type_of(name)
                if operation:
                    seconds[operation] += duration
                    count[operation] += 1
    times = [OperationTime(n, s, count[n]) for n, s in seconds.items()]
    return sorted(times, key=lambda each: -each.seconds)


def _planes(path):
    """The planes with operations: of accelerators, else of the host."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tf.io.gfile.GFile(path, "rb") as file:
        space = xplane_pb2.XSpace.FromString(file.read())
    devices = [p for p in space.planes if p.name.startswith("/device:")]
    return devices or [p for p in space.planes if p.name == "/host:CPU"]


def _is_of_operations(line):
    """Whether a device's line holds operations, and no sums over them."""
    return line == "XLA Ops" or line.startswith("Stream #")


def _type_of(name):
    """The type in "scope/name:Type", as the executor's events are called."""
    _, _, kind = name.rpartition(":")
    known = ":" in name and kind.isidentifier() and kind not in _FRAMES
    return kind if known and "::" not in name else None


def own_times(
    events: Any, names: dict[int, str]
) -> Iterator[tuple[str, float]]:
    """Yields each event of a thread: its name and the seconds of its own.

    Args:
      events: With `metadata_id`, `offset_ps` and `duration_ps`; they lie
        within each other or apart.
      names: {metadata_id: name}.
    """
    order = sorted(events, key=lambda e: (e.offset_ps, -e.duration_ps))
    open_events: list[list] = []  # [end, name, picoseconds of its own]
    for event in order:
        while open_events and open_events[-1][0] <= event.offset_ps:
            yield _closed(open_events)
        if open_events:
            open_events[-1][2] -= event.duration_ps
        end = event.offset_ps + event.duration_ps
        open_events.append([end, names[event.metadata_id], event.duration_ps])
    while open_events:
        yield _closed(open_events)


def _closed(open_events):
    _, name, own = open_events.pop()
    return name, max(0, own) * _PICOSECONDS
