"""The time of operations in a profile, in closed form."""

import types

import pytest
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from simclrv2_tf.runs.monitoring.operation_times import OperationTime
from simclrv2_tf.runs.monitoring.operation_times import operation_times
from simclrv2_tf.runs.monitoring.operation_times import own_times

SECOND = 10**12  # picoseconds


def event(number, begin, seconds):
    return types.SimpleNamespace(
        metadata_id=number,
        offset_ps=begin * SECOND,
        duration_ps=seconds * SECOND,
    )


def test_what_runs_within_another_is_its_own():
    names = {1: "loop", 2: "a", 3: "b"}
    inside = [event(3, 2, 1), event(2, 1, 3), event(1, 0, 10), event(2, 5, 2)]
    apart = [event(3, 10, 4)]
    times = sorted(own_times(inside + apart, names))
    assert times == [("a", 2), ("a", 2), ("b", 1), ("b", 4), ("loop", 5)]


def write(path, *lines, plane="/host:CPU"):
    """A profile of lines (name, [(event's name, begin, seconds)])."""
    space = xplane_pb2.XSpace()
    made = space.planes.add(name=plane)
    for name, events in lines:
        line = made.lines.add(name=name)
        for text, begin, seconds in events:
            number = len(made.event_metadata) + 1
            made.event_metadata[number].name = text
            line.events.add(
                metadata_id=number,
                offset_ps=begin * SECOND,
                duration_ps=seconds * SECOND,
            )
    path.write_bytes(space.SerializeToString())
    return str(path)


def test_operations_of_a_processor_over_all_threads(tmp_path):
    first = [
        ("ExecutorState::Process", 0, 9),  # no operation
        ("net/conv_1/Conv2D:Conv2D", 0, 3),
        ("cond:If", 3, 4),
        ("net/conv_2/Conv2D:Conv2D", 4, 2),
        ("name: of a step", 8, 1),
    ]
    second = [("net/relu:Relu", 1, 4)]
    path = write(tmp_path / "p.xplane.pb", ("python", first), ("tf", second))
    assert operation_times(path) == [
        OperationTime("Conv2D", pytest.approx(5), 2),
        OperationTime("Relu", pytest.approx(4), 1),
    ]


def test_operations_of_an_accelerator_are_not_counted_twice(tmp_path):
    kernels = [("fusion.1", 0, 2), ("gemm", 2, 1)]
    path = write(
        tmp_path / "p.xplane.pb",
        ("Steps", [("1", 0, 3)]),
        ("Stream #13(Compute)", kernels),
        plane="/device:GPU:0",
    )
    assert [each.operation for each in operation_times(path)] == [
        "fusion.1",
        "gemm",
    ]
