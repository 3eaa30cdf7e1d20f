"""Signals and time limits: noted within steps, granted at once elsewhere."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.interruption import Preempted

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_within_steps_a_signal_waits(number):
    before = signal.getsignal(number)
    with Interruption(exit_code=7) as interruption:
        with interruption.deferred():
            os.kill(os.getpid(), number)
            time.sleep(0.01)
            assert interruption.reason == number.name
        assert interruption.preempted().code == 7
    assert signal.getsignal(number) is before


def test_elsewhere_a_signal_ends_at_once():
    with Interruption(exit_code=9), pytest.raises(Preempted) as error:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert error.value.code == 9


def test_the_time_limit_comes_before_its_end():
    start = time.monotonic()
    with Interruption(time_limit=0.4) as interruption:
        with pytest.raises(Preempted):
            time.sleep(60)
    assert interruption.reason == "the time limit"
    assert 0.3 <= time.monotonic() - start < 30
    time.sleep(0.2)  # nothing comes after the context


def test_threads_go_without():
    def enter():
        with Interruption() as interruption:
            reasons.append(interruption.reason)

    reasons = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert reasons == [None]


def test_a_second_sigint_ends_what_python_cannot_interrupt():
    code = (
        "import hashlib, sys\n"
        "from simclrv2_tf.runs.interruption import Interruption\n"
        "with Interruption() as i, i.deferred():\n"
        "    print('x', flush=True)\n"
        "    hashlib.pbkdf2_hmac('sha256', b'', b'', 2 * 10**9)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    process.stdout.read(2)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert process.poll() is None  # deep in its step
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
