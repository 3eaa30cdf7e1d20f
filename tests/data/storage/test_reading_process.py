"""Where a strategy has its input read, and what can be read there."""

import numpy as np
import pytest

from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.data.storage import Decoded
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import Files
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage import Mapped
from simclrv2_tf.data.storage import reading_process
from simclrv2_tf.data.storage.reading_process import check_process
from simclrv2_tf.data.storage.reading_process import other_process

HERE = "/job:localhost/replica:0/task:0/device:CPU:0"
WORKER = "/job:worker/replica:0/task:{}/device:CPU:0"
IN_GRAPH = (Files, Encoded, Decoded, InMemory)
PYTHON = ByteRanges.of_rows(["x.tar"], [(0, 0, 8)] * 4)


@pytest.fixture
def remote(monkeypatch):
    """As under the device of a remote TPU's host."""
    monkeypatch.setattr(
        reading_process, "_device_here", lambda: WORKER.format(0)
    )


@pytest.mark.parametrize(
    ("device", "own", "expected"),
    [
        (HERE, HERE, None),
        (HERE.replace("CPU", "GPU"), HERE, None),
        ("", HERE, None),  # in a graph
        ("/device:CPU:0", HERE, None),
        (WORKER.format(1), WORKER.format(1), None),  # one of several workers
        (WORKER.format(0), HERE, "/job:worker/replica:0/task:0"),  # a TPU's
        (WORKER.format(1), WORKER.format(0), "/job:worker/replica:0/task:1"),
    ],
)
def test_a_device_of_another_process_is_told_from_ones_own(
    device, own, expected
):
    assert other_process(device, own) == expected


def test_which_storages_call_python():
    assert not any(kind.reads_in_python for kind in IN_GRAPH)
    assert ByteRanges.reads_in_python and Mapped.reads_in_python


def test_in_this_process_all_are_read():
    check_process(PYTHON, "tar:x")


@pytest.mark.usefixtures("remote")
def test_python_does_not_read_for_a_remote_tpu():
    words = r"tar:x are read by Python.* in /job:worker/.*cache_dataset=True"
    with pytest.raises(ValueError, match=words):
        check_process(PYTHON, "tar:x")
    check_process(Encoded(np.array([b"x"], object)), "digits")


@pytest.mark.usefixtures("remote")
def test_training_is_refused_before_it_reads():
    source = Source("tar:x", np.full(4, -1, np.int32), PYTHON)
    with pytest.raises(ValueError, match="tar:x are read by Python .*'local'"):
        pipeline.train_dataset(source, 2, 8, seed=0)
